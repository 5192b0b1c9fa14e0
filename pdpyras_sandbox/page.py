"""The page at ``/``: what is in the account, and what came in."""

from flask import Blueprint, render_template

from pdpyras_sandbox.incidents import OPEN

#: How many rows each table shows.
ROWS = 25


def page(state):
    """The page of a sandbox, as a Flask blueprint."""
    blueprint = Blueprint('page', __name__, template_folder='templates')

    @blueprint.get('/')
    def look():
        account = state.account
        with account.store.lock:
            incidents = [shown(account, i) for i in account.store.list('/incidents')]
            html = render_template(
                'page.html',
                keys=account.keys,
                email=account.keys['email'],
                counts=counts(account.store),
                incidents=latest([i for i in incidents if i['status'] in OPEN]),
                events=latest(account.events),
                requests=latest(state.traffic.list()),
            )
        # JSON can escape halves of characters, which no encoding has.
        return html.encode(errors='replace')

    return blueprint


def latest(rows):
    return rows[: -ROWS - 1 : -1]


def counts(store):
    names = ('users', 'teams', 'services', 'schedules', 'incidents')
    return {name: len(store.list('/' + name)) for name in names}


def shown(account, incident):
    """An incident with names in place of references."""
    assignees = [name_of(account, a['assignee']) for a in incident['assignments']]
    service = name_of(account, incident['service'])
    return {**incident, 'service': service, 'assignees': ', '.join(assignees)}


def name_of(account, reference):
    record = account.store.find(reference['id'])
    return record['name'] if record else reference['id']
