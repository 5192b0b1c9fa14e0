"""Event orchestrations: routing events, and changing them by rules."""

import pytest
import requests

from pdpyras_sandbox import Sandbox


class Orchestration:
    """Creates an event orchestration, and sends events to it."""

    def __init__(self, web):
        self.web = web
        created = web.post('/event_orchestrations', {'orchestration': {'name': 'All'}})
        self.path = '/event_orchestrations/' + created['orchestration']['id']
        (integration,) = created['orchestration']['integrations']
        self.routing_key = integration['parameters']['routing_key']

    def write(self, kind, *rules, catch_all=None, **more_sets):
        """Write the rules of the global, router or unrouted path, or of a service."""
        path = f'{self.path}/{kind}' if kind in ('global', 'router', 'unrouted') else kind
        sets = [{'id': 'start', 'rules': list(rules)}]
        sets += [{'id': name, 'rules': rules} for name, rules in more_sets.items()]
        body = {'sets': sets, 'catch_all': {'actions': catch_all or {}}}
        return self.web.put(path, {'orchestration_path': body})

    def send(self, action='trigger', key=None, routing_key=None, **payload):
        event = {'routing_key': routing_key or self.routing_key, 'event_action': action}
        if key:
            event['dedup_key'] = key
        if action == 'trigger' or payload:
            given = {'summary': 'Disk full', 'source': 'db1', 'severity': 'critical'}
            event['payload'] = {**given, **payload}
        response = self.web.call('POST', '/v2/enqueue', event)
        assert response.status_code == 202, response.text
        return response.json()['dedup_key']

    @property
    def outcomes(self):
        return [event['outcome'] for event in self.web.sandbox.event_log]


def rule(*conditions, **actions):
    return {
        'conditions': [{'expression': expression} for expression in conditions],
        'actions': actions,
    }


@pytest.fixture
def orchestration(web):
    """An orchestration whose router sends all events to the service Web Shop."""
    orchestration = Orchestration(web)
    orchestration.write('router', catch_all={'route_to': web.service['id']})
    return orchestration


@pytest.fixture
def till(web):
    """A second service."""
    policy = web.get('/escalation_policies')['escalation_policies'][0]
    reference = {'id': policy['id'], 'type': 'escalation_policy_reference'}
    service = {'type': 'service', 'name': 'Till', 'escalation_policy': reference}
    return web.post('/services', {'service': service})['service']


def incidents(web):
    return web.get('/incidents')['incidents']


def services(web):
    return [incident['service']['summary'] for incident in incidents(web)]


def only_alert(web):
    (incident,) = incidents(web)
    (alert,) = web.get(f'/incidents/{incident["id"]}/alerts')['alerts']
    return incident, alert


# Routing.


def test_event_is_routed_by_the_first_matching_rule(web, orchestration, till):
    orchestration.write(
        'router',
        {**rule(route_to=till['id']), 'disabled': True},
        rule("event.summary matches part 'till'", route_to=till['id']),
        rule("event.summary matches part 'till'", route_to=web.service['id']),
        rule("event.source == 'web'", "event.severity == 'info'", route_to=web.service['id']),
    )
    orchestration.send(summary='The till is stuck')
    orchestration.send(source='web')
    orchestration.send(severity='info')
    orchestration.send(summary='Something else')
    assert services(web) == ['Till', 'Web Shop', 'Web Shop']
    assert orchestration.outcomes == ['triggered', 'triggered', 'triggered', 'unrouted']


def test_event_without_a_matching_rule_is_routed_by_catch_all(web, orchestration):
    orchestration.send()
    assert services(web) == ['Web Shop']


@pytest.mark.parametrize('route', ['unrouted', 'PNOBODY'])
def test_unrouted_event_opens_no_incident(web, orchestration, route):
    orchestration.write('router', catch_all={'route_to': route})
    orchestration.write('unrouted', rule(severity='info', variables=[]))
    orchestration.send()
    assert incidents(web) == []
    assert orchestration.outcomes == ['unrouted']


def test_orchestration_without_rules_routes_no_event(web):
    orchestration = Orchestration(web)
    orchestration.send()
    assert orchestration.outcomes == ['unrouted']


