"""tools/endpoints.py: from an OpenAPI document to the tables in pdpyras.py."""

import json
import os
import re
import sys
from typing import Any, Dict, List

import pytest
from operations import OPERATIONS

TOOLS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'tools')
sys.path.insert(0, TOOLS)

import endpoints  # noqa: E402
from endpoint_changes import render_changes  # noqa: E402
from openapi_document import Document, DocumentError  # noqa: E402

MODULE = 'before = 1\n' + endpoints.START + endpoints.END + 'after = 2\n'
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
def no_exceptions(monkeypatch):
    """The exceptions are about the real document, which is not part of the project."""
    for table in ('KEPT', 'PINNED', 'SPELLINGS', 'UNDOCUMENTED_WRAPPERS'):
        monkeypatch.setattr(endpoints, table, {})
    monkeypatch.setattr(endpoints, 'LEGACY_PATHS', ())
    monkeypatch.setattr(endpoints, 'UNDOCUMENTED_PATHS', ())


def tables_of(content):
    """What the generated source defines."""
    operations = endpoints.operations_of(Document(content))
    names = {'List': List, 'Dict': Dict, 'Any': Any, '_PathTable': list}
    exec(endpoints.render_tables(operations, 'May 2030'), names)
    return names


def wrappers_of(content):
    return tables_of(content)['ENTITY_WRAPPER_CONFIG']


def facts_of(described, endpoint='GET /widgets'):
    """The line of the table of operations for one operation, as a dict."""
    found = endpoints.operations_of(Document(api({endpoint: described})))
    *_, head, line = endpoints.render_operations(found).splitlines()
    return dict(zip(head.split('\t'), line.split('\t')))


# What wraps a body


@pytest.mark.parametrize(
    ('schema', 'told'),
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
def test_a_wrapper_is_the_one_property_with_all_the_content(schema, told, side):
    content = api(
        {'POST /widgets': operation(**{side: body(schema)})},
        schemas={'Gadget': an_object(gadget=OBJECT)},
    )
    (found,) = endpoints.operations_of(Document(content))
    line = endpoints.render_operations([found]).splitlines()[-1].split('\t')
    assert line[2 if side == 'request' else 3] == told


def test_what_is_read_only_is_no_part_of_a_request():
    schema = an_object(gadget=OBJECT, updated_at=dict(TEXT, readOnly=True))
    facts = facts_of(operation(body(schema), body(schema)), 'PUT /widgets/{id}')
    assert (facts['request'], facts['response']) == ('gadget{}', '-')


def test_a_file_is_not_wrapped():
    upload = {'content': {'text/csv': {'schema': an_object(file=TEXT)}}}
    assert facts_of(operation(request=upload), 'POST /widgets')['request'] == '-'


def test_bodies_that_are_not_there_need_no_wrapper():
    content = api({'POST /widgets/{id}/spin': operation(status='204')})
    assert wrappers_of(content) == {}


def test_answers_that_differ_by_status_are_not_wrapped():
    described = operation(body(an_object(status=TEXT)), status='201')
    described['responses']['207'] = body(an_object(widgets=ARRAY))
    assert facts_of(described)['response'] == '-'


def test_errors_do_not_count():
    described = operation(body(an_object(widgets=ARRAY)))
    described['responses']['404'] = body(an_object(error=OBJECT))
    assert facts_of(described)['response'] == 'widgets[]'


# Entries of ENTITY_WRAPPER_CONFIG


def test_what_inference_gives_needs_no_entry():
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


def test_what_it_does_not_give_gets_an_entry():
    content = api(
        {
            'GET /widgets': operation(body(an_object(widgets=ARRAY))),
            'POST /widgets': operation(
                body(an_object(gadget=OBJECT)), body(an_object(part=OBJECT))
            ),
        }
    )
    assert wrappers_of(content) == {'POST /widgets': ('part', 'gadget')}


def test_operations_of_a_path_that_agree_share_an_entry():
    gadget = body(an_object(gadget=OBJECT))
    content = api(
        {'GET /widgets/{id}': operation(gadget), 'PUT /widgets/{id}': operation(gadget, gadget)}
    )
    assert wrappers_of(content) == {'* /widgets/{id}': 'gadget'}


def test_a_path_that_wraps_nothing_gets_one_entry():
    bare = body(an_object(a=TEXT, b=TEXT))
    assert wrappers_of(api({'POST /widgets/query': operation(bare, bare)})) == {
        '* /widgets/query': None
    }


def test_a_post_without_body_sends_what_it_is_given():
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
            id='offset in the answer',
        ),
        pytest.param(operation(body(LISTING), query={'cursor': TEXT}), 'cursor', id='cursor'),
        pytest.param(
            operation(body(an_object(widgets=ARRAY, next_cursor=TEXT))),
            'cursor',
            id='cursor in the answer',
        ),
        pytest.param(
            operation(body(LISTING, example={'widgets': [], 'after': 'x'}), query={'after': TEXT}),
            'after=after',
            id='after',
        ),
        pytest.param(operation(body(an_object(widgets=ARRAY, more=TEXT))), 'cut', id='cut'),
    ],
)
def test_the_pagination_of_a_listing_is_told_by_its_names(described, pagination):
    facts = facts_of(described)
    assert facts['pagination'] == pagination
    assert facts['results'] == ('widgets' if pagination else '')


