"""Operations without data in the sandbox, which return documented example content."""

FILTERS = {'created_at_start': '2024-01-01T00:00:00Z', 'created_at_end': '2024-02-01T00:00:00Z'}


def test_metrics_have_the_documented_properties_and_echo_the_filters(web):
    body = {'filters': FILTERS, 'time_zone': 'Europe/Berlin', 'aggregate_unit': 'week'}
    answer = web.post('/analytics/metrics/incidents/all', body)
    assert {name: answer[name] for name in body} == body
    (row,) = answer['data']
    assert {'total_incident_count', 'mean_seconds_to_resolve', 'up_time_pct'} <= row.keys()
    assert row['range_start'] == '2024-01-01T00:00:00Z'


def test_raw_analytics_incidents_are_one_page(web):
    answer = web.post('/analytics/raw/incidents', {'filters': FILTERS, 'limit': 50})
    assert (answer['limit'], answer['more']) == (50, False)
    assert {'id', 'seconds_to_first_ack', 'service_name'} <= answer['data'][0].keys()


def test_raw_analytics_of_an_incident_have_its_id(web):
    assert web.get('/analytics/raw/incidents/PINCID1')['id'] == 'PINCID1'


def test_invalid_analytics_unit_is_rejected(web):
    body = {'filters': FILTERS, 'aggregate_unit': 'century'}
    assert web.refusal('POST', '/analytics/metrics/incidents/all', body)[0] == 400


def test_priority_threshold_is_null_by_default(web):
    assert web.get('/business_services/priority_thresholds') == {'global_threshold': None}


def test_workflow_instance_refers_to_its_incident(web):
    workflow = web.post('/incident_workflows', {'incident_workflow': {'name': 'Triage'}})
    path = f'/incident_workflows/{workflow["incident_workflow"]["id"]}/instances'
    incident = {'id': web.incident()['id'], 'type': 'incident_reference'}
    body = {'incident_workflow_instance': {'incident': incident}}
    started = web.post(path, body)['incident_workflow_instance']
    assert started['type'] == 'incident_workflow_instance'
    assert started['incident']['id'] == incident['id']


def test_rules_of_a_service_are_listed_in_pages(web):
    path = f'/services/{web.service["id"]}/rules'
    rule = web.post(path, {'rule': {'disabled': False}})['rule']
    listed = web.get(path)
    assert [one['id'] for one in listed['rules']] == [rule['id']]
    assert listed['more'] is False