@pytest.mark.parametrize('lookup_by', ['service_name', 'service_id'])
def test_dynamic_route_finds_the_service_by_id_or_name(web, orchestration, till, lookup_by):
    dynamic = {'source': 'event.component', 'regex': 'service (.*)', 'lookup_by': lookup_by}
    orchestration.write(
        'router',
        rule(dynamic_route_to=dynamic),
        rule("event.group == 'fallback'", route_to=web.service['id']),
    )
    name = till['name'] if lookup_by == 'service_name' else till['id']
    orchestration.send(component='service ' + name)
    orchestration.send(component='service of nobody', group='fallback')
    orchestration.send(component='nothing to extract')
    assert services(web) == ['Till', 'Web Shop']
    assert orchestration.outcomes[-1] == 'unrouted'


def test_acknowledge_and_resolve_events_follow_the_alert_with_their_key(web, orchestration, till):
    orchestration.write('router', rule("event.source == 'db1'", route_to=till['id']))
    key = orchestration.send()
    orchestration.send('acknowledge', key)
    assert incidents(web)[0]['status'] == 'acknowledged'
    orchestration.send('resolve', key)
    assert incidents(web)[0]['status'] == 'resolved'
    orchestration.send('resolve', key)
    assert orchestration.outcomes == ['triggered', 'acknowledged', 'resolved', 'unrouted']


def test_same_dedup_key_at_another_service_creates_another_alert(web, orchestration, till):
    orchestration.write(
        'router',
        rule("event.source == 'till'", route_to=till['id']),
        catch_all={'route_to': web.service['id']},
    )
    orchestration.send(key='disk')
    orchestration.send(key='disk', source='till')
    orchestration.send(key='disk')
    assert services(web) == ['Web Shop', 'Till']
    assert orchestration.outcomes == ['triggered', 'triggered', 'repeated']


def test_each_integration_of_an_orchestration_accepts_events(web, orchestration):
    created = web.post(orchestration.path + '/integrations', {'integration': {'label': 'Other'}})
    key = created['integration']['parameters']['routing_key']
    orchestration.send(routing_key=key)
    assert services(web) == ['Web Shop']
    web.call('DELETE', f'{orchestration.path}/integrations/{created["integration"]["id"]}')
    event = {'routing_key': key, 'event_action': 'resolve', 'dedup_key': 'x'}
    assert web.call('POST', '/v2/enqueue', event).status_code == 400


def test_change_events_are_routed_by_orchestrations(web, orchestration):
    event = {'routing_key': orchestration.routing_key, 'payload': {'summary': 'Deployed'}}
    assert web.call('POST', '/v2/change/enqueue', event).status_code == 202
    orchestration.write('router', catch_all={'route_to': 'unrouted'})
    assert web.call('POST', '/v2/change/enqueue', event).status_code == 202
    changes = web.get('/change_events')['change_events']
    routed = [[service['summary'] for service in change['services']] for change in changes]
    assert sorted(routed) == [[], ['Web Shop']]


# Service rules.


def test_service_rules_apply_to_direct_and_to_routed_events(web, orchestration):
    orchestration.write(
        '/event_orchestrations/services/' + web.service['id'], rule(severity='warning')
    )
    orchestration.send()
    web.event()
    severities = [
        web.get(f'/incidents/{incident["id"]}/alerts')['alerts'][0]['severity']
        for incident in incidents(web)
    ]
    assert severities == ['warning', 'warning']


def test_service_rules_can_be_deactivated(web, orchestration):
    path = '/event_orchestrations/services/' + web.service['id']
    orchestration.write(path, rule(suppress=True))
    assert web.get(path + '/active') == {'active': True}
    web.put(path + '/active', {'active': False})
    assert web.get(path + '/active') == {'active': False}
    orchestration.send()
    web.put(path + '/active', {'active': True})
    orchestration.send()
    assert orchestration.outcomes == ['triggered', 'suppressed']


def test_global_rules_apply_before_router_and_service_rules(web, orchestration, till):
    def label(text):
        return {'target': 'event.summary', 'template': '{{event.summary}} ' + text}

    orchestration.write('global', rule(extractions=[label('global')]))
    orchestration.write('router', rule("event.summary matches part 'global'", route_to=till['id']))
    orchestration.write(
        '/event_orchestrations/services/' + till['id'],
        rule("event.summary matches part 'global'", extractions=[label('service')]),
    )
    orchestration.send()
    (incident,) = incidents(web)
    assert incident['title'] == 'Disk full global service'


