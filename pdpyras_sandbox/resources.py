"""Generic handlers for operations that list, create, read, update or delete records.

The documented path and method of an operation determine its generic handler. Rules for particular
records are in ``KINDS``; operations that do more have handlers in other modules.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from pdpyras_sandbox.account import WEB_URL, is_reference, reference
from pdpyras_sandbox.call import HANDLERS, Body, Call, Handler
from pdpyras_sandbox.errors import invalid_input, not_found
from pdpyras_sandbox.listing import (
    Page,
    filters_or_sorts,
    in_order,
    refers_to,
    selected,
    singular_of,
)
from pdpyras_sandbox.shapes import (
    PAGE_FIELDS,
    Shape,
    best_choice,
    completed,
    example,
    fits,
    minimal,
    operations,
    problems,
)
from pdpyras_sandbox.store import Record, Store
from pdpyras_sandbox.zones import PARAMETER, in_zone

#: Attributes for the summary of a record, in order of preference.
NAMING = ('name', 'title', 'summary', 'label', 'description', 'display_name', 'id')

#: Checks or completes a record.
Hook = Callable[[Call, Record], None]
#: Computes an attribute of a record.
Derive = Callable[[Call, Record], Any]


@dataclass(frozen=True)
class Kind:
    """Rules for the records of a collection.

    :param id: the prefix and length of an ID.
    :param defaults: default attributes of a new record.
    :param unique: an attribute that must have a different value in each record.
    :param refers: attributes that must refer to existing records, and the collections of these.
    :param complete: called with the call and a new record before it is stored.
    :param check: called with the call and a new or changed record before it is stored; may
        complete the record, or raise an error to reject it.
    :param check_deletion: called with the call and a record before it is deleted; may raise an
        error to prevent it.
    :param settable: attributes that clients can set although they are read-only or undocumented.
    :param derived: functions by attribute, which compute it whenever a record is returned.
    :param on_request: attributes that are returned only if ``include[]`` names them.
    :param order: the attribute that listings are sorted by, unless the query says otherwise.
    """

    id: tuple[str, int] = ('P', 7)
    defaults: Record = field(default_factory=dict)
    unique: str | None = None
    refers: dict[str, str] = field(default_factory=dict)
    complete: Hook | None = None
    check: Hook | None = None
    check_deletion: Hook | None = None
    settable: Set[str] = frozenset()
    derived: dict[str, Derive] = field(default_factory=dict)
    on_request: Set[str] = frozenset()
    order: str | None = None


REFERENCE_KEYS = {'id', 'type', 'summary', 'self', 'html_url'}
#: The last segment of the path under which a record without an ID is stored.
DOCUMENT = '/document'
#: Path prefix of the summaries of deleted records, for references to them.
DELETED = '/_sandbox/deleted/'
#: The collections whose records are created with the account, and not by clients.
CREATED_WITH_THE_ACCOUNT = {'/status_pages'}
#: Rules by the documented path of the collection.
KINDS: dict[str, Kind] = {}
ORDINARY = Kind()


def respond(call: Call) -> Any:
    """Carry out a call, and return the response body; None for an empty one."""
    resolve_names(call)
    check_ancestors(call)
    handler = HANDLERS.get(call.operation.name) or generic_handler(call.operation.name)
    content = handler(call)
    if call.status == 204 or content is None:
        return None
    if not isinstance(content, Body):
        content = wrapped(call, content)
    zone = call.zone if PARAMETER in call.operation.query else None
    return in_zone(content, zone) if zone else content


def resolve_names(call: Call) -> None:
    """Replace the number of an incident or the name of an incident type in the path by its ID."""
    number = call.parameters.get('id', '')
    if call.operation.path.startswith('/incidents/{id}') and number.isdecimal():
        for incident in call.store.indexed('incidents_by_number', int(number)):
            call.parameters['id'] = incident['id']
            call.path = call.path.replace(f'/{number}', f'/{incident["id"]}', 1)
    name = call.parameters.get('type_id_or_name')
    for kind in call.store.list('/incidents/types') if name else ():
        if kind['name'] == name:
            call.parameters['type_id_or_name'] = kind['id']
            call.path = call.path.replace(f'/types/{name}', f'/types/{kind["id"]}', 1)


def wrapped(call: Call, content: Any) -> Record:
    """Return the response body for content, with its wrapper and all required properties."""
    shape = call.operation.response or {}
    body: Record
    if call.operation.wrapper is None:
        body = completed(shape, show(call, content, {}))
        return body
    if not fits(call.operation.content, content):
        # The documented content is not a record, but for example the result of the operation.
        content = minimal(call.operation.content)
    shown = show(call, content, call.operation.content)
    body = completed(call.operation.envelope, {call.operation.wrapper: shown})
    return body


@cache
def generic_handler(name: str) -> Handler:
    """Return the handler of an operation that has no specific one."""
    known = operations()
    operation = known[name]
    parent, _, last = operation.path.rpartition('/')
    is_item = last.startswith('{') and ('GET ' + parent in known or 'POST ' + parent in known)
    if operation.method == 'GET' and operation.returns_list:
        return list_records
    if is_item:
        by_method = {'GET': read, 'PUT': update, 'PATCH': update, 'DELETE': delete}
        return by_method.get(operation.method, act)
    if operation.method == 'POST':
        return create if is_filled_by_clients(operation.path) else act
    if operation.method == 'GET':
        return read_document
    return write_document if operation.method in ('PUT', 'PATCH') else delete_document


@cache
def is_collection(path: str) -> bool:
    """Return whether a documented path is that of a collection."""
    known = operations()
    listing = known.get('GET ' + path)
    below = any(
        operation.path.startswith(path + '/{') and '/' not in operation.path[len(path) + 1 :]
        for operation in known.values()
    )
    return below or (listing is not None and listing.returns_list)


def check_ancestors(call: Call) -> None:
    """Raise a 404 if a record in the path, other than the last one, does not exist."""
    template, concrete = call.operation.path.split('/'), call.path.split('/')
    for position in range(2, len(template) - 1):
        collection = '/'.join(template[:position])
        # An account from a state file of an older version has no status page.
        is_known = is_filled_by_clients(collection) or (
            collection in CREATED_WITH_THE_ACCOUNT and call.store.list(collection)
        )
        if template[position].startswith('{') and is_known:
            call.record('/'.join(concrete[: position + 1]))


@cache
def is_filled_by_clients(collection: str) -> bool:
    """Return whether the records of a collection are all created by clients."""
    creation = operations().get('POST ' + collection)
    if creation is None or creation.request is None or not is_collection(collection):
        return False
    # Analytics also use POST, with a body that has no wrapper.
    return creation.request_wrapper is not None or creation.status == 201


# The generic operations.


def list_records(call: Call) -> Body:
    records = in_order(call.store.list(call.path), KINDS.get(call.path, ORDINARY).order)
    if not filters_or_sorts(call.query):
        return page_of(call, records, derive=True)
    return page_of(call, selected([with_derived(call, record) for record in records], call))


def page_of(call: Call, records: list[Any], derive: bool = False) -> Body:
    """Return one page of records, with its pagination, as the operation documents it.

    :param derive: add the derived attributes, to the records of the page only.
    """
    operation = call.operation
    if operation.pagination is None:
        return Body(wrapped(call, [with_derived(call, r) for r in records] if derive else records))
    page = Page(call.query, operation.pagination == 'cursor')
    shown = page.of(records, call.page_fault)
    if derive:
        shown = [with_derived(call, record) for record in shown]
    body = wrapped(call, shown)
    if call.page_fault == 'changing' and shown:
        remove_concurrently(call, shown[0])
    documented = (operation.response or {})['properties']
    if 'offset' in operation.query and 'more' not in documented:
        # For change events, PagerDuty shows the fields of the page in its example only.
        documented = dict.fromkeys(PAGE_FIELDS, {'nullable': True})
    for name, value in page.facts(records).items():
        if name in documented and (value is not None or documented[name].get('nullable')):
            body[name] = value
    return Body(body)


def remove_concurrently(call: Call, record: Record) -> None:
    """Delete a record, as another client may between two pages."""
    path = call.store.path_of(record.get('id'))
    if path:
        call.store.remove(path)


def create(call: Call) -> Any:
    if isinstance(call.content, list):
        return [create_one(call, item) for item in call.content]
    return create_one(call, call.content)


def create_one(call: Call, given: Any) -> Record:
    if not isinstance(given, dict):
        raise invalid_input('body must be an object')
    kind = KINDS.get(call.operation.path, ORDINARY)
    record = {**kind.defaults, **writable(call, kind, given)}
    check_references(call, kind, record)
    check_unique(call, kind, record)
    if is_reference(given) and call.store.find(given['id']):
        # A record of another collection, which is added to this one.
        shared = reference(given)
        call.store.put(f'{call.path}/{shared["id"]}', shared)
        return shared
    record['id'] = new_id(call, kind)
    record['type'] = record_type(call, given)
    stamp(call, record)
    if kind.check:
        kind.check(call, record)
    if kind.complete:
        kind.complete(call, record)
    call.store.add(call.path, record)
    audit(call, 'create', record)
    return with_derived(call, record)


def new_id(call: Call, kind: Kind) -> str:
    documented = call.operation.content.get('properties', {}).get('id', {})
    if documented.get('format') == 'uuid':
        return str(UUID(int=call.store.random.getrandbits(128), version=4))
    return call.store.new_id(*kind.id)


def read(call: Call) -> Record:
    record = call.store.get(call.path)
    if record is not None:
        return with_derived(call, record)
    collection = call.operation.path.rpartition('/')[0]
    if is_filled_by_clients(collection) or collection in KINDS or call.store.list(call.parent()):
        raise not_found()
    return example_record(call)


def example_record(call: Call) -> Record:
    """Return a record with the ID in the path, for records that clients cannot create."""
    return {**example_content(call), 'id': call.path.rpartition('/')[2]}


def update(call: Call) -> Record:
    collection = call.operation.path.rpartition('/')[0]
    given = call.content
    if not isinstance(given, dict):
        raise invalid_input('body must be an object')
    record = call.store.get(call.path)
    if record is None and (is_filled_by_clients(collection) or collection in KINDS):
        raise not_found()
    if record is None:
        record = example_record(call)
        call.store.put(call.path, record)
    kind = KINDS.get(collection, ORDINARY)
    changed = {**record, **writable(call, kind, given)}
    check_references(call, kind, changed)
    check_unique(call, kind, changed)
    if kind.check:
        kind.check(call, changed)
    record.update(changed)
    if 'updated_at' in record:
        record['updated_at'] = call.clock.timestamp()
    call.store.save(call.path)
    audit(call, 'update', record)
    return with_derived(call, record)


def delete(call: Call) -> Any:
    collection = call.operation.path.rpartition('/')[0]
    record = call.store.get(call.path)
    if record is None:
        if is_filled_by_clients(collection):
            raise not_found()
        return example_content(call)
    kind = KINDS.get(collection, ORDINARY)
    if kind.check_deletion:
        kind.check_deletion(call, record)
    call.store.remove(call.path)
    call.store.put(DELETED + record['id'], {'summary': summary_of(record)})
    audit(call, 'delete', record)
    return record


def read_document(call: Call) -> Any:
    """Return a record without an ID, such as an orchestration's router."""
    stored = call.store.get(call.path + DOCUMENT)
    if stored is None and call.operation.content.get('nullable'):
        return Body({call.operation.wrapper or '': None})
    return stored or example_content(call)


