"""Records as REST resources: what most of PagerDuty's operations do, told once.

Which operation lists, creates, reads, updates or deletes follows from the documented paths. What
is particular to a kind of record is in ``KINDS``; operations that do more have a handler of their
own in another module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from uuid import UUID

from pdpyras_sandbox.account import WEB_URL, is_reference, reference
from pdpyras_sandbox.call import HANDLERS, Body, Call, Handler
from pdpyras_sandbox.errors import invalid_input, not_found
from pdpyras_sandbox.listing import Page, filters_or_sorts, in_order, selected, singular_of
from pdpyras_sandbox.shapes import (
    Shape,
    best_choice,
    completed,
    fits,
    invented,
    operations,
    problems,
    sample,
)
from pdpyras_sandbox.store import Record, Store
from pdpyras_sandbox.zones import PARAMETER, in_zone

#: The attribute that names a record in its summary, the first that it has.
NAMING = ('name', 'title', 'summary', 'label', 'description', 'display_name', 'id')


#: Called with a call and a record.
Hook = Callable[[Call, Record], None]
Derive = Callable[[Call, Record], Any]


class Kind:
    """What is particular to the records of one collection.

    :param id: prefix and length of an ID.
    :param defaults: attributes of a new record unless given.
    :param unique: an attribute of which no two records have the same value.
    :param refers: attributes whose references must exist, and in which collection.
    :param created: called with the call and a new record, before it is stored.
    :param checked: called with the call and a record as it is going to be, new or changed, before
        it is stored; it may refuse it, and complete it.
    :param deleted: called with the call and a record before it is deleted; it may refuse that.
    :param settable: attributes that clients set although they are read-only, or not documented.
    :param derived: attributes that are computed whenever a record is shown, by name.
    :param order: the attribute that listings are sorted by unless asked otherwise.
    """

    def __init__(
        self,
        id: tuple[str, int] = ('P', 7),
        defaults: Record | None = None,
        unique: str | None = None,
        refers: dict[str, str] | None = None,
        created: Hook | None = None,
        checked: Hook | None = None,
        deleted: Hook | None = None,
        settable: Iterable[str] = (),
        derived: dict[str, Derive] | None = None,
        order: str | None = None,
    ) -> None:
        self.id = id
        self.defaults = defaults or {}
        self.unique = unique
        self.refers = refers or {}
        self.created = created
        self.checked = checked
        self.deleted = deleted
        self.settable = set(settable)
        self.derived = derived or {}
        self.order = order


REFERENCE_KEYS = {'id', 'type', 'summary', 'self', 'html_url'}
#: Below the path of something that exists once, this is where it is stored.
DOCUMENT = '/document'
#: The names of records that are no more, for those that still refer to them.
DELETED = '/_sandbox/deleted/'
#: Kinds by the documented path of their collection.
KINDS: dict[str, Kind] = {}
ORDINARY = Kind()


def answer(call: Call) -> Any:
    """The body that a call is answered with, or None for an empty one."""
    find_by_number(call)
    check_ancestors(call)
    handler = HANDLERS.get(call.operation.name) or generic_handler(call.operation.name)
    content = handler(call)
    if call.status == 204 or content is None:
        return None
    if not isinstance(content, Body):
        content = wrapped(call, content)
    zone = call.zone if PARAMETER in call.operation.query else None
    return in_zone(content, zone) if zone else content


def find_by_number(call: Call) -> None:
    """Let a call that names an incident by its number name it by its ID."""
    number = call.parameters.get('id', '')
    if call.operation.path.startswith('/incidents/{id}') and number.isdecimal():
        for incident in call.store.indexed('incidents_by_number', int(number)):
            call.parameters['id'] = incident['id']
            call.path = call.path.replace(f'/{number}', f'/{incident["id"]}', 1)


def wrapped(call: Call, content: Any) -> Record:
    """The content as a whole answer: below its wrapper, shown, and complete."""
    shape = call.operation.response or {}
    answered: Record
    if call.operation.wrapper is None:
        answered = completed(shape, show(call, content, {}))
        return answered
    if not fits(call.operation.content, content):
        # The answer is about something else than what was sent, such as whether it was taken.
        content = sample(call.operation.content)
    shown = show(call, content, call.operation.content)
    answered = completed(call.operation.envelope, {call.operation.wrapper: shown})
    return answered


@cache
def generic_handler(name: str) -> Handler:
    """What to do with an operation that has no handler of its own."""
    known = operations()
    operation = known[name]
    parent, _, last = operation.path.rpartition('/')
    is_item = last.startswith('{') and ('GET ' + parent in known or 'POST ' + parent in known)
    if operation.method == 'GET' and operation.answers_list:
        return list_records
    if is_item:
        by_method = {'GET': read, 'PUT': update, 'PATCH': update, 'DELETE': delete}
        return by_method.get(operation.method, act)
    if operation.method == 'POST':
        return create if is_required(operation.path) else act
    if operation.method == 'GET':
        return read_document
    return write_document if operation.method in ('PUT', 'PATCH') else delete_document


@cache
def is_collection(path: str) -> bool:
    """Whether the documented path has records below it, or lists some itself."""
    known = operations()
    listing = known.get('GET ' + path)
    below = any(
        operation.path.startswith(path + '/{') and '/' not in operation.path[len(path) + 1 :]
        for operation in known.values()
    )
    return below or (listing is not None and listing.answers_list)


def check_ancestors(call: Call) -> None:
    """Refuse a path through a record that does not exist."""
    template, concrete = call.operation.path.split('/'), call.path.split('/')
    for position in range(2, len(template)):
        below = '/'.join(template[:position])
        if template[position].startswith('{') and is_required(below):
            path = '/'.join(concrete[: position + 1])
            is_last = position == len(template) - 1
            if call.store.get(path) is None and not is_last:
                raise not_found()


@cache
def is_required(collection: str) -> bool:
    """Whether records of this collection exist only after somebody has created them."""
    creation = operations().get('POST ' + collection)
    if creation is None or creation.request is None or not is_collection(collection):
        return False
    # Analytics are asked for by POST, too; such a body holds several things.
    return creation.request_wrapper is not None or creation.status == 201


# The generic operations.


def list_records(call: Call) -> Body:
    records = in_order(call.store.list(call.path), KINDS.get(call.path, ORDINARY).order)
    if not filters_or_sorts(call.query):
        return page_of(call, records, derive=True)
    return page_of(call, selected([with_derived(call, record) for record in records], call))


def page_of(call: Call, records: list[Any], derive: bool = False) -> Body:
    """Return one page of records, with its pagination, as the operation documents it.

    :param derive: add the computed attributes to the records shown, which saves the others' cost.
    """
    operation = call.operation
    if operation.pagination is None:
        return Body(wrapped(call, records))
    page = Page(call.query, operation.pagination == 'cursor')
    shown = page.of(records, call.page_fault)
    if derive:
        shown = [with_derived(call, record) for record in shown]
    body = wrapped(call, shown)
    if call.page_fault == 'changing' and shown:
        remove_while_reading(call, shown[0])
    documented = (operation.response or {})['properties']
    for name, value in page.facts(records).items():
        if name in documented and (value is not None or documented[name].get('nullable')):
            body[name] = value
    return Body(body)


def remove_while_reading(call: Call, record: Record) -> None:
    """What somebody else may do between two pages."""
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
    if is_reference(given) and call.store.find(given.get('id')):
        return associate(call, given)
    record['id'] = new_id(call, kind)
    record['type'] = record_type(call, given)
    stamp(call, record)
    if kind.checked:
        kind.checked(call, record)
    if kind.created:
        kind.created(call, record)
    call.store.add(call.path, record)
    audit(call, 'create', record)
    return with_derived(call, record)


def new_id(call: Call, kind: Kind) -> str:
    documented = call.operation.content.get('properties', {}).get('id', {})
    if documented.get('format') == 'uuid':
        return str(UUID(int=call.store.random.getrandbits(128), version=4))
    return call.store.new_id(*kind.id)


def associate(call: Call, given: Any) -> Record:
    """Put a record that exists elsewhere into this collection, too."""
    shared: Record = as_stored(given, call.store)
    call.store.put('{}/{}'.format(call.path, given['id']), shared)
    return shared


def read(call: Call) -> Record:
    record = call.store.get(call.path)
    if record is not None:
        return with_derived(call, record)
    collection = call.operation.path.rpartition('/')[0]
    if is_required(collection) or collection in KINDS or call.store.list(call.parent()):
        raise not_found()
    # Nobody can create such records over the API, so any of them may exist.
    return {**invention(call), 'id': call.path.rpartition('/')[2]}


def update(call: Call) -> Record:
    collection = call.operation.path.rpartition('/')[0]
    given = call.content
    if not isinstance(given, dict):
        raise invalid_input('body must be an object')
    record = call.store.get(call.path)
    if record is None and (is_required(collection) or collection in KINDS):
        raise not_found()
    if record is None:
        # Nobody can create such records over the API, so any of them may exist.
        record = {**invention(call), 'id': call.path.rpartition('/')[2]}
        call.store.put(call.path, record)
    kind = KINDS.get(collection, ORDINARY)
    changed = {**record, **writable(call, kind, given)}
    check_references(call, kind, changed)
    check_unique(call, kind, changed)
    if kind.checked:
        kind.checked(call, changed)
    record.update(changed)
    if 'updated_at' in record:
        record['updated_at'] = call.clock.timestamp()
    call.store.save(call.path)
    audit(call, 'update', record)
    return with_derived(call, record)


def delete(call: Call) -> Any:
    collection = call.operation.path.rpartition('/')[0]
    record = call.store.get(call.path)
    if record is None and is_required(collection):
        raise not_found()
    if record is not None:
        kind = KINDS.get(collection, ORDINARY)
        if kind.deleted:
            kind.deleted(call, record)
        call.store.remove(call.path)
        call.store.put(DELETED + record['id'], {'summary': summary_of(record)})
        audit(call, 'delete', record)
    return invention(call) if record is None else record


def read_document(call: Call) -> Any:
    """Something of which there is exactly one, such as an orchestration's router."""
    stored = call.store.get(call.path + DOCUMENT)
    if stored is None and call.operation.content.get('nullable'):
        return Body({call.operation.wrapper or '': None})
    return stored or invention(call)


