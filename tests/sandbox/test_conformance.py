"""Conformance of the sandbox to PagerDuty's OpenAPI document."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pdpyras_sandbox import Sandbox
from pdpyras_sandbox.shapes import operations

DOCUMENT = os.environ.get('PAGERDUTY_OPENAPI')
if not DOCUMENT:
    pytest.skip(
        "PAGERDUTY_OPENAPI does not name PagerDuty's REST openapiv3.json", allow_module_level=True
    )
pytest.importorskip('openapi_schema_validator')

from document import Document  # noqa: E402
from documented_client import client_of_new_account  # noqa: E402

document = Document(Path(DOCUMENT))
OPERATIONS = document.operations()
#: Operations that must be called first, if it is not the creation of the record in the path.
BEFORE = {
    'DELETE /teams/{id}/users/{user_id}': 'PUT /teams/{id}/users/{user_id}',
    'PUT /incidents/{id}/custom_fields/values': 'POST /incidents/custom_fields',
}
#: Operations that return an empty object.
EMPTY_RESPONSES = ('POST /{entity_type}/{id}/change_tags',)


@pytest.fixture(scope='module')
def sandbox():
    with Sandbox(rate_limit=0) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox):
    with client_of_new_account(sandbox, document) as client:
        yield client


def contents(body):
    """Return the content of a response that has a single property."""
    return list(body.values()) if isinstance(body, dict) and len(body) == 1 else []


@pytest.mark.parametrize('name', OPERATIONS)
def test_every_operation_returns_a_documented_response(client, name):
    if name in BEFORE:
        client.call(BEFORE[name], client.body(BEFORE[name]))
    body = client.body(name)
    answer = client.call(name, body)
    assert answer.status_code in (document.successes(name) or [204]), answer.text
    if answer.content:
        assert document.response_errors(name, answer.status_code, answer.json()) == []
        assert name in EMPTY_RESPONSES or {} not in (answer.json(), *contents(answer.json()))


def test_tables_derived_from_the_openapi_document_are_up_to_date():
    tool = Path(__file__).parents[2] / 'tools' / 'update_api.py'
    command = [sys.executable, str(tool), DOCUMENT, '--check']
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')


def invalid_bodies():
    """Yield documented examples with one error each."""
    for name in OPERATIONS:
        example = document.example(name)
        wrapper = operations()[name].request_wrapper
        if not name.startswith('POST') or wrapper is None or document.request_errors(name, example):
            continue
        if document.request_errors(name, {}):
            yield pytest.param(name, {}, id=f'{name} without its wrapper')
        if not isinstance(example[wrapper], dict):
            continue
        for key in example[wrapper]:
            without = {name: value for name, value in example[wrapper].items() if name != key}
            for what, content in (
                ('without', without),
                ('with a number as', {**without, key: 42}),
                ('with an object as', {**without, key: {'surprising': {}}}),
            ):
                errors = document.request_errors(name, {wrapper: content})
                if errors and not any(is_accepted(error) for error in errors):
                    yield pytest.param(name, {wrapper: content}, id=f'{name} {what} {key}')


def is_accepted(error):
    """Return whether PagerDuty accepts a request in spite of a schema error."""
    return 'read-only' in error or error.endswith(
        ("'type' is a required property", "'grant_type' is a required property")
    )


@pytest.mark.parametrize(('name', 'body'), list(invalid_bodies()))
def test_invalid_body_is_rejected(client, name, body):
    answer = client.call(name, body)
    assert answer.status_code == 400, answer.text
    assert answer.json()['error']['code'] == 2001
    assert answer.json()['error']['errors']
