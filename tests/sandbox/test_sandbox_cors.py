"""Cross-origin requests (CORS) from web pages."""

ORIGIN = {'Origin': 'https://app.example.com'}
ASKED = {
    **ORIGIN,
    'Authorization': None,
    'Access-Control-Request-Method': 'PUT',
    'Access-Control-Request-Headers': 'authorization,content-type,from',
}


def test_preflight_response_lists_the_allowed_methods_and_headers(web):
    answer = web.call('OPTIONS', '/incidents', headers=ASKED)
    assert answer.status_code == 200
    assert answer.headers['Access-Control-Allow-Origin'] == '*'
    assert 'PUT' in answer.headers['Access-Control-Allow-Methods']
    assert answer.headers['Access-Control-Allow-Headers'] == 'authorization,content-type,from'


def test_responses_and_errors_can_be_read_by_any_origin(web):
    for path, status in (('/users', 200), ('/users/PNOBODY', 404), ('/nonesuch', 404)):
        answer = web.call('GET', path, headers=ORIGIN)
        assert (answer.status_code, answer.headers['Access-Control-Allow-Origin']) == (status, '*')
        assert 'ratelimit-reset' in answer.headers['Access-Control-Expose-Headers']
    event = {'routing_key': web.sandbox.routing_key, 'payload': {'summary': 'Deployed'}}
    answer = web.call('POST', '/v2/change/enqueue', event, headers=ORIGIN)
    assert answer.headers['Access-Control-Allow-Origin'] == '*'


def test_control_api_allows_no_cross_origin_requests(web):
    answer = web.call('GET', '/_sandbox', headers=ORIGIN)
    assert answer.status_code == 403
    assert 'Access-Control-Allow-Origin' not in answer.headers