def write_document(call: Call) -> Any:
    content = call.content
    before = call.store.get(call.path + DOCUMENT)
    if isinstance(before, dict) and isinstance(content, dict):
        content = {**before, **content}
    if content is not None:
        call.store.put(call.path + DOCUMENT, content)
    return content if content is not None else invention(call)


def delete_document(call: Call) -> Any:
    call.store.remove(call.path + DOCUMENT)
    return invention(call)


def act(call: Call) -> Any:
    """An operation whose effect nobody can see: it is accepted, and answered as documented."""
    record = call.store.get(call.parent())
    if isinstance(record, dict) and record.get('type') == call.operation.wrapper:
        return record
    return invention(call)


def invention(call: Call) -> Any:
    """Content that the sandbox has no data for: as documented, around what the request says."""
    content = invented(call.operation.content)
    if not isinstance(content, dict):
        return content
    documented = call.operation.content.get('properties', {})
    given = call.content if isinstance(call.content, dict) else {}
    for name, value in {**call.query, **call.parameters, **given}.items():
        if name in documented and not problems(documented[name], value):
            content[name] = value
    return content


# What goes into a record.


def writable(call: Call, kind: Kind, given: Record) -> Record:
    """What was given, without what only the server sets or does not know; references as such."""
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
        # It is known from responses only, which must not show what they cannot have.
        if problems(shown[name], given[name]):
            ignored.add(name)
    return {name: as_stored(given[name], call.store) for name in given if name in known - ignored}