# Rule sets and catch_all.


def test_rules_can_route_to_other_sets(web, orchestration):
    orchestration.write(
        'global',
        rule("event.source == 'db1'", route_to='databases'),
        rule(severity='info'),
        databases=[
            rule("event.severity == 'info'", severity='error'),
            rule(severity='warning', route_to='last'),
            rule(severity='info'),
        ],
        last=[rule("event.severity == 'warning'", annotate='A database')],
    )
    orchestration.send()
    incident, alert = only_alert(web)
    assert alert['severity'] == 'warning'
    assert web.log(incident)[-1] == 'annotate'


def test_catch_all_applies_if_no_rule_of_a_set_matches(web, orchestration):
    orchestration.write(
        'global',
        rule("event.source == 'db1'", route_to='empty'),
        catch_all={'severity': 'info'},
        empty=[],
    )
    orchestration.send()
    orchestration.send(source='db2')
    alerts = [
        web.get(f'/incidents/{incident["id"]}/alerts')['alerts'][0] for incident in incidents(web)
    ]
    assert [alert['severity'] for alert in alerts] == ['info', 'info']


def test_rule_sets_that_route_to_each_other_do_not_loop(web, orchestration):
    orchestration.write(
        'global', rule(route_to='other'), other=[rule(severity='info', route_to='start')]
    )
    orchestration.send()
    assert only_alert(web)[1]['severity'] == 'info'


# Actions.


def test_suppressed_and_dropped_events_open_no_incident(web, orchestration):
    orchestration.write(
        'global',
        rule("event.summary matches part 'noise'", drop_event=True),
        rule("event.summary matches part 'quiet'", suppress=True),
    )
    orchestration.send(summary='noise')
    orchestration.send(summary='quiet')
    assert incidents(web) == []
    key = orchestration.send(summary='loud')
    orchestration.send(key=key, summary='noise')
    orchestration.send(key=key, summary='loud')
    assert orchestration.outcomes == ['dropped', 'suppressed', 'triggered', 'dropped', 'repeated']


def test_later_rule_can_undo_suppression(web, orchestration):
    orchestration.write(
        'global', rule(suppress=True, route_to='other'), other=[rule(suppress=False)]
    )
    orchestration.send()
    assert len(incidents(web)) == 1


def test_severity_set_by_a_rule_determines_the_urgency(web, orchestration):
    urgency = {'type': 'constant', 'urgency': 'severity_based'}
    web.put('/services/' + web.service['id'], {'service': {'incident_urgency_rule': urgency}})
    orchestration.write('global', rule(severity='info'))
    orchestration.send()
    incident, alert = only_alert(web)
    assert (incident['urgency'], alert['severity']) == ('low', 'info')


def test_rule_sets_priority_escalation_policy_and_note(web, orchestration):
    priority = web.get('/priorities')['priorities'][0]
    rules = web.get('/escalation_policies')['escalation_policies'][0]['escalation_rules']
    policy = web.post(
        '/escalation_policies',
        {
            'escalation_policy': {
                'type': 'escalation_policy',
                'name': 'P1',
                'escalation_rules': rules,
            }
        },
    )['escalation_policy']
    orchestration.write(
        'global',
        rule(
            priority=priority['id'],
            escalation_policy=policy['id'],
            annotate='Runbook for {{event.source}}: {{event.custom_details.runbook}}{{event.no}}',
        ),
    )
    orchestration.send(custom_details={'runbook': 'https://docs.test'})
    incident, _ = only_alert(web)
    assert incident['priority']['summary'] == 'P1'
    assert incident['escalation_policy']['summary'] == 'P1'
    (note,) = web.get(f'/incidents/{incident["id"]}/notes')['notes']
    assert note['content'] == 'Runbook for db1: https://docs.test'
    assert (note['user']['type'], note['user']['summary']) == ('bot_user_reference', 'Web Shop')


def test_unknown_priority_or_policy_of_a_rule_is_ignored(web, orchestration):
    orchestration.write('global', rule(priority='PNOBODY', escalation_policy='PNOBODY'))
    orchestration.send()
    incident, _ = only_alert(web)
    assert incident['priority'] is None
    assert incident['escalation_policy']['summary'] == 'Default'


