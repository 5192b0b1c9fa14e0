"""The sandbox against PagerDuty's OpenAPI document: it answers, and refuses, as documented."""

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
#: What must have happened before, where it is not the creation of what the path names.
BEFORE = {
    'DELETE /teams/{id}/users/{user_id}': 'PUT /teams/{id}/users/{user_id}',
    'PUT /incidents/{id}/custom_fields/values': 'POST /incidents/custom_fields',
}
#: Documented as an empty object.
ANSWERED_WITH_NOTHING = ('POST /{entity_type}/{id}/change_tags',)


@pytest.fixture(scope='module')
def sandbox():
    with Sandbox(rate_limit=0) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox):
    with client_of_new_account(sandbox, document) as client:
        yield client


def contents(body):
    """What an answer holds, if it is one thing."""
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
        assert name in ANSWERED_WITH_NOTHING or {} not in (answer.json(), *contents(answer.json()))


def test_tables_derived_from_the_openapi_document_are_up_to_date():
    tool = Path(__file__).parents[2] / 'tools' / 'update_api.py'
    command = [sys.executable, str(tool), DOCUMENT, '--check']
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')


def spoilt_bodies():
    """Bodies that the document forbids, each an example of its with one thing wrong."""
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
                if errors and not any(tolerated(error) for error in errors):
                    yield pytest.param(name, {wrapper: content}, id=f'{name} {what} {key}')


def tolerated(error):
    """What PagerDuty ignores, and the only value that a property can have, may be left out."""
    return 'read-only' in error or error.endswith(
        ("'type' is a required property", "'grant_type' is a required property")
    )


@pytest.mark.parametrize(('name', 'body'), list(spoilt_bodies()))
def test_invalid_body_is_rejected(client, name, body):
    answer = client.call(name, body)
    assert answer.status_code == 400, answer.text
    assert answer.json()['error']['code'] == 2001
    assert answer.json()['error']['errors']