def as_stored(value: Any, store: Store) -> Any:
    """References lose what can be looked up again; everything else is kept as it is.

    PagerDuty takes ``user`` as the type of a reference as well as ``user_reference``.
    """
    if isinstance(value, list):
        return [as_stored(child, store) for child in value]
    if not isinstance(value, dict):
        return value
    if 'id' in value and is_reference(value):
        return {'id': value['id'], 'type': value['type']}
    if 'id' in value and 'type' in value and value.keys() <= REFERENCE_KEYS:
        record = store.find(value['id'])
        if record and 'type' in record:
            return reference(record)
    return {name: as_stored(child, store) for name, child in value.items()}


def record_type(call: Call, given: Any) -> str:
    """The type given, else the documented one, else the name of the wrapper."""
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
    """Set the times that the documented shape has; whoever acts is the creator."""
    documented = call.operation.content.get('properties', {})
    for name in ('created_at', 'updated_at'):
        if name in documented:
            record.setdefault(name, call.clock.timestamp())
    if 'created_by' in documented and call.sender:
        record.setdefault('created_by', reference(call.sender))


def check_references(call: Call, kind: Kind, record: Record) -> None:
    for name, collection in kind.refers.items():
        value = record.get(name)
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                call.referred(item, collection)


def check_unique(call: Call, kind: Kind, record: Record) -> None:
    if kind.unique is None or record.get(kind.unique) is None:
        return
    value = record[kind.unique]
    if not str(value).strip():
        raise invalid_input(f"{kind.unique.capitalize()} can't be blank")
    collection = call.path if call.operation.method == 'POST' else call.parent()
    for other in call.store.list(collection):
        same = str(other.get(kind.unique)).lower() == str(value).lower()
        if same and other['id'] != record.get('id'):
            raise invalid_input(f'{kind.unique.capitalize()} has already been taken')