def test_rule_can_change_the_event_action(web, orchestration):
    orchestration.write(
        'global',
        rule("event.custom_details.state == 'ok'", event_action='resolve'),
        rule("raw_event.event_action == 'resolve'", event_action='trigger'),
    )
    key = orchestration.send(custom_details={'state': 'bad'})
    orchestration.send(key=key, custom_details={'state': 'ok'})
    assert incidents(web)[0]['status'] == 'resolved'
    orchestration.send('resolve', 'other', summary='Not over')
    assert incidents(web)[1]['title'] == 'Not over'
    # An event without a summary cannot trigger an alert.
    orchestration.send('resolve', 'third')
    assert orchestration.outcomes == ['triggered', 'resolved', 'triggered', 'ignored']


def test_variables_and_extractions_change_the_event(web, orchestration):
    orchestration.write(
        'global',
        rule(
            variables=[
                {
                    'name': 'host',
                    'path': 'event.component',
                    'value': 'host: (\\w+)',
                    'type': 'regex',
                },
                {'name': 'nothing', 'path': 'event.group', 'value': '(.*)', 'type': 'regex'},
            ],
            extractions=[
                {'target': 'event.custom_details.hostname', 'template': '{{variables.host}}'},
                {'target': 'event.summary', 'template': '{{ host }}: {{event.summary}}'},
                {'target': 'event.source', 'source': 'event.source', 'regex': 'www (.*) (serv)ice'},
                {'target': 'event.class', 'source': 'event.summary', 'regex': 'Disk'},
                {'target': 'event.group', 'source': 'event.summary', 'regex': 'not in there'},
                {'target': "event.custom_details['a b'].c", 'template': '{{variables.nothing}}'},
            ],
        ),
    )
    orchestration.send(
        component='host: db7', source='www shop service', custom_details={'kept': 1, 'a b': 2}
    )
    incident, alert = only_alert(web)
    assert incident['title'] == alert['summary'] == 'db7: Disk full'
    assert alert['body']['details'] == {
        'source': 'shopserv',
        'component': 'host: db7',
        'class': 'Disk',
        'kept': 1,
        'hostname': 'db7',
        'a b': {'c': ''},
    }


def test_dedup_key_can_be_extracted(web, orchestration):
    extraction = {'target': 'event.dedup_key', 'template': '{{event.source}}'}
    orchestration.write('global', rule(extractions=[extraction]))
    orchestration.send()
    orchestration.send()
    incident, alert = only_alert(web)
    assert incident['incident_key'] == alert['alert_key'] == 'db1'


def test_invalid_extracted_severity_is_ignored(web, orchestration):
    extraction = {'target': 'event.severity', 'template': 'awful'}
    orchestration.write('global', rule(extractions=[extraction]))
    orchestration.send(severity='warning')
    assert only_alert(web)[1]['severity'] == 'warning'


def test_extracted_summary_is_truncated(web, orchestration):
    extraction = {'target': 'event.summary', 'template': '{{event.summary}}' * 200}
    orchestration.write('global', rule(extractions=[extraction]))
    orchestration.send()
    assert len(only_alert(web)[0]['title']) == 1024


@pytest.mark.parametrize(
    ('actions', 'reason'),
    [
        ({'severity': 'foo'}, 'severity must be one of: info, error, warning, critical'),
        ({'severity': []}, 'severity must be a string'),
        ({'event_action': 'explode'}, 'event_action must be one of: trigger, resolve'),
        ({'suspend': 'later'}, 'suspend must be an integer'),
        ({'annotate': 5}, 'annotate must be a string'),
        ({'variables': 'x'}, 'variables must be an array'),
        ({'variables': ['x']}, 'variables[0] must be an object'),
        ({'extractions': {}}, 'extractions must be an array'),
        ({'extractions': ['x']}, 'extractions[0] must be an object'),
    ],
    ids=str,
)
def test_rule_with_an_invalid_action_is_rejected(web, orchestration, actions, reason):
    body = {'sets': [{'id': 'start', 'rules': [rule(**actions)]}], 'catch_all': {'actions': {}}}
    path = orchestration.path + '/global'
    status, _, (error,) = web.refusal('PUT', path, {'orchestration_path': body})
    assert status == 400
    assert error == 'orchestration_path.sets[0].rules[0].actions.' + reason


@pytest.mark.parametrize('seconds', [10**15, -(10**15)])
def test_event_is_accepted_whatever_its_suspension(orchestration, seconds):
    orchestration.write('global', rule(suspend=seconds))
    orchestration.send(key='disk')
    assert orchestration.outcomes == ['suspended']


