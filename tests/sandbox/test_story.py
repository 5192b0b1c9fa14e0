"""Typical use of the library with the fixture ``pagerduty``."""


def test_alert_opens_an_incident_that_is_acknowledged_and_resolved(pagerduty):
    dedup_key = pagerduty.events().trigger('Server is on fire', 'old.server.example')
    session = pagerduty.session()
    (incident,) = session.list_all('incidents')
    assert (incident['title'], incident['status']) == ('Server is on fire', 'triggered')

    incident['status'] = 'acknowledged'
    (updated,) = session.rput('incidents', json=[incident])
    assert updated['status'] == 'acknowledged'

    pagerduty.events().resolve(dedup_key)
    assert session.rget(incident)['status'] == 'resolved'
    entries = session.list_all('log_entries')
    assert [entry['type'].split('_')[0] for entry in reversed(entries)] == [
        'trigger',
        'assign',
        'acknowledge',
        'resolve',
    ]


def test_listing_of_250_users_is_read_page_by_page(pagerduty):
    session = pagerduty.session()
    for number in range(249):
        session.rpost('users', json={'name': f'User {number}', 'email': f'u{number}@example.com'})
    users = session.list_all('users', total=True)
    assert len({user['id'] for user in users}) == 250
    offsets = [seen.query['offset'] for seen in pagerduty.requests if seen.method == 'GET']
    assert offsets == [['0'], ['100'], ['200']]


def test_persist_finds_what_it_created(pagerduty):
    session = pagerduty.session()
    values = {'email': 'user123@example.com', 'name': 'User McUserson'}
    created = session.persist('users', 'email', values, update=True)
    again = session.persist('users', 'email', values, update=True)
    assert created['id'] == again['id']
    assert [seen.method for seen in pagerduty.requests] == ['GET', 'POST', 'GET']


def test_request_is_retried_after_a_429_fault(pagerduty, sleeps):
    pagerduty.faults.next(2, status=429, reset=2)
    assert pagerduty.session().rget('users/me', headers={
        'Authorization': f'Token token={pagerduty.user_key}'
    })['email'] == pagerduty.email  # fmt: skip
    assert [seen.status for seen in pagerduty.requests] == [429, 429, 200]
    assert len(sleeps) == 2
