"""Acknowledge the incidents of a user."""


def take_over(session, email):
    """Acknowledge a user's triggered incidents on their behalf, and return the titles."""
    user = session.find('users', email, attribute='email')
    if user is None:
        raise LookupError('There is no user ' + email)
    incidents = session.list_all(
        'incidents', params={'user_ids': [user['id']], 'statuses': ['triggered']}
    )
    if incidents:
        updates = [
            {'id': incident['id'], 'type': 'incident_reference', 'status': 'acknowledged'}
            for incident in incidents
        ]
        session.rput('incidents', json=updates, headers={'From': email})
    return [incident['title'] for incident in incidents]