def write_document(call: Call) -> Any:
    content = call.content
    if content is None:
        return example_content(call)
    before = call.store.get(call.path + DOCUMENT)
    if isinstance(before, dict) and isinstance(content, dict):
        content = {**before, **content}
    call.store.put(call.path + DOCUMENT, content)
    return content


def delete_document(call: Call) -> Any:
    call.store.remove(call.path + DOCUMENT)
    return example_content(call)


def act(call: Call) -> Any:
    """Accept an operation without a visible effect, and return the documented content."""
    record = call.store.get(call.parent())
    if isinstance(record, dict) and record.get('type') == call.operation.wrapper:
        return record
    return example_content(call)


def example_content(call: Call) -> Any:
    """Return documented example content, with values of the request where they fit."""
    content = example(call.operation.content)
    if not isinstance(content, dict):
        return content
    documented = call.operation.content.get('properties', {})
    given = call.content if isinstance(call.content, dict) else {}
    for name, value in {**call.query, **call.parameters, **given}.items():
        if name in documented and not problems(documented[name], value):
            content[name] = value
    return content


# Storing a record.


def writable(call: Call, kind: Kind, given: Record) -> Record:
    """Return the attributes in a request that clients can set, as they are stored."""
    shape = call.operation.request or {}
    if call.operation.request_wrapper:
        shape = shape['properties'][call.operation.request_wrapper]
    read_only = {
        name for name, child in shape.get('properties', {}).items() if child.get('readOnly')
    }
    shown = call.operation.content.get('properties', {})
    documented = {*shape.get('properties', ()), *shown} | kind.settable
    ignored = (read_only - kind.settable) | {'id', 'self', 'html_url', 'type'}
    known = given.keys() & documented if shape.get('properties') else given.keys()
    for name in (known - ignored) & (shown.keys() - shape.get('properties', {}).keys()):
        # Documented for responses only, so invalid values are not stored.
        if problems(shown[name], given[name]):
            ignored.add(name)
    return {name: as_stored(given[name], call.store) for name in given if name in known - ignored}


