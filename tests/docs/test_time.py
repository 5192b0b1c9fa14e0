"""Find incidents that were acknowledged and then forgotten."""


def forgotten(session):
    """Yield the titles of triggered incidents that were acknowledged before."""
    for incident in session.iter_all('incidents', params={'statuses': ['triggered']}):
        entries = session.list_all('incidents/{}/log_entries'.format(incident['id']))
        if any(entry['type'] == 'acknowledge_log_entry' for entry in entries):
            yield incident['title']


def test_an_expired_acknowledgement_is_reported(pagerduty):
    key = pagerduty.events().trigger('Disk full', 'db1')
    pagerduty.events().acknowledge(key)
    assert list(forgotten(pagerduty.session())) == []
    pagerduty.clock.advance(minutes=30)
    assert list(forgotten(pagerduty.session())) == ['Disk full']
