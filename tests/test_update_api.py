"""tools/update_api.py: the files derived from an OpenAPI document."""

import json
import re
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tools'))

import by_hand  # noqa: E402
import update_api  # noqa: E402
from changed_operations import former_wrappers, render_changes  # noqa: E402
from library_tables import END, START, render_tables  # noqa: E402
from openapi_document import Document, DocumentError  # noqa: E402
from operations_table import (  # noqa: E402
    Operation,
    documented_operations,
    render_table,
    with_undocumented,
)

OBJECT = {'type': 'object'}
ARRAY = {'type': 'array', 'items': OBJECT}
TEXT = {'type': 'string'}


def an_object(**properties):
    return {'type': 'object', 'properties': properties}


def body(schema, **more):
    return {'content': {'application/json': dict(more, schema=schema)}}


def operation(response=None, request=None, query=(), status='200', **more):
    described = {'responses': {status: response or {'description': 'empty'}}}
    if request:
        described['requestBody'] = request
    described['parameters'] = [
        {'name': name, 'in': 'query', 'schema': schema} for name, schema in dict(query).items()
    ]
    return dict(described, **more)


def api(paths, **components):
    """An OpenAPI document of operations by 'METHOD /path'."""
    items = {}
    for endpoint, described in paths.items():
        method, path = endpoint.split(' ')
        items.setdefault(path, {})[method.lower()] = described
    return {'openapi': '3.0.2', 'paths': items, 'components': components}


def at_widgets(item):
    return dict(api({}), paths={'/widgets': item})


@pytest.fixture(autouse=True)
def nothing_by_hand(monkeypatch):
    """Empty the tables of by_hand.py, which are about the real document."""
    for table in ('KEPT', 'PINNED', 'SPELLINGS', 'LEGACY_WRAPPERS'):
        monkeypatch.setattr(by_hand, table, {})
    monkeypatch.setattr(by_hand, 'LEGACY_PATHS', ())
    monkeypatch.setattr(by_hand, 'UNDOCUMENTED', ())


def operations_of(content):
    return with_undocumented(documented_operations(Document(content)))


def source_of(content):
    """Return the source of the tables in pdpyras.py."""
    return render_tables(operations_of(content), 'May 2030')


def tables_of(content):
    """Return the tables in pdpyras.py by name."""
    names = {'List': List, 'Dict': Dict, 'Any': Any}
    exec(source_of(content), names)
    return names


def wrappers_of(content):
    return tables_of(content)['ENTITY_WRAPPER_CONFIG']


def line_of(described, endpoint='GET /widgets', **components):
    """Return the line of the table of operations for one operation."""
    content = api({endpoint: described}, **components)
    return Operation(*render_table(operations_of(content)).splitlines()[-1].split('\t'))


# Wrappers


@pytest.mark.parametrize(
    ('schema', 'column'),
    [
        pytest.param(an_object(gadget=OBJECT), 'gadget{}', id='one property'),
        pytest.param(an_object(gadgets=ARRAY), 'gadgets[]', id='an array'),
        pytest.param(an_object(status=TEXT), 'status', id='a text'),
        pytest.param(an_object(gadgets=ARRAY, more=TEXT, limit=TEXT), 'gadgets[]', id='pagination'),
        pytest.param(an_object(gadget=OBJECT, warnings=ARRAY), 'gadget{}', id='metadata'),
        pytest.param(an_object(gadget=OBJECT, name=TEXT), '-', id='two properties'),
        pytest.param(OBJECT, '-', id='no property'),
        pytest.param(ARRAY, '-', id='not an object'),
        pytest.param({'$ref': '#/components/schemas/Gadget'}, 'gadget{}', id='a reference'),
        pytest.param(
            {'allOf': [an_object(gadget=OBJECT), an_object(offset=TEXT)]}, 'gadget{}', id='all of'
        ),
        pytest.param(
            {'allOf': [an_object(gadget=OBJECT), an_object(name=TEXT)]}, '-', id='all of, two'
        ),
        pytest.param(
            {'oneOf': [an_object(gadget=OBJECT), an_object(gadget=OBJECT)]}, 'gadget{}', id='one of'
        ),
        pytest.param(
            {'anyOf': [an_object(gadget=OBJECT), an_object(widget=OBJECT)]}, '-', id='any of, two'
        ),
        pytest.param(
            an_object(gadget={'oneOf': [an_object(name=TEXT)]}), 'gadget{}', id='by its parts'
        ),
    ],
)
@pytest.mark.parametrize('side', ['request', 'response'])
def test_a_wrapper_is_the_one_property_with_all_the_content(schema, column, side):
    described = operation(**{side: body(schema)})
    line = line_of(described, 'POST /widgets', schemas={'Gadget': an_object(gadget=OBJECT)})
    assert getattr(line, side) == column