def as_stored(value: Any, store: Store) -> Any:
    """Reduce references in a value to ID and type, and keep everything else.

    PagerDuty accepts both ``user`` and ``user_reference`` as the type of a reference.
    """
    if isinstance(value, list):
        return [as_stored(child, store) for child in value]
    if not isinstance(value, dict):
        return value
    if 'id' in value and is_reference(value):
        return {'id': value['id'], 'type': value['type']}
    if 'id' in value and 'type' in value and value.keys() <= REFERENCE_KEYS:
        record = store.find(value['id'])
        # References to a status page or a part of it keep the type of the record.
        is_kept = str(value['type']).startswith('status_page')
        if record and record.get('type') == value['type'] and not is_kept:
            return reference(record)
    return {name: as_stored(child, store) for name, child in value.items()}


def record_type(call: Call, given: Any) -> str:
    """Return the type in the request, else the documented one, else the wrapper."""
    given_type = given.get('type')
    documented = call.operation.content.get('properties', {}).get('type', {}).get('enum')
    if isinstance(given_type, str) and given_type:
        if documented and given_type in documented:
            return given_type
        return given_type.removesuffix('_reference')
    if documented:
        return str(documented[0])
    return call.operation.wrapper or singular_of(call.operation.path.rpartition('/')[2])