def test_a_post_may_be_paged_by_its_body():
    described = operation(
        body(an_object(data=ARRAY, last=TEXT, filters=OBJECT)),
        body(
            an_object(starting_after=TEXT, filters=OBJECT, limit={'type': 'integer', 'maximum': 9})
        ),
    )
    facts = facts_of(described, 'POST /widgets/raw')
    assert facts['pagination'] == 'starting_after=last'
    assert (facts['results'], facts['max_limit']) == ('data', '9')


def test_results_beside_facts_on_the_listing_are_its_content():
    schema = an_object(widgets=ARRAY, next_cursor=TEXT, schema_id=TEXT)
    assert facts_of(operation(body(schema)))['response'] == 'widgets[]'


def test_listings_with_cursors_are_tabulated():
    content = api({'GET /widgets': operation(body(LISTING), query={'cursor': TEXT})})
    assert tables_of(content)['CURSOR_BASED_PAGINATION_PATHS'] == ['/widgets']


@pytest.mark.parametrize(
    ('limit', 'sizes'),
    [
        pytest.param({'maximum': 50}, {'/widgets': 50}, id='a smaller one'),
        pytest.param({'description': 'The maximum is 25.'}, {'/widgets': 25}, id='told in words'),
        pytest.param({'maximum': 1000}, {'/widgets': 1000}, id='a larger one'),
        pytest.param({}, {}, id='none'),
    ],
)
def test_the_documented_size_of_pages_is_tabulated(limit, sizes):
    described = operation(body(LISTING), query={'cursor': TEXT, 'limit': limit})
    assert tables_of(api({'GET /widgets': described}))['_MAX_PAGE_SIZES'] == sizes


def test_the_maximum_may_be_told_by_the_parameter():
    described = operation(body(LISTING), query={'cursor': TEXT, 'limit': {}})
    described['parameters'][1]['description'] = 'Results per page. Maximum of 25.'
    assert tables_of(api({'GET /widgets': described}))['_MAX_PAGE_SIZES'] == {'/widgets': 25}


def test_a_listing_that_nothing_asks_for_more_of_is_tabulated():
    described = operation(body(an_object(widgets=ARRAY, more={'type': 'boolean'})))
    assert tables_of(api({'GET /widgets': described}))['_CUT_LISTINGS'] == ['/widgets']


# Paths


def test_what_is_at_a_path_may_be_a_reference():
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
    source = endpoints.render_tables(endpoints.operations_of(Document(content)), 'May 2030')
    assert (
        '    # Gadget Kinds\n'
        "    '/gadget_kinds',\n"
        "    '/gadget_kinds/all',\n"
        '    # Wonderful Widgets\n'
        "    '/widgets',\n"
        "    '/widgets/{id}',\n"
    ) in source
    assert 'May 2030, which has 4 operations' in source


def test_paths_that_match_the_same_urls_are_refused():
    content = api({'GET /widgets/{id}': operation(), 'PUT /widgets/{widget_id}': operation()})
    with pytest.raises(DocumentError, match='/widgets/{id}, /widgets/{widget_id}'):
        endpoints.operations_of(Document(content))


def test_a_literal_beside_a_parameter_is_no_ambiguity():
    content = api({'GET /widgets/{id}': operation(), 'GET /widgets/me': operation()})
    assert tables_of(content)['CANONICAL_PATHS'] == ['/widgets/me', '/widgets/{id}']