def test_a_read_only_property_is_not_part_of_a_request():
    schema = an_object(gadget=OBJECT, updated_at=dict(TEXT, readOnly=True))
    line = line_of(operation(body(schema), body(schema)), 'PUT /widgets/{id}')
    assert (line.request, line.response) == ('gadget{}', '-')


def test_a_file_is_not_wrapped():
    upload = {'content': {'text/csv': {'schema': an_object(file=TEXT)}}}
    assert line_of(operation(request=upload), 'POST /widgets').request == '-'


def test_an_operation_without_bodies_needs_no_entry():
    content = api({'POST /widgets/{id}/spin': operation(status='204')})
    assert wrappers_of(content) == {}


def test_responses_that_differ_by_status_are_not_wrapped():
    described = operation(body(an_object(status=TEXT)), status='201')
    described['responses']['207'] = body(an_object(widgets=ARRAY))
    assert line_of(described).response == '-'


def test_the_wrapper_does_not_depend_on_error_responses():
    described = operation(body(an_object(widgets=ARRAY)))
    described['responses']['404'] = body(an_object(error=OBJECT))
    assert line_of(described).response == 'widgets[]'


# Entries of ENTITY_WRAPPER_CONFIG


def test_a_wrapper_that_is_inferred_needs_no_entry():
    content = api(
        {
            'GET /widgets': operation(body(an_object(widgets=ARRAY))),
            'POST /widgets': operation(
                body(an_object(widget=OBJECT)), body(an_object(widget=OBJECT))
            ),
            'GET /widgets/{id}': operation(body(an_object(widget=OBJECT))),
        }
    )
    assert wrappers_of(content) == {}


def test_a_wrapper_that_is_not_inferred_gets_an_entry():
    content = api(
        {
            'GET /widgets': operation(body(an_object(widgets=ARRAY))),
            'POST /widgets': operation(
                body(an_object(gadget=OBJECT)), body(an_object(part=OBJECT))
            ),
        }
    )
    assert wrappers_of(content) == {'POST /widgets': ('part', 'gadget')}


def test_operations_of_a_path_with_the_same_wrappers_share_an_entry():
    gadget = body(an_object(gadget=OBJECT))
    content = api(
        {'GET /widgets/{id}': operation(gadget), 'PUT /widgets/{id}': operation(gadget, gadget)}
    )
    assert wrappers_of(content) == {'* /widgets/{id}': 'gadget'}


def test_a_path_without_wrappers_gets_one_entry():
    bare = body(an_object(a=TEXT, b=TEXT))
    assert wrappers_of(api({'POST /widgets/query': operation(bare, bare)})) == {
        '* /widgets/query': None
    }


def test_a_post_without_a_documented_body_has_no_request_wrapper():
    content = api({'POST /widgets/{id}/enable': operation(body(an_object(widget=OBJECT)))})
    assert wrappers_of(content) == {'POST /widgets/{id}/enable': (None, 'widget')}


# Pagination


LISTING = an_object(widgets=ARRAY)


