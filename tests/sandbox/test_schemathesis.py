"""Generated requests for every documented operation, and conformance of the responses."""

import copy
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from pdpyras_sandbox import Sandbox

DOCUMENT = os.environ.get('PAGERDUTY_OPENAPI')
if not DOCUMENT:
    pytest.skip(
        "PAGERDUTY_OPENAPI does not name PagerDuty's REST openapiv3.json", allow_module_level=True
    )
pytest.importorskip('openapi_schema_validator')
schemathesis = pytest.importorskip('schemathesis')

from document import Document, relaxed  # noqa: E402
from documented_client import client_of_new_account  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_schema_conformance,
)

#: Number of requests to each operation.
EXAMPLES = 10
document = Document(Path(DOCUMENT))
#: Statuses such as 404 are documented for the whole API, not for each operation.
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


def amended(content):
    """Return the document without its contradictions."""
    schemas, paths = content['components']['schemas'], content['paths']
    # The id and the type of references in requests are both required and read-only.
    reference = copy.deepcopy(schemas['Tag']['allOf'][0])
    for name in ('id', 'type'):
        del reference['properties'][name]['readOnly']
    schemas['Reference']['allOf'][0] = reference
    # Without a mapping, values of a discriminator are names of schemas; here they are not.
    for operation in (
        paths['/automation_actions/runners']['post'],
        paths['/automation_actions/runners/{id}']['put'],
    ):
        schema = operation['requestBody']['content']['application/json']['schema']
        del schema['properties']['runner']['discriminator']
    # The default of a custom field is a string in requests and an object in responses. In the
    # examples, it is a string in both.
    schemas['IncidentTypeCustomFields']['properties']['default_value'] = {}
    # The priority of an incident may be null, as in the examples of the document.
    incident = schemas['Incident']['allOf'][1]['properties']
    incident['priority'] = or_null(incident['priority'])
    # An on-call whose start is null "is a permanent user on-call", which is not on a schedule.
    oncall = schemas['Oncall']['properties']
    oncall['schedule'] = or_null(oncall['schedule'])
    # The schema of one vendor is a list of vendors; the example has one.
    vendor = paths['/vendors/{id}']['get']['responses']['200']['content']['application/json']
    vendor['schema']['properties']['vendor'] = vendor['schema']['properties']['vendor']['items']
    # The schemas of responses have references that include[] replaces by records.
    for item in paths.values():
        for operation in item.values():
            if isinstance(operation, dict) and 'parameters' in operation:
                operation['parameters'] = [
                    parameter
                    for parameter in operation['parameters']
                    if document.resolve(parameter)['name'] != 'include[]'
                ]
    return content


def or_null(schema):
    return {'anyOf': [schema, {'nullable': True, 'enum': [None]}]}


SCHEMA = schemathesis.openapi.from_dict(amended(relaxed(document.content)))
OPERATIONS = {result.ok().label: result.ok() for result in SCHEMA.get_all_operations()}


@pytest.fixture(scope='module')
def sandbox():
    with Sandbox(rate_limit=0) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox):
    with client_of_new_account(sandbox, document) as client:
        yield client


def path_parameters(operation, client):
    """Return the path parameters of an operation, with IDs of existing records."""
    template, path = operation.path.split('/'), client.concrete(operation.path).split('/')
    return {name[1:-1]: value for name, value in zip(template, path) if name.startswith('{')}


@pytest.mark.parametrize('name', OPERATIONS)
def test_response_to_a_generated_request_is_as_documented(client, name):
    operation = OPERATIONS[name]
    existing = path_parameters(operation, client)

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), exists=st.booleans())
    def check(case, exists):
        if exists and existing:
            case.path_parameters = existing
        response = case.call(client.sandbox.url, headers=dict(client.session.headers))
        case.validate_response(response, checks=CHECKS)

    check()
