"""A script looks for incidents that somebody acknowledged and then forgot."""


def forgotten(session):
    """Incidents that are triggered although somebody has acknowledged them before."""
    for incident in session.iter_all('incidents', params={'statuses': ['triggered']}):
        entries = session.list_all('incidents/{}/log_entries'.format(incident['id']))
        if any(entry['type'] == 'acknowledge_log_entry' for entry in entries):
            yield incident['title']


def test_an_acknowledgement_that_ran_out_is_reported(pagerduty):
    key = pagerduty.events().trigger('Disk full', 'db1')
    pagerduty.events().acknowledge(key)
    assert list(forgotten(pagerduty.session())) == []
    pagerduty.clock.advance(minutes=30)
    assert list(forgotten(pagerduty.session())) == ['Disk full']