# Exceptions


def test_a_path_keeps_the_spelling_that_it_had(monkeypatch):
    monkeypatch.setitem(endpoints.SPELLINGS, '/widgets/{widget_id}', '/widgets/{id}')
    content = api({'GET /widgets/{widget_id}': operation()})
    assert tables_of(content)['CANONICAL_PATHS'] == ['/widgets/{id}']


def test_legacy_paths_stay_and_are_marked(monkeypatch):
    monkeypatch.setattr(endpoints, 'LEGACY_PATHS', ('/cogs',))
    monkeypatch.setitem(endpoints.UNDOCUMENTED_WRAPPERS, 'POST /cogs', None)
    operations = endpoints.operations_of(Document(api({'GET /widgets': operation()})))
    source = endpoints.render_tables(operations, 'May 2030')
    assert "    '/cogs',  # legacy\n" in source
    assert "    'POST /cogs': None,  # legacy\n" in source


def test_paths_that_are_not_documented_yet_are_added_by_hand_and_marked(monkeypatch):
    monkeypatch.setattr(endpoints, 'UNDOCUMENTED_PATHS', ('/cogs/{id}',))
    monkeypatch.setitem(endpoints.UNDOCUMENTED_WRAPPERS, 'GET /cogs/{id}', 'wheel')
    operations = endpoints.operations_of(Document(api({'GET /widgets': operation()})))
    source = endpoints.render_tables(operations, 'May 2030')
    assert "    '/cogs/{id}',  # undocumented\n" in source
    assert "    'GET /cogs/{id}': 'wheel',  # undocumented\n" in source


@pytest.mark.parametrize(
    ('table', 'exceptions', 'misfit'),
    [
        ('KEPT', {'GET /cogs': endpoints.NOT_KEPT}, 'GET /cogs'),
        ('PINNED', {'* /cogs': (None, 'Why not.')}, r'\* /cogs'),
        ('SPELLINGS', {'/cogs/{cog_id}': '/cogs/{id}'}, '/cogs/{cog_id}'),
        ('LEGACY_PATHS', ('/widgets',), '/widgets'),
        ('UNDOCUMENTED_PATHS', ('/widgets',), '/widgets'),
    ],
)
def test_an_exception_that_does_not_fit_the_document_is_refused(
    monkeypatch, table, exceptions, misfit
):
    monkeypatch.setattr(endpoints, table, exceptions)
    with pytest.raises(DocumentError, match=misfit):
        endpoints.operations_of(Document(api({'GET /widgets': operation()})))


def test_what_is_kept_says_why(monkeypatch):
    kept = endpoints.Kept(None, endpoints.BY_RULE, 'It was ever thus.')
    monkeypatch.setitem(endpoints.KEPT, 'POST /widgets', kept)
    widget = body(an_object(widget=OBJECT))
    operations = endpoints.operations_of(
        Document(api({'POST /widgets': operation(widget, widget)}))
    )
    source = endpoints.render_tables(operations, 'May 2030')
    assert "    # It was ever thus.\n    'POST /widgets': (None, 'widget'),\n" in source


def test_what_is_pinned_takes_the_place_of_the_rule(monkeypatch):
    monkeypatch.setitem(endpoints.PINNED, '* /widgets', ('widgets', 'Tests pin it.'))
    gadget = body(an_object(gadget=OBJECT))
    assert wrappers_of(api({'POST /widgets': operation(gadget, gadget)})) == {
        '* /widgets': 'widgets'
    }


def test_the_exceptions_are_about_operations_that_there_are(monkeypatch):
    monkeypatch.undo()
    known = {'{} {}'.format(method, op.path) for op in OPERATIONS for method in (op.method, '*')}
    assert set(endpoints.KEPT) | set(endpoints.PINNED) <= known
    assert set(endpoints.SPELLINGS.values()) <= {op.path for op in OPERATIONS}
    by_hand = set(endpoints.LEGACY_PATHS) | set(endpoints.UNDOCUMENTED_PATHS)
    assert not by_hand & {op.path for op in OPERATIONS}


# Where the document contradicts itself


