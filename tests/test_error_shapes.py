"""PDHTTPError.errors for every shape of error response that PagerDuty's APIs use."""

import json
import os

import pytest

import pdpyras

SHAPES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'error_shapes.json')

#: Shapes in use that the OpenAPI document of the REST API does not describe.
UNDOCUMENTED = {
    'Events API': {'status': 'invalid event', 'message': 'No.', 'errors': ['Text of errors.']},
    'by field': {'errors': {'name': ['Text of name.', 'More of name.'], 'id': ['Text of id.']}},
    'by field, one text': {'errors': {'name': 'Text of name.'}},
    'nested fields': {'error': {'errors': {'user': {'name': ['Text of name.']}}}},
    'text in place of the list': {'error': {'message': 'No.', 'errors': 'Text of errors.'}},
    'objects with a message': {'error': {'errors': [{'message': 'Text of message.'}]}},
    'error is a text': {'error': 'Text of error.'},
    'a list of texts': ['Text of a list.', 'More of a list.'],
    'a list of objects': [{'message': 'Text of message.'}],
}


def sentences_in(node):
    """Return each text in a body that has the form of the texts in the tables above."""
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        return [text for child in node for text in sentences_in(child)]
    return [node] if isinstance(node, str) and node.startswith(('Text of ', 'More of ')) else []


def explained(body):
    """Return the part of a body that explains the error."""
    error = body.get('error', body) if isinstance(body, dict) else body
    return error.get('errors', error) if isinstance(error, dict) else error


with open(SHAPES, encoding='utf-8') as file:
    BODIES = [pytest.param(s['body'], id=s['documented_for']) for s in json.load(file)]
BODIES += [pytest.param(body, id=name) for name, body in UNDOCUMENTED.items()]


@pytest.mark.parametrize('body', BODIES)
def test_errors_has_the_sentences_of_each_documented_error_response(api, session, body):
    api.reply(400, body)
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('/users/P1')
    errors = caught.value.errors
    assert isinstance(errors, list)
    assert all(isinstance(error, str) for error in errors)
    sentences = sentences_in(explained(body))
    assert sentences
    for sentence in sentences:
        assert [error for error in errors if sentence in error], sentence
    # No Python or JSON is shown to the user.
    assert not [error for error in errors if set(error) & set('{}[]')]


@pytest.mark.parametrize('body', BODIES)
def test_the_message_has_the_sentences_of_each_documented_error_response(api, session, body):
    api.reply(400, body)
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        session.rget('/users/P1')
    sentences = sentences_in(explained(body))
    assert sentences
    assert [sentence for sentence in sentences if sentence not in str(caught.value)] == []