@pytest.mark.parametrize(
    ('described', 'pagination'),
    [
        pytest.param(operation(body(LISTING)), '', id='none'),
        pytest.param(operation(body(LISTING), query={'offset': TEXT}), 'classic', id='offset'),
        pytest.param(
            operation(body(an_object(widgets=ARRAY, offset=TEXT, more=TEXT))),
            'classic',
            id='offset in the response',
        ),
        pytest.param(operation(body(LISTING), query={'cursor': TEXT}), 'cursor', id='cursor'),
        pytest.param(
            operation(body(an_object(widgets=ARRAY, next_cursor=TEXT))),
            'cursor',
            id='cursor in the response',
        ),
        pytest.param(
            operation(body(LISTING, example={'widgets': [], 'after': 'x'}), query={'after': TEXT}),
            'after=after',
            id='after',
        ),
        pytest.param(operation(body(an_object(widgets=ARRAY, more=TEXT))), 'cut', id='cut'),
    ],
)
def test_pagination_follows_from_the_names_of_parameters_and_properties(described, pagination):
    line = line_of(described)
    assert line.pagination == pagination
    assert line.results == ('widgets' if pagination else '')


def test_a_post_may_be_paginated_by_its_body():
    described = operation(
        body(an_object(data=ARRAY, last=TEXT, filters=OBJECT)),
        body(
            an_object(starting_after=TEXT, filters=OBJECT, limit={'type': 'integer', 'maximum': 9})
        ),
    )
    line = line_of(described, 'POST /widgets/raw')
    assert line.pagination == 'starting_after=last'
    assert (line.results, line.max_limit) == ('data', '9')


def test_the_results_of_a_page_are_its_only_list():
    schema = an_object(widgets=ARRAY, next_cursor=TEXT, schema_id=TEXT)
    assert line_of(operation(body(schema))).response == 'widgets[]'


def test_paths_with_cursors_have_a_table():
    content = api({'GET /widgets': operation(body(LISTING), query={'cursor': TEXT})})
    assert tables_of(content)['CURSOR_BASED_PAGINATION_PATHS'] == ['/widgets']


@pytest.mark.parametrize(
    ('limit', 'sizes'),
    [
        pytest.param({'maximum': 50}, {'/widgets': 50}, id='a smaller one'),
        pytest.param(
            {'description': 'The maximum is 25.'}, {'/widgets': 25}, id='in the description'
        ),
        pytest.param({'maximum': 1000}, {'/widgets': 1000}, id='a larger one'),
        pytest.param({}, {}, id='none'),
    ],
)
def test_documented_maxima_of_limit_have_a_table(limit, sizes):
    described = operation(body(LISTING), query={'cursor': TEXT, 'limit': limit})
    assert tables_of(api({'GET /widgets': described}))['_MAX_PAGE_SIZES'] == sizes


def test_the_maximum_may_be_in_the_description_of_the_parameter():
    described = operation(body(LISTING), query={'cursor': TEXT, 'limit': {}})
    described['parameters'][1]['description'] = 'Results per page. Maximum of 25.'
    assert tables_of(api({'GET /widgets': described}))['_MAX_PAGE_SIZES'] == {'/widgets': 25}


def test_paths_with_a_first_page_only_have_a_table():
    described = operation(body(an_object(widgets=ARRAY, more={'type': 'boolean'})))
    assert tables_of(api({'GET /widgets': described}))['_SINGLE_PAGE_LISTINGS'] == ['/widgets']


# Paths


def test_a_path_item_may_be_a_reference():
    content = api({'GET /widgets': operation()}, pathItems={'Cogs': {'get': operation()}})
    content['paths']['/cogs'] = {'$ref': '#/components/pathItems/Cogs'}
    assert tables_of(content)['CANONICAL_PATHS'] == ['/cogs', '/widgets']


def test_paths_are_sorted_below_the_name_of_their_area():
    content = api(
        {
            'GET /widgets/{id}': operation(tags=['Wonderful Widgets']),
            'GET /widgets': operation(tags=['Wonderful Widgets']),
            'GET /gadget_kinds': operation(tags=['Kinds']),
            'GET /gadget_kinds/all': operation(tags=['Gadgets']),
        }
    )
    source = source_of(content)
    assert (
        '    # Gadget Kinds\n'
        "    '/gadget_kinds',\n"
        "    '/gadget_kinds/all',\n"
        '    # Wonderful Widgets\n'
        "    '/widgets',\n"
        "    '/widgets/{id}',\n"
    ) in source
    assert 'May 2030, which has 4 operations,' in source


