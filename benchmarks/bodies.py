"""The bodies of requests and responses, like those of a real account."""

USER_IDS = ['P{:06X}'.format(number * 7919 % 0xFFFFFF) for number in range(1, 1001)]

_PATHS = """
abilities abilities/{} addons addons/{} business_services business_services/{} change_events
change_events/{} escalation_policies escalation_policies/{} event_orchestrations
event_orchestrations/{} event_orchestrations/{}/router extension_schemas extensions extensions/{}
incidents incidents/{} incidents/{}/alerts incidents/{}/log_entries incidents/{}/notes
incidents/{}/merge incidents/{}/snooze incidents/{}/status_updates log_entries log_entries/{}
maintenance_windows maintenance_windows/{} notifications oncalls priorities rulesets rulesets/{}
schedules schedules/{} schedules/{}/overrides schedules/{}/users services services/{}
services/{}/integrations tags tags/{} teams teams/{} teams/{}/members users users/me users/{}
users/{}/contact_methods users/{}/notification_rules
"""

#: Fifty paths that scripts often request; `{}` stands for an ID.
PATHS = _PATHS.split()


def user(number):
    """Return a user as GET /users does: 1.2 KB of JSON."""
    identifier = USER_IDS[number % len(USER_IDS)]
    return {
        'id': identifier,
        'type': 'user',
        'summary': 'Engineer Number {}'.format(number),
        'self': 'https://api.pagerduty.com/users/' + identifier,
        'html_url': 'https://example.pagerduty.com/users/' + identifier,
        'name': 'Engineer Number {}'.format(number),
        'email': 'engineer.{}@example.com'.format(number),
        'time_zone': 'Europe/Berlin',
        'color': 'dark-slate-grey',
        'avatar_url': 'https://avatars.example.com/{}.png?size=80'.format(identifier),
        'billed': True,
        'role': 'limited_user',
        'description': 'On call for storage and for the network, every third week.',
        'invitation_sent': False,
        'job_title': 'Site Reliability Engineer',
        'created_via_sso': False,
        'locale': None,
        'teams': [_reference('team', 'T' + identifier)],
        'contact_methods': [
            _reference('email_contact_method', 'E' + identifier),
            _reference('phone_contact_method', 'F' + identifier),
        ],
        'notification_rules': [_reference('assignment_notification_rule', 'N' + identifier)],
        'coordinated_incidents': [],
    }


def _reference(kind, identifier):
    return {
        'id': identifier,
        'type': kind + '_reference',
        'summary': 'Default',
        'self': None,
        'html_url': None,
    }


def incident():
    """Return an incident to create."""
    return {
        'type': 'incident',
        'title': 'The disk of db-7 is 97 % full',
        'service': {'id': 'PSERV1', 'type': 'service_reference'},
        'priority': {'id': 'PPRIO1', 'type': 'priority_reference'},
        'urgency': 'high',
        'incident_key': 'db-7/disk',
        'body': {'type': 'incident_body', 'details': 'It will be full in four hours. ' * 8},
        'escalation_policy': {'id': 'PESCA1', 'type': 'escalation_policy_reference'},
    }


def created_incident():
    """Return the created incident."""
    return dict(
        incident(),
        id='Q2AIXW2ZIJ2CYN',
        incident_number=1234,
        status='triggered',
        created_at='2024-01-02T03:04:05Z',
        self='https://api.pagerduty.com/incidents/Q2AIXW2ZIJ2CYN',
        html_url='https://example.pagerduty.com/incidents/Q2AIXW2ZIJ2CYN',
        assignments=[{'at': '2024-01-02T03:04:05Z', 'assignee': _reference('user', 'PUSER1')}],
        teams=[_reference('team', 'PTEAM1')],
    )


def custom_details():
    """Return fifty details of an alert, like those of a monitoring system."""
    return {
        'metric.{}.value'.format(number): 'reading {} of host db-7'.format(number * 3)
        for number in range(50)
    }


def event():
    """Return the event of a trigger with the custom details."""
    return {
        'routing_key': 'the-routing-key-of-a-service-000',
        'event_action': 'trigger',
        'payload': {
            'summary': 'The disk of db-7 is 97 % full',
            'source': 'db-7.example.com',
            'severity': 'critical',
            'custom_details': custom_details(),
        },
    }


def accepted_event():
    """Return the response of the Events API."""
    return {
        'status': 'success',
        'message': 'Event processed',
        'dedup_key': 'samplekeyhere0123456789abcdef012',
    }