def test_suspended_alert_is_triggered_later_unless_it_is_resolved(web, orchestration):
    orchestration.write('global', rule(suspend=300))
    stays = orchestration.send()
    goes = orchestration.send()
    orchestration.send(key=stays)
    web.sandbox.clock.advance(minutes=4)
    orchestration.send('resolve', goes)
    assert incidents(web) == []
    web.sandbox.clock.advance(minutes=2)
    (incident,) = incidents(web)
    assert incident['incident_key'] == stays
    assert orchestration.outcomes == ['suspended', 'suspended', 'suspended', 'resolved']
    # After its time, it is an ordinary alert.
    orchestration.send('resolve', stays)
    assert incidents(web)[0]['status'] == 'resolved'


def test_now_in_conditions_is_the_time_of_the_sandbox_clock(web, orchestration):
    hours = 'Mon,Tue,Wed,Thu,Fri,Sat,Sun 09:00:00 to 17:00:00 Etc/UTC'
    orchestration.write('global', rule(f'not (now in {hours})', suppress=True))
    now = web.sandbox.clock.now()
    until_noon = (12 - now.hour) % 24 + 24
    web.sandbox.clock.advance(hours=until_noon)
    orchestration.send()
    web.sandbox.clock.advance(hours=12)
    orchestration.send()
    assert orchestration.outcomes == ['triggered', 'suppressed']


def test_state_file_stores_rules_and_suspended_alerts(tmp_path, api_of):
    with Sandbox(state=tmp_path / 'account.sqlite') as sandbox:
        web = api_of(sandbox)
        orchestration = Orchestration(web)
        orchestration.write('router', catch_all={'route_to': web.service['id']})
        orchestration.write('global', rule(suspend=300))
        orchestration.send()
    with Sandbox(state=tmp_path / 'account.sqlite') as sandbox:
        web = api_of(sandbox)
        assert incidents(web) == []
        sandbox.clock.advance(minutes=6)
        assert len(incidents(web)) == 1


# Invalid rules.

BAD = [
    (rule('event.summary contains 1'), 'Cannot parse'),
    (rule(variables=[{'name': 'x', 'path': 'event.', 'value': '.*'}]), 'Cannot parse'),
    (rule(variables=[{'name': 'x', 'path': 'event.a', 'value': '('}]), 'not a regular expression'),
    (rule(variables=[{'path': 'event.a', 'value': '.*'}]), 'name is required'),
    (rule(extractions=[{'target': 'event.a', 'regex': '(?=a)', 'source': 'event.a'}]), 'RE2'),
    (rule(extractions=[{'target': 'event.a', 'regex': '.*'}]), 'source is required'),
    (rule(extractions=[{'template': 'x'}]), 'target is required'),
    (rule(extractions=[{'target': 'event.a'}]), 'template is required'),
    (rule(extractions=[{'target': 'event.a', 'template': 5}]), 'template must be a string'),
    (
        rule(extractions=[{'target': 'event.a', 'regex': '.*', 'source': 5}]),
        'source must be a string',
    ),
    (
        rule(extractions=[{'target': 'event.a', 'regex': 5, 'source': 'event.a'}]),
        'regex must be a string',
    ),
    (rule(extractions=[{'target': 'raw_event.a', 'template': 'x'}]), 'not a field of the event'),
]


@pytest.mark.parametrize(('bad', 'reason'), BAD, ids=[reason for _, reason in BAD])
def test_invalid_rule_is_rejected_with_its_label(web, orchestration, bad, reason):
    sets = [{'id': 'start', 'rules': [{'label': 'My rule', **bad}]}]
    body = {'orchestration_path': {'sets': sets}}
    status, _, (error,) = web.refusal('PUT', orchestration.path + '/global', body)
    assert status == 400
    assert error.startswith('Rule My rule: ')
    assert reason in error
    orchestration.send()
    assert orchestration.outcomes == ['triggered']


def test_control_api_lists_the_outcomes_of_events(web, orchestration):
    orchestration.send()
    (event,) = requests.get(web.sandbox.url + '/_sandbox/events', timeout=5).json()['events']
    assert (event['action'], event['summary']) == ('trigger', 'Disk full')
    assert event['outcome'] == 'triggered'