def test_paths_that_match_the_same_urls_are_rejected():
    content = api({'GET /widgets/{id}': operation(), 'PUT /widgets/{widget_id}': operation()})
    with pytest.raises(DocumentError, match='/widgets/{id}, /widgets/{widget_id}'):
        operations_of(content)


def test_a_literal_beside_a_parameter_is_not_ambiguous():
    content = api({'GET /widgets/{id}': operation(), 'GET /widgets/me': operation()})
    assert tables_of(content)['CANONICAL_PATHS'] == ['/widgets/me', '/widgets/{id}']


# by_hand.py


def test_a_path_in_spellings_keeps_the_parameter_name_of_5_4_1(monkeypatch):
    monkeypatch.setitem(by_hand.SPELLINGS, '/widgets/{widget_id}', '/widgets/{id}')
    content = api({'GET /widgets/{widget_id}': operation()})
    assert tables_of(content)['CANONICAL_PATHS'] == ['/widgets/{id}']


def test_legacy_paths_are_kept_and_marked(monkeypatch):
    monkeypatch.setattr(by_hand, 'LEGACY_PATHS', ('/cogs',))
    monkeypatch.setitem(by_hand.LEGACY_WRAPPERS, 'POST /cogs', None)
    source = source_of(api({'GET /widgets': operation()}))
    assert "    '/cogs',  # legacy\n" in source
    assert "    'POST /cogs': None,  # legacy\n" in source


@pytest.fixture
def by_hand_widgets(monkeypatch):
    """The entries of docs/adding_an_endpoint.rst, and an operation beside a documented one."""
    entries = (
        by_hand.Undocumented('GET /widgets', response='widgets[]', pagination='classic'),
        by_hand.Undocumented('POST /widgets', request='gadget{}', response='widget{}'),
        by_hand.Undocumented('GET /widgets/{id}', response='widget{}'),
        by_hand.Undocumented('GET /widgets/{id}/events', response='parts[]', pagination='cursor'),
        by_hand.Undocumented('DELETE /cogs'),
    )
    monkeypatch.setattr(by_hand, 'UNDOCUMENTED', entries)


def test_undocumented_operations_get_their_lines_in_every_table(by_hand_widgets):
    content = api({'GET /cogs': operation(body(an_object(cogs=ARRAY)))})
    tables = tables_of(content)
    assert tables['CANONICAL_PATHS'] == [
        '/cogs',
        '/widgets',
        '/widgets/{id}',
        '/widgets/{id}/events',
    ]
    assert tables['CURSOR_BASED_PAGINATION_PATHS'] == ['/widgets/{id}/events']
    assert tables['ENTITY_WRAPPER_CONFIG'] == {
        'POST /widgets': ('gadget', 'widget'),
        'GET /widgets/{id}/events': 'parts',
    }
    lines = render_table(operations_of(content)).splitlines()
    assert 'GET\t/widgets\tnone\twidgets[]\tclassic\twidgets\t\t\tundocumented' in lines
    assert 'DELETE\t/cogs\tnone\tnone\t\t\t\t\tundocumented' in lines


def test_a_path_without_a_documented_operation_is_marked_as_undocumented(by_hand_widgets):
    source = source_of(api({'GET /cogs': operation()}))
    assert "    '/widgets',  # undocumented\n" in source
    assert "    '/cogs',\n" in source


@pytest.mark.parametrize(
    'entry',
    [
        by_hand.Undocumented('/widgets'),
        by_hand.Undocumented('get /widgets'),
        by_hand.Undocumented('GET widgets'),
        by_hand.Undocumented('GET /widgets/'),
        by_hand.Undocumented('GET /widgets/{id'),
        by_hand.Undocumented('GET /widgets', response='widgets()'),
        by_hand.Undocumented('GET /widgets', request=''),
        by_hand.Undocumented('GET /widgets', response='widgets[]', pagination='cursors'),
    ],
    ids=lambda entry: ' '.join(entry),
)
def test_a_malformed_entry_is_rejected(monkeypatch, entry):
    monkeypatch.setattr(by_hand, 'UNDOCUMENTED', (entry,))
    with pytest.raises(DocumentError, match=re.escape(repr(entry.endpoint))):
        operations_of(api({}))


