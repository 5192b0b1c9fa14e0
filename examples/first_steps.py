"""The first steps with pdpyras, on a PagerDuty of your own or on the sandbox.

    python examples/first_steps.py

Without a key, this starts the sandbox in its own process and walks through the library's main job.
With one, it talks to PagerDuty and only reads:

    PAGERDUTY_API_KEY=… python examples/first_steps.py

Set PAGERDUTY_FROM (your login e-mail) and PAGERDUTY_ROUTING_KEY as well, and pass --write, to let
it create a user, open an incident and close it again. PAGERDUTY_URL and PAGERDUTY_EVENTS_URL name
another service region.
"""

import argparse
import logging
import os
import sys
import time

from tqdm import tqdm

import pdpyras

NEW_USERS = 250


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--write', action='store_true', help='let it change your account, too (needs a real key)'
    )
    options = parser.parse_args()
    # The library says through logging what it waits for.
    logging.basicConfig(format='    (%(message)s)', stream=sys.stdout)
    logging.getLogger('pdpyras').setLevel(logging.INFO)
    if os.environ.get('PAGERDUTY_API_KEY'):
        on_your_account(options.write)
    elif options.write:
        parser.error('--write changes your own account: set PAGERDUTY_API_KEY, or leave it out')
    else:
        on_the_sandbox()


def on_your_account(may_write):
    environment = os.environ.get
    session = pdpyras.APISession(
        environment('PAGERDUTY_API_KEY'),
        default_from=environment('PAGERDUTY_FROM'),
        base_url=environment('PAGERDUTY_URL'),
    )
    step('Your account is {}.pagerduty.com', session.subdomain)
    list_users(session)
    handle_not_found(session)
    routing_key = environment('PAGERDUTY_ROUTING_KEY')
    if may_write and routing_key:
        events = pdpyras.EventsAPISession(routing_key, base_url=environment('PAGERDUTY_EVENTS_URL'))
        find_and_persist(session)
        open_and_close_an_incident(session, events)
    elif may_write:
        step('Nothing was changed: set PAGERDUTY_ROUTING_KEY as well')
    report(session)


def on_the_sandbox():
    try:
        from pdpyras_sandbox import Sandbox
    except ImportError as error:
        sys.exit(
            'The sandbox is not installed ({}): pip install -e ".[examples]" in the checkout. '
            'It needs Python 3.9 or newer.'.format(error)
        )
    with Sandbox() as sandbox:
        step('No PAGERDUTY_API_KEY is set, so here is a PagerDuty of your own: {}', sandbox.url)
        session = pdpyras.APISession(
            sandbox.api_key, default_from=sandbox.email, base_url=sandbox.url
        )
        events = pdpyras.EventsAPISession(sandbox.routing_key, base_url=sandbox.url)
        create_users(session)
        list_users(session)
        find_and_persist(session)
        open_and_close_an_incident(session, events)
        handle_not_found(session)
        survive_the_rate_limit(session, sandbox)
        report(session)


def create_users(session):
    step('Creating {} users, one by one: session.rpost("users", json={{…}})', NEW_USERS)
    for number in tqdm(range(NEW_USERS), unit=' users', file=sys.stdout):
        name = 'Newcomer {:03d}'.format(number)
        email = 'newcomer.{:03d}@example.com'.format(number)
        session.rpost('users', json={'type': 'user', 'name': name, 'email': email})


def list_users(session):
    step('Listing them all, page by page: session.list_all("users", item_hook=…)')
    with tqdm(unit=' users', file=sys.stdout) as bar:

        def show_progress(user, number, total):
            bar.total = None if total == '?' else total
            bar.update()

        users = session.list_all('users', total=True, item_hook=show_progress)
    print('    {} users; the first is {}'.format(len(users), users[0]['name'] if users else 'none'))


def find_and_persist(session):
    step('Finding one by e-mail, or creating it: session.persist("users", "email", {{…}})')
    wanted = {'type': 'user', 'name': 'Jane Doe', 'email': 'jane.doe@example.com'}
    for title in ('Engineer', 'Engineer', 'Principal Engineer'):
        calls = session.total_call_count
        user = session.persist('users', 'email', dict(wanted, job_title=title), update=True)
        made = session.total_call_count - calls
        print('    {} is {} now ({} requests)'.format(user['name'], user['job_title'], made))
    found = session.find('users', 'jane.doe@example.com', attribute='email')
    print('    session.find("users", …) gives {}'.format(found['self']))


def open_and_close_an_incident(session, events):
    step('Triggering an alert: events.trigger("Server is on fire", source=…)')
    dedup_key = events.trigger('Server is on fire', 'dusty.old.server.net')
    print('    its deduplication key is {}'.format(dedup_key))

    incident = incident_of(session, dedup_key)
    if incident is None:
        print('    its incident is not there yet; it is resolved all the same')
        events.resolve(dedup_key)
        return
    print('    incident {} is {}'.format(incident['incident_number'], incident['status']))

    step('Acknowledging it by multi-update: session.rput("incidents", json=[…])')
    acknowledged = {'id': incident['id'], 'type': 'incident_reference', 'status': 'acknowledged'}
    incident = session.rput('incidents', json=[acknowledged])[0]
    print('    incident {} is {}'.format(incident['incident_number'], incident['status']))

    step('Resolving the alert, and its incident with it: events.resolve(dedup_key)')
    events.resolve(dedup_key)
    incident = session.rget(incident)
    print('    incident {} is {}'.format(incident['incident_number'], incident['status']))


def incident_of(session, dedup_key, patience=10):
    """The incident that an alert belongs to; PagerDuty takes a moment to open it."""
    for _ in range(patience):
        found = session.list_all('incidents', params={'incident_key': dedup_key})
        if found:
            return found[0]
        time.sleep(1)
    return None


def handle_not_found(session):
    step('Asking for a user who is not there: session.rget("users/PNOBODY")')
    try:
        session.rget('users/PNOBODY')
    except pdpyras.PDHTTPError as error:
        if error.status_code != 404:
            raise
        print('    User not found: code {}, errors {}'.format(error.code, error.errors))


def survive_the_rate_limit(session, sandbox):
    step('Running into the rate limit; the sandbox refuses the next request for a second')
    sandbox.faults.next(1, status=429, reset=1)
    users = session.rget('users', params={'limit': 1})
    print('    {} user came all the same, after the wait'.format(len(users)))


def report(session):
    step('That was all. The session made these requests:')
    for endpoint, count in sorted(session.api_call_counts.items()):
        print('    {:5d} x {}'.format(count, endpoint))


def step(title, *details):
    print('\n* ' + title.format(*details), flush=True)


if __name__ == '__main__':
    main()