def stamp(call: Call, record: Record) -> None:
    """Set the times and the creator, if they are documented."""
    documented = call.operation.content.get('properties', {})
    for name in ('created_at', 'updated_at'):
        if name in documented:
            record.setdefault(name, call.clock.timestamp())
    if 'created_by' in documented and call.sender:
        record.setdefault('created_by', reference(call.sender))


def check_references(call: Call, kind: Kind, record: Record) -> None:
    """Reject references to unknown records, and add the types of others."""
    for name, collection in kind.refers.items():
        value = record.get(name)
        if isinstance(value, list):
            record[name] = [reference(call.referred(item, collection)) for item in value]
        elif value is not None:
            record[name] = reference(call.referred(value, collection))


def check_unique(call: Call, kind: Kind, record: Record) -> None:
    if kind.unique is None:
        return
    value = record.get(kind.unique) or ''
    if not str(value).strip():
        raise invalid_input(f"{kind.unique.capitalize()} can't be blank")
    for other in call.store.list(call.collection):
        same = str(other.get(kind.unique)).lower() == str(value).lower()
        if same and other['id'] != record.get('id'):
            raise invalid_input(f'{kind.unique.capitalize()} has already been taken')


def audit(call: Call, action: str, record: Record) -> None:
    """Add an audit record of a change, and announce changes of services to webhooks."""
    segments = call.path.split('/')
    root = call.store.find(segments[2]) if len(segments) > 3 else record
    if root is None or 'type' not in root or 'type' not in record:
        return
    actor = reference(call.sender) if call.sender else None
    entry = {
        'id': call.store.new_id('PDRECORDID', 20),
        'type': 'audit_record',
        'execution_time': call.clock.timestamp(),
        'execution_context': {'request_id': None, 'remote_address': None},
        'actors': [actor] if actor else [{'id': 'PAPIKEY', 'type': 'api_key_reference'}],
        'method': {'type': 'api_token', 'description': None, 'truncated_token': None},
        'root_resource': {**reference(root), 'summary': summary_of(root)},
        'action': action,
        'details': {'resource': {**reference(record), 'summary': summary_of(record)}},
    }
    call.store.add('/audit/records', entry)
    if record['type'] == 'service':
        call.account.webhooks.announce(f'service.{action}d', record, actor)


# Returning a record.