@pytest.mark.parametrize('response', ['none', '-', 'widget{}'])
def test_an_entry_with_pages_must_return_a_list(monkeypatch, response):
    entry = by_hand.Undocumented('GET /widgets', response=response, pagination='cursor')
    monkeypatch.setattr(by_hand, 'UNDOCUMENTED', (entry,))
    with pytest.raises(DocumentError, match='its response must be a list'):
        operations_of(api({}))


def test_an_entry_is_rejected_once_the_document_has_the_operation(monkeypatch):
    monkeypatch.setattr(by_hand, 'UNDOCUMENTED', (by_hand.Undocumented('GET /widgets'),))
    with pytest.raises(DocumentError, match='remove them from UNDOCUMENTED .* GET /widgets'):
        operations_of(api({'GET /widgets': operation()}))


@pytest.mark.parametrize(
    ('table', 'exceptions', 'misfit'),
    [
        ('KEPT', {'GET /cogs': by_hand.Kept('-', '-', 'Why not.')}, 'GET /cogs'),
        ('PINNED', {'* /cogs': (None, 'Why not.')}, r'\* /cogs'),
        ('SPELLINGS', {'/cogs/{cog_id}': '/cogs/{id}'}, '/cogs/{id}'),
        ('LEGACY_PATHS', ('/widgets',), '/widgets'),
        ('LEGACY_WRAPPERS', {'POST /cogs': None}, '/cogs'),
    ],
)
def test_an_exception_that_does_not_fit_the_document_is_rejected(
    monkeypatch, table, exceptions, misfit
):
    monkeypatch.setattr(by_hand, table, exceptions)
    with pytest.raises(DocumentError, match=misfit):
        operations_of(api({'GET /widgets': operation()}))


def test_kept_bodies_replace_those_of_the_document_with_their_reason(monkeypatch):
    kept = by_hand.Kept('-', by_hand.AS_DOCUMENTED, 'It was ever thus.')
    monkeypatch.setitem(by_hand.KEPT, 'POST /widgets', kept)
    widget = body(an_object(widget=OBJECT))
    source = source_of(api({'POST /widgets': operation(widget, widget)}))
    assert "    # It was ever thus.\n    'POST /widgets': (None, 'widget'),\n" in source


def test_a_kept_wrapper_is_in_the_table_of_operations(monkeypatch):
    kept = by_hand.Kept('gadget{}', '-', 'It was ever thus.')
    monkeypatch.setitem(by_hand.KEPT, 'POST /widgets', kept)
    widget = body(an_object(widget=OBJECT))
    line = line_of(operation(widget, widget), 'POST /widgets')
    assert (line.request, line.response) == ('gadget{}', '-')


def test_a_pinned_entry_replaces_the_derived_ones(monkeypatch):
    monkeypatch.setitem(by_hand.PINNED, '* /widgets', ('widgets', 'Tests pin it.'))
    gadget = body(an_object(gadget=OBJECT))
    assert wrappers_of(api({'POST /widgets': operation(gadget, gadget)})) == {
        '* /widgets': 'widgets'
    }


# The command line


WIDGETS = api({'GET /widgets': operation(body(LISTING), query={'cursor': TEXT})})
FILES = (
    update_api.MODULE,
    update_api.OPERATIONS,
    update_api.CHANGES,
    update_api.SHAPES,
    update_api.ERROR_SHAPES,
    update_api.SUMMARIES,
)