def test_an_example_against_its_schema_is_told_and_the_schema_wins(tmp_path, capsys):
    described = operation(body(an_object(widget=OBJECT), example={'gadget': {}}))
    document = written(tmp_path, api({'GET /widgets/{id}': described}))
    assert endpoints.main([document, '--module', module(tmp_path)]) == 0
    told = capsys.readouterr()
    assert 'GET /widgets/{id} response: an example has gadget; the schema has widget.' in told.err
    assert 'ENTITY_WRAPPER_CONFIG: Dict[str, Any] = {\n}' in told.out


def test_an_operation_that_never_succeeds_is_told_and_not_unwrapped(tmp_path, capsys):
    document = written(tmp_path, api({'GET /widgets/status': operation(status='404')}))
    assert endpoints.main([document, '--module', module(tmp_path)]) == 0
    told = capsys.readouterr()
    assert 'GET /widgets/status: no success is documented.' in told.err
    assert "'* /widgets/status': None" in told.out


# The command line


WIDGETS = api({'GET /widgets': operation(body(LISTING), query={'cursor': TEXT})})


def written(directory, content):
    path = directory / 'openapi.json'
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding='utf-8')
    return str(path)


def module(directory, source=MODULE):
    path = directory / 'module.py'
    path.write_text(source, encoding='utf-8')
    return str(path)


def test_the_tables_are_printed(tmp_path, capsys):
    assert endpoints.main([written(tmp_path, WIDGETS), '--module', module(tmp_path)]) == 0
    assert "    '/widgets',\n" in capsys.readouterr().out
    assert (tmp_path / 'module.py').read_text(encoding='utf-8') == MODULE


def test_they_are_written_between_the_marks_and_nowhere_else(tmp_path):
    arguments = [written(tmp_path, WIDGETS), '--module', module(tmp_path), '--write']
    assert endpoints.main(arguments + ['--date', 'May 2030']) == 0
    source = (tmp_path / 'module.py').read_text(encoding='utf-8')
    assert source.startswith('before = 1\n' + endpoints.START + '# From PagerDuty')
    assert source.endswith(endpoints.END + 'after = 2\n')
    assert 'OpenAPI document of May 2030,' in source


def test_writing_again_changes_nothing_not_even_the_date(tmp_path):
    arguments = [written(tmp_path, WIDGETS), '--module', module(tmp_path), '--write']
    endpoints.main(arguments + ['--date', 'May 2030'])
    before = (tmp_path / 'module.py').read_text(encoding='utf-8')
    endpoints.main(arguments)
    assert (tmp_path / 'module.py').read_text(encoding='utf-8') == before


def test_a_check_passes_when_the_module_is_up_to_date(tmp_path, capsys):
    arguments = [written(tmp_path, WIDGETS), '--module', module(tmp_path)]
    endpoints.main(arguments + ['--write'])
    assert endpoints.main(arguments + ['--check']) == 0
    assert capsys.readouterr().out == ''


def test_a_check_fails_and_shows_what_is_missing_when_it_is_behind(tmp_path, capsys):
    arguments = ['--module', module(tmp_path)]
    endpoints.main([written(tmp_path, WIDGETS), '--write'] + arguments)
    newer = api({'GET /widgets': operation(), 'GET /gadgets': operation()})
    assert endpoints.main([written(tmp_path, newer), '--check'] + arguments) == 1
    difference = capsys.readouterr().out.splitlines()
    assert difference[0].startswith('--- module.py')
    added, removed = difference.index("+    '/gadgets',"), difference.index("-    '/widgets',")
    tables = [line.split(' @@ ')[1] for line in difference if line.startswith('@@')]
    assert added < removed
    assert tables[0] == ''
    assert tables[1:3] == ['CANONICAL_PATHS', 'CURSOR_BASED_PAGINATION_PATHS']


@pytest.mark.parametrize(
    ('paths', 'problem'),
    [
        (['GET /gadgets'], r'/widgets\. Put them into LEGACY_PATHS'),
        (
            ['GET /gadgets', 'GET /widgets', 'GET /cogs/{cog_id}'],
            r'/cogs/{id} \(now /cogs/{cog_id}\)',
        ),
    ],
    ids=['gone', 'renamed'],
)
def test_no_path_is_lost_in_writing(tmp_path, capsys, paths, problem):
    arguments = ['--module', module(tmp_path), '--write']
    before = api({'GET /widgets': operation(), 'GET /cogs/{id}': operation()})
    assert endpoints.main([written(tmp_path, before)] + arguments) == 0
    source = (tmp_path / 'module.py').read_text(encoding='utf-8')
    after = api({path: operation() for path in paths})
    assert endpoints.main([written(tmp_path, after)] + arguments) == 2
    assert re.search(problem, capsys.readouterr().err)
    assert (tmp_path / 'module.py').read_text(encoding='utf-8') == source