def with_derived(call: Call, record: Record) -> Record:
    """Return a record with its derived attributes and without those that were not requested.

    A reference is returned unchanged.
    """
    if is_reference(record):
        return record
    path = call.store.path_of(record.get('id'))
    kind = kind_at(call, path) if path else None
    if not kind or not kind.derived:
        return record
    hidden = kind.on_request - set(call.query.getlist('include[]'))
    derived = {n: value(call, record) for n, value in kind.derived.items() if n not in hidden}
    return {**{name: record[name] for name in record if name not in hidden}, **derived}


def parts(name: str) -> Derive:
    """Return a function that lists references to a record's parts, such as contact methods."""

    def derive(call: Call, record: Record) -> list[Record]:
        path = call.store.path_of(record['id'])
        return [reference(part) for part in call.store.list(f'{path}/{name}')]

    return derive


def referring(collection: str) -> Derive:
    """Return a function that lists references to the records of a collection that refer to one."""

    def derive(call: Call, record: Record) -> list[Record]:
        others = call.store.list(collection)
        return [reference(other) for other in others if refers_to(other, record)]

    return derive


def kind_at(call: Call, path: str) -> Kind | None:
    """Return the rules for the record at a path."""
    collection = path.rpartition('/')[0]
    # The collection may be part of a record (/services/P123/integrations), and KINDS has documented
    # paths (/services/{id}/integrations).
    if collection == call.path:
        return KINDS.get(call.operation.path)
    if collection == call.parent():
        return KINDS.get(call.operation.path.rpartition('/')[0])
    return KINDS.get(collection)


def show(call: Call, content: Any, shape: Shape) -> Any:
    """Return content as in responses: with links, summaries of references and includes."""
    if isinstance(content, list):
        return [show(call, item, shape.get('items', {})) for item in content]
    if not isinstance(content, dict):
        return content
    shown = completed(shape, with_references(call, linked(call, content, shape)))
    for name in call.query.getlist('include[]') + call.query.getlist('include'):
        expand(call, shown, {name, singular_of(name)})
    return shown


def linked(call: Call, record: Record, shape: Shape) -> Record:
    """Return a record with the links and the summary that its shape has."""
    if 'any' in shape and 'properties' not in shape:
        shape = best_choice(shape['any'], record)
    documented = shape.get('properties', {})
    path = call.store.path_of(record.get('id'))
    shown = dict(record)
    if 'summary' in documented:
        shown.setdefault('summary', summary_of(record))
    if path and 'self' in documented:
        shown['self'] = path
    if path and 'html_url' in documented:
        shown['html_url'] = WEB_URL + path
    return shown


def summary_of(record: Record) -> str:
    if record.get('type') == 'incident':
        return '[#{incident_number}] {title}'.format(**record)
    for name in NAMING:
        if record.get(name):
            return str(record[name])
    return ''


def with_references(call: Call, value: Any) -> Any:
    """Return a copy in which references have the summary and links of their records."""
    if isinstance(value, list):
        return [with_references(call, child) for child in value]
    if not isinstance(value, dict):
        return value
    if is_reference(value):
        return described(call, value)
    return {
        name: with_references(call, child) if isinstance(child, (dict, list)) else child
        for name, child in value.items()
    }


def described(call: Call, value: Any) -> Record:
    """Return a reference with the summary and links of its record, or of a deleted one."""
    path = call.store.path_of(value['id'])
    if path is None:
        deleted = call.store.get(DELETED + value['id']) or {}
        return {'summary': deleted.get('summary'), 'self': None, 'html_url': None, **value}
    record = call.store.get(path)
    return {**value, 'summary': summary_of(record), 'self': path, 'html_url': f'{WEB_URL}{path}'}


def expand(call: Call, value: Any, names: set[str]) -> None:
    """Replace references in properties with the given names by their records."""
    if isinstance(value, list):
        for child in value:
            expand(call, child, names)
    elif isinstance(value, dict):
        for name, child in value.items():
            if name in names:
                value[name] = dereferenced(call, child)
            else:
                expand(call, child, names)


def dereferenced(call: Call, value: Any) -> Any:
    if isinstance(value, list):
        return [dereferenced(call, child) for child in value]
    record = call.store.find(value['id']) if is_reference(value) else None
    if record is None:
        return value
    record = with_references(call, with_derived(call, record))
    return {**record, 'summary': summary_of(record), **{k: value[k] for k in ('self', 'html_url')}}