class Project:
    """A copy of the project with empty tables, and a document beside it."""

    def __init__(self, root):
        self.root = root
        self.document = root / 'openapi.json'
        self.write(update_api.MODULE, 'before = 1\n' + START + END + 'after = 2\n')
        self.write(update_api.OPERATIONS, render_table([]))
        self.write(update_api.FORMER_WRAPPERS, '# The table of 5.4.1.\n')
        for name in FILES[2:]:
            self.write(name, '')

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding='utf-8')

    def read(self, name):
        return (self.root / name).read_text(encoding='utf-8')

    def files(self):
        return {name: self.read(name) for name in FILES}

    def update(self, content=None, *options):
        """Run the command, with a document if there is content for it."""
        arguments = list(options)
        if content is not None:
            text = content if isinstance(content, str) else json.dumps(content)
            self.document.write_text(text, encoding='utf-8')
            arguments.insert(0, str(self.document))
        return update_api.main(arguments, self.root)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_one_command_updates_every_file_from_a_document(project, capsys):
    described = operation(body(LISTING), query={'cursor': TEXT})
    described['responses']['400'] = body(an_object(error=an_object(message=TEXT)))
    described['summary'] = ' List\t`widgets`.\n'
    assert project.update(api({'GET /widgets': described}), '--date', 'May 2030') == 0
    updated = capsys.readouterr().out.splitlines()
    assert sorted(updated) == sorted('Updated {}.'.format(name) for name in FILES)
    files = project.files()
    assert files[update_api.MODULE].startswith('before = 1\n' + START + '# From PagerDuty')
    assert files[update_api.MODULE].endswith(END + 'after = 2\n')
    assert 'OpenAPI document of May 2030,' in files[update_api.MODULE]
    assert "    '/widgets',\n" in files[update_api.MODULE]
    assert (
        files[update_api.OPERATIONS].splitlines()[-1].startswith('GET\t/widgets\tnone\twidgets[]')
    )
    assert '- ``GET /widgets``' in files[update_api.CHANGES]
    assert list(json.loads(files[update_api.SHAPES])['operations']) == ['GET /widgets']
    assert json.loads(files[update_api.ERROR_SHAPES]) == [
        {
            'body': {'error': {'message': 'Text of message.'}},
            'documented_for': 'GET /widgets 400',
        }
    ]
    assert 'GET\t/widgets\tList widgets\n' in files[update_api.SUMMARIES]


def test_updating_again_changes_nothing_and_keeps_the_date(project, capsys):
    project.update(WIDGETS, '--date', 'May 2030')
    before = project.files()
    capsys.readouterr()
    assert project.update(WIDGETS) == 0
    assert project.files() == before
    assert capsys.readouterr().out == ''


def test_without_a_document_the_documented_operations_stay(project, monkeypatch):
    project.update(WIDGETS, '--date', 'May 2030')
    before = project.files()
    cogs = by_hand.Undocumented('GET /cogs', response='cogs[]', pagination='cursor')
    monkeypatch.setattr(by_hand, 'UNDOCUMENTED', (cogs,))
    assert project.update() == 0
    after = project.files()
    assert "    '/cogs',  # undocumented\n" in after[update_api.MODULE]
    assert "    '/widgets',\n" in after[update_api.MODULE]
    assert '- ``GET /cogs``' in after[update_api.CHANGES]
    monkeypatch.setattr(by_hand, 'UNDOCUMENTED', ())
    assert project.update() == 0
    assert project.files() == before


@pytest.mark.parametrize('with_document', [True, False])
def test_a_check_passes_when_nothing_is_outdated(project, capsys, with_document):
    project.update(WIDGETS)
    capsys.readouterr()
    assert project.update(WIDGETS if with_document else None, '--check') == 0
    assert capsys.readouterr().out == ''


@pytest.mark.parametrize('name', FILES)
def test_a_check_fails_when_a_file_is_outdated(project, capsys, name):
    project.update(WIDGETS)
    text = project.read(name)
    project.write(name, text.replace('widgets', 'gadgets') if 'widgets' in text else '{}')
    before = project.files()
    capsys.readouterr()
    # A path that is in the table of operations and not in the document would be lost.
    assert project.update(WIDGETS, '--check') == (2 if name == update_api.OPERATIONS else 1)
    assert project.files() == before


