"""The names that scripts import, their signatures, and the import itself."""

import ast
import inspect
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from itertools import filterfalse
from sysconfig import get_path

import pytest
from signatures import PATCHED, bare_signature

import pdpyras

FUNCTIONS = {
    'auto_json': '(method)',
    'canonical_path': '(base_url, url)',
    'deprecated_kwarg': '(deprecated_name, details=None)',
    'endpoint_matches': '(endpoint_pattern, method, path)',
    'entity_wrappers': '(method, path)',
    'http_error_message': '(r, context=None)',
    'infer_entity_wrapper': '(method, path)',
    'is_path_param': '(path_node)',
    'last_4': '(secret)',
    'normalize_url': '(base_url, url)',
    'plural_name': '(obj_type)',
    'requires_success': '(method)',
    'resource_url': '(method)',
    'singular_name': '(r_name)',
    'successful_response': '(r, context=None)',
    'truncate_text': '(text)',
    'try_decoding': '(r)',
    'unwrap': '(response, wrapper)',
    'wrapped_entities': '(method)',
    # Kept for 4.x
    'tokenize_url_path': "(url, baseurl='https://api.pagerduty.com')",
    'resource_envelope': '(method)',
    'resource_path': '(method)',
    'object_type': '(r_name)',
    'resource_name': '(obj_type)',
    'raise_on_error': '(r)',
}

CONSTRUCTORS = {
    'PDClientError': '(message, response=None)',
    'PDHTTPError': '(message, response)',
    'PDServerError': '(message, response)',
    'PDSession': '(api_key, debug=False, *, base_url=None, name=None)',
    'APISession': (
        "(api_key, default_from=None, auth_type='token', debug=False, *, base_url=None, "
        'on_token_expired=None, name=None)'
    ),
    'EventsAPISession': '(api_key, debug=False, *, base_url=None, name=None)',
    'ChangeEventsAPISession': '(api_key, debug=False, *, base_url=None, name=None)',
}

CONSTANTS = [
    'CANONICAL_PATHS',
    'CURSOR_BASED_PAGINATION_PATHS',
    'ENTITY_WRAPPER_CONFIG',
    'ITERATION_LIMIT',
    'TEXT_LEN_LIMIT',
    'TIMEOUT',
    'json_loads',
]

KEPT_FOR_4X = [
    'tokenize_url_path',
    'resource_envelope',
    'resource_path',
    'object_type',
    'resource_name',
    'raise_on_error',
]


@pytest.mark.parametrize('name, signature', sorted(FUNCTIONS.items()))
def test_a_public_function_has_this_signature(name, signature):
    assert bare_signature(getattr(pdpyras, name)) == signature


@pytest.mark.parametrize('name, signature', sorted(CONSTRUCTORS.items()))
def test_a_public_class_has_this_signature(name, signature):
    assert bare_signature(getattr(pdpyras, name)) == signature


def test_the_constants_have_the_documented_values():
    assert (pdpyras.ITERATION_LIMIT, pdpyras.TIMEOUT, pdpyras.TEXT_LEN_LIMIT) == (10000, 60, 100)
    assert isinstance(pdpyras.ITERATION_LIMIT, int)
    assert len(pdpyras.__version__.split('.')) == 3


def test_the_attributes_of_a_session_have_the_documented_defaults():
    session = pdpyras.APISession('key')
    defaults = {
        'api_call_counts': {},
        'api_key': 'key',
        'api_time': {},
        'auth_type': 'token',
        'default_from': None,
        'default_page_size': 100,
        'max_http_attempts': 10,
        'max_network_attempts': 3,
        'permitted_methods': ('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
        'print_debug': False,
        'retry': {},
        'retry_unsafe_methods': True,
        'sleep_timer': 1.5,
        'sleep_timer_base': 2,
        'stagger_cooldown': 0,
        'timeout': 60,
        'total_call_count': 0,
        'total_call_time': 0,
        'trunc_key': '*key',
        'trunc_token': '*key',
        'url': 'https://api.pagerduty.com',
    }
    assert {name: getattr(session, name) for name in defaults} == defaults


#: Names of other modules that `from pdpyras import *` brings along in 5.4.1.
STAR_IMPORTS_OF_541 = [
    'HTTPError',
    'Iterator',
    'JSONDecodeError',
    'PoolError',
    'REQUESTS_VERSION',
    'RequestException',
    'Response',
    'Session',
    'Union',
    'datetime',
    'deepcopy',
    'logging',
    'random',
    'requests',
    'sys',
    'time',
    'warn',
]


def test_a_star_import_has_the_documented_names_and_those_of_5_4_1():
    documented = set(FUNCTIONS) - set(KEPT_FOR_4X)
    documented.update(CONSTRUCTORS, CONSTANTS, ['URLError'])
    # Assigned as pdpyras.json_loads; a copy of it in another module would have no effect.
    documented.remove('json_loads')
    documented.update(STAR_IMPORTS_OF_541)
    assert set(pdpyras.__all__) == documented
    assert len(pdpyras.__all__) == len(documented)


@pytest.mark.parametrize('name', PATCHED + KEPT_FOR_4X + ['VALID_MULTI_UPDATE_PATHS'])
def test_a_name_outside_all_can_still_be_imported(name):
    assert hasattr(pdpyras, name)


def run_python(directory, *arguments):
    """Run Python in a directory without PYTHONPATH; return its exit status and output."""
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONWARNINGS'}
    environment.pop('PYTHONPATH', None)
    environment['PYTHONDONTWRITEBYTECODE'] = '1'
    run = subprocess.Popen(
        [sys.executable] + list(arguments),
        cwd=str(directory),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    printed = run.communicate()[0]
    return run.returncode, printed


def test_the_import_does_not_warn(tmp_path):
    shutil.copy(pdpyras.__file__, str(tmp_path))
    assert run_python(tmp_path, '-W', 'error', '-c', 'import pdpyras') == (0, '')


def test_a_copy_of_the_file_alone_works(api, tmp_path):
    shutil.copy(pdpyras.__file__, str(tmp_path))
    script = tmp_path / 'script.py'
    script.write_text(
        'import sys\n'
        'import pdpyras\n'
        'print(pdpyras.__file__)\n'
        'with pdpyras.APISession("key", base_url=sys.argv[1]) as session:\n'
        '    print(session.rget("users/P1")["name"])\n'
    )
    api.reply(body={'user': {'name': 'Jane Doe'}})
    status, printed = run_python(tmp_path, '-W', 'error', 'script.py', api.url)
    assert (status, printed.splitlines()[1:]) == (0, ['Jane Doe'])
    assert os.path.samefile(printed.splitlines()[0], str(tmp_path / 'pdpyras.py'))
    assert api.last.headers['Authorization'] == 'Token token=key'


def test_the_module_imports_only_requests_urllib3_and_deprecation():
    imported = set()
    for node in ast.walk(ast.parse(inspect.getsource(pdpyras))):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition('.')[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition('.')[0])
    assert set(filterfalse(is_in_the_standard_library, imported)) == {
        'deprecation',
        'requests',
        'urllib3',
    }


def is_in_the_standard_library(name):
    if name in sys.builtin_module_names or find_spec(name).origin == 'frozen':
        return True
    origin = os.path.realpath(find_spec(name).origin)
    folders = [os.path.realpath(get_path(kind)) for kind in ('stdlib', 'platstdlib')]
    return 'site-packages' not in origin and origin.startswith(tuple(folders))