def test_the_table_of_operations_is_written(tmp_path):
    target = tmp_path / 'operations.tsv'
    assert endpoints.main([written(tmp_path, WIDGETS), '--operations', str(target)]) == 0
    last = target.read_text(encoding='utf-8').splitlines()[-1]
    assert last == 'GET\t/widgets\tnone\twidgets[]\tcursor\twidgets\t'


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
            'part of itself',
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
def test_a_document_that_cannot_be_used_says_why(tmp_path, capsys, content, problem):
    assert endpoints.main([written(tmp_path, content), '--module', module(tmp_path)]) == 2
    assert problem in capsys.readouterr().err


def test_so_does_a_missing_file(tmp_path, capsys):
    assert endpoints.main([str(tmp_path / 'none.json')]) == 2
    assert 'none.json' in capsys.readouterr().err


def test_so_does_a_module_without_the_marks(tmp_path, capsys):
    arguments = [written(tmp_path, WIDGETS), '--module', module(tmp_path, ''), '--write']
    assert endpoints.main(arguments) == 2
    assert 'tables generated by tools/endpoints.py: start' in capsys.readouterr().err


# Compared with 5.4.1


def changes(paths, table):
    return render_changes(endpoints.operations_of(Document(api(paths))), table)


def test_a_wrapper_that_was_wrong_is_listed():
    gadget = operation(body(an_object(gadget=OBJECT)))
    fragment, regressions = changes(
        {'GET /widgets/{id}': gadget}, '/widgets/{widget_id}\t-\twidget>widget\t>\t>\t>\n'
    )
    assert '- ``GET /widgets/{id}``, response: ``gadget`` instead of ``widget``\n' in fragment
    assert regressions == []


def test_one_that_was_right_and_changes_is_a_regression(tmp_path, capsys):
    table = tmp_path / '5.4.1.tsv'
    table.write_text('/widgets/{id}\t-\t>\t>\t>\t>\n', encoding='utf-8')
    document = written(
        tmp_path, api({'GET /widgets/{id}': operation(body(an_object(widget=OBJECT)))})
    )
    assert endpoints.main([document, '--changes', str(table)]) == 1
    assert 'Changed although it works: ``GET /widgets/{id}``' in capsys.readouterr().err


def test_a_table_with_other_columns_is_refused(tmp_path, capsys):
    table = tmp_path / '5.4.1.tsv'
    table.write_text('/widgets/{id}\tcursor\n', encoding='utf-8')
    assert endpoints.main([written(tmp_path, WIDGETS), '--changes', str(table)]) == 2
    assert '6 columns' in capsys.readouterr().err


def test_what_was_refused_or_taken_for_another_path_is_listed():
    fragment, _ = changes(
        {
            'GET /widgets/{id}': operation(),
            'GET /widgets/me': operation(),
            'GET /cogs': operation(),
        },
        '/widgets/{id}\t-\twidget>widget\t>\t>\t>\n',
    )
    assert '- ``GET /widgets/me``, for ``/widgets/{id}``\n' in fragment
    assert '- ``GET /cogs``\n' in fragment
    assert '- ``GET /widgets/{id}``\n' not in fragment


def test_what_was_known_in_parts_is_not_listed():
    # 5.4.1 has /tags/{id}/users and two more instead.
    fragment, _ = changes({'GET /tags/{id}/{entity_type}': operation()}, '')
    assert '{entity_type}' not in fragment


def test_a_listing_that_is_now_paged_by_cursors_is_listed():
    paths = {'GET /widgets': operation(body(LISTING), query={'cursor': TEXT})}
    fragment, _ = changes(paths, '/widgets\t-\twidgets>widgets\t>\t>\t>\n')
    assert 'Paged by cursors' in fragment
    fragment, _ = changes(paths, '/widgets\tcursor\twidgets>widgets\t>\t>\t>\n')
    assert 'Paged by cursors' not in fragment