def test_a_check_shows_the_differences(project, capsys):
    project.update(WIDGETS)
    capsys.readouterr()
    newer = api({'GET /widgets': operation(), 'GET /gadgets': operation()})
    assert project.update(newer, '--check') == 1
    difference = capsys.readouterr().out.splitlines()
    assert '--- pdpyras.py' in difference
    assert "+    '/gadgets'," in difference
    assert max(map(len, difference)) <= update_api.SHOWN_LENGTH + len('...')


def test_the_generated_files_of_the_project_are_up_to_date(monkeypatch, capsys):
    monkeypatch.undo()
    assert update_api.main(['--check']) == 0
    assert capsys.readouterr().out == ''


@pytest.mark.parametrize(
    ('paths', 'problem'),
    [
        (['GET /gadgets'], r'/widgets\. Add them to LEGACY_PATHS'),
        (
            ['GET /gadgets', 'GET /widgets', 'GET /cogs/{cog_id}'],
            r'/cogs/{id} \(now /cogs/{cog_id}\)',
        ),
    ],
    ids=['gone', 'renamed'],
)
def test_no_path_is_lost_in_an_update(project, capsys, paths, problem):
    project.update(api({'GET /widgets': operation(), 'GET /cogs/{id}': operation()}))
    before = project.files()
    assert project.update(api({path: operation() for path in paths})) == 2
    assert re.search(problem, capsys.readouterr().err)
    assert project.files() == before


def test_an_example_that_contradicts_its_schema_is_listed_and_ignored(project, capsys):
    described = operation(body(an_object(widget=OBJECT), example={'gadget': {}}))
    assert project.update(api({'GET /widgets/{id}': described}), '--verbose') == 0
    contradiction = 'GET /widgets/{id} response: an example has gadget; the schema has widget.'
    assert contradiction in capsys.readouterr().err
    assert 'ENTITY_WRAPPER_CONFIG: Dict[str, Any] = {\n}' in project.read(update_api.MODULE)


def test_an_operation_without_a_documented_success_is_listed_and_unwrapped(project, capsys):
    content = api({'GET /widgets/status': operation(status='404')})
    assert project.update(content, '--verbose') == 0
    assert 'GET /widgets/status: no success is documented.' in capsys.readouterr().err
    assert "'* /widgets/status': None" in project.read(update_api.MODULE)


@pytest.mark.parametrize(
    ('content', 'problem'),
    [
        pytest.param('{', 'Expecting', id='not JSON'),
        pytest.param('[]', 'not an OpenAPI document', id='something else'),
        pytest.param(
            api({'GET /widgets': operation(body({'$ref': '#/components/schemas/Gone'}))}),
            '#/components/schemas/Gone',
            id='a dangling reference',
        ),
        pytest.param(
            api({'GET /widgets': operation(body({'$ref': 'other.json#/Widget'}))}),
            'other.json#/Widget',
            id='a reference elsewhere',
        ),
        pytest.param(
            api(
                {'GET /widgets': operation(body({'$ref': '#/components/schemas/A'}))},
                schemas={'A': {'$ref': '#/components/schemas/A'}},
            ),
            'leads back to itself',
            id='a circular reference',
        ),
        pytest.param(
            api(
                {'GET /widgets': operation(body({'$ref': '#/components/schemas/A'}))},
                schemas={'A': {'allOf': [{'$ref': '#/components/schemas/A'}]}},
            ),
            'schema contains itself',
            id='a circular schema',
        ),
        pytest.param(api({'GET widgets': operation()}), 'begin with a slash', id='no slash'),
        pytest.param(at_widgets(None), 'at the path /widgets', id='no item'),
        pytest.param(at_widgets({'get': []}), 'GET /widgets', id='a list'),
        pytest.param(at_widgets({'get': {}}), "'responses'", id='no responses'),
        pytest.param(
            api({'GET /widgets': operation(parameters=[{'name': 'a'}])}), "'in'", id='no place'
        ),
        pytest.param({'openapi': '3.1.0', 'paths': {}}, 'the document has 3.1.0', id='OpenAPI 3.1'),
    ],
)
def test_an_unusable_document_is_rejected_with_the_reason(project, capsys, content, problem):
    before = project.files()
    assert project.update(content) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(str(project.document))
    assert problem in line
    assert project.files() == before