def audit(call: Call, action: str, record: Record) -> None:
    """Leave an audit record of a change."""
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


# How a record is shown.


def with_derived(call: Call, record: Record) -> Record:
    """The record and its computed attributes; a mere reference, in a list of some, has none."""
    if is_reference(record):
        return record
    path = call.store.path_of(record.get('id'))
    kind = KINDS.get(path.rpartition('/')[0]) if path else None
    if not kind or not kind.derived:
        return record
    return {**record, **{name: value(call, record) for name, value in kind.derived.items()}}


def show(call: Call, content: Any, shape: Shape) -> Any:
    """The content as a client sees it: with links, references told about, includes expanded."""
    if isinstance(content, list):
        return [show(call, item, shape.get('items', {})) for item in content]
    if not isinstance(content, dict):
        return content
    included = [name for name in call.query.getlist('include[]') + call.query.getlist('include')]
    shown = completed(shape, with_references(call, linked(call, content, shape)))
    for name in included:
        expand(call, shown, {name, singular_of(name)})
    return shown


def linked(call: Call, record: Record, shape: Shape) -> Record:
    """The record with the links and the summary that its shape documents."""
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
    """A copy in which every reference has the summary and the links of what it refers to."""
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
    path = call.store.path_of(value['id'])
    if path is None:
        deleted = call.store.get(DELETED + value['id']) or {}
        return {'summary': deleted.get('summary'), 'self': None, 'html_url': None, **value}
    record = call.store.get(path)
    return {**value, 'summary': summary_of(record), 'self': path, 'html_url': f'{WEB_URL}{path}'}


def expand(call: Call, value: Any, names: set[str]) -> None:
    """Put the whole record in place of every reference below one of the names."""
    if isinstance(value, list):
        for child in value:
            expand(call, child, names)
    elif isinstance(value, dict):
        for name, child in value.items():
            if name in names:
                value[name] = whole(call, child)
            else:
                expand(call, child, names)


def whole(call: Call, value: Any) -> Any:
    if isinstance(value, list):
        return [whole(call, child) for child in value]
    record = call.store.find(value['id']) if is_reference(value) else None
    if record is None:
        return value
    record = with_references(call, with_derived(call, record))
    return {**record, 'summary': summary_of(record), **{k: value[k] for k in ('self', 'html_url')}}