def test_a_malformed_entry_is_reported_for_an_update_from_a_document(project, capsys, monkeypatch):
    monkeypatch.setattr(by_hand, 'UNDOCUMENTED', (by_hand.Undocumented('/gadgets'),))
    assert project.update(WIDGETS) == 2
    assert 'does not have the form of the class Undocumented' in capsys.readouterr().err


def test_a_missing_document_is_named(project, capsys):
    assert update_api.main([str(project.root / 'none.json')], project.root) == 2
    assert 'none.json' in capsys.readouterr().err


def test_a_module_without_the_marks_is_rejected(project, capsys):
    project.write(update_api.MODULE, 'no = tables\n')
    assert project.update(WIDGETS) == 2
    assert 'tables generated by tools/update_api.py: start' in capsys.readouterr().err
    assert project.read(update_api.MODULE) == 'no = tables\n'


def test_a_table_of_operations_with_other_columns_is_rejected(project, capsys):
    project.write(update_api.OPERATIONS, 'method\tpath\n')
    assert project.update(WIDGETS) == 2
    assert 'must be method, path, request, response' in capsys.readouterr().err


# Changes from 5.4.1


def changes(paths, table):
    return render_changes(operations_of(api(paths)), former_wrappers(table))


def test_a_wrapper_that_was_wrong_is_listed():
    gadget = operation(body(an_object(gadget=OBJECT)))
    page = changes(
        {'GET /widgets/{id}': gadget}, '/widgets/{widget_id}\t-\twidget>widget\t>\t>\t>\n'
    )
    assert '- ``GET /widgets/{id}``, response: ``gadget`` instead of ``widget``\n' in page


def test_a_change_of_a_wrapper_that_works_is_rejected(project, capsys):
    project.write(update_api.FORMER_WRAPPERS, '/widgets/{id}\t-\t>\t>\t>\t>\n')
    before = project.files()
    content = api({'GET /widgets/{id}': operation(body(an_object(widget=OBJECT)))})
    assert project.update(content) == 2
    assert "although 5.4.1's work: ``GET /widgets/{id}``" in capsys.readouterr().err
    assert project.files() == before


def test_a_change_of_a_wrapper_that_does_not_work_is_not_rejected(project):
    project.write(update_api.FORMER_WRAPPERS, '/widgets/{id}\t-\tcog>cog\t>\t>\t>\n')
    content = api({'GET /widgets/{id}': operation(body(an_object(widget=OBJECT)))})
    assert project.update(content) == 0


def test_a_table_of_5_4_1_with_other_columns_is_rejected(project, capsys):
    project.write(update_api.FORMER_WRAPPERS, '/widgets/{id}\tcursor\n')
    assert project.update(WIDGETS) == 2
    assert '6 columns' in capsys.readouterr().err


def test_an_operation_that_was_rejected_or_mistaken_for_another_is_listed():
    page = changes(
        {
            'GET /widgets/{id}': operation(),
            'GET /widgets/me': operation(),
            'GET /cogs': operation(),
        },
        '/widgets/{id}\t-\twidget>widget\t>\t>\t>\n',
    )
    assert '- ``GET /widgets/me``, mistaken for ``/widgets/{id}``\n' in page
    assert '- ``GET /cogs``\n' in page
    assert '- ``GET /widgets/{id}``\n' not in page


def test_a_path_that_was_spelled_out_is_not_listed():
    # 5.4.1 has /tags/{id}/users and two more instead.
    page = changes({'GET /tags/{id}/{entity_type}': operation()}, '')
    assert '{entity_type}' not in page


def test_an_endpoint_that_is_now_paginated_by_cursors_is_listed():
    paths = {'GET /widgets': operation(body(LISTING), query={'cursor': TEXT})}
    page = changes(paths, '/widgets\t-\twidgets>widgets\t>\t>\t>\n')
    assert 'Cursor-based pagination' in page
    page = changes(paths, '/widgets\tcursor\twidgets>widgets\t>\t>\t>\n')
    assert 'Cursor-based pagination' not in page
