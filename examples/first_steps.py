"""First steps with pdpyras, against the sandbox or your own PagerDuty account.

    python examples/first_steps.py

Without an API key, this starts the sandbox in its own process and creates, lists, updates and
resolves things in it. With a key, it calls PagerDuty and only reads:

    PAGERDUTY_API_KEY=… python examples/first_steps.py

To let it create a user and open and resolve an incident in your account, pass --write, and also set
PAGERDUTY_FROM (your login e-mail address) and PAGERDUTY_ROUTING_KEY. For a service region outside
the US, set PAGERDUTY_URL and PAGERDUTY_EVENTS_URL.
"""

import argparse
import logging
import os
import sys
import time

try:
    from tqdm import tqdm

    import pdpyras
except ImportError as error:
    sys.exit('{}. In the checkout, run: pip install -e ".[examples]"'.format(error))

NEW_USERS = 250
NEXT_STEP = """
Next: start a sandbox to experiment with, and open its page at http://127.0.0.1:8080

    {python} -m pdpyras_sandbox --seed 1

docs/quickstart.rst continues from there."""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--write', action='store_true', help='also change things in your account (needs a key)'
    )
    options = parser.parse_args()
    # The library logs each wait before a retry.
    logging.basicConfig(format='    (%(message)s)', stream=sys.stdout)
    logging.getLogger('pdpyras').setLevel(logging.INFO)
    if options.write and not os.environ.get('PAGERDUTY_API_KEY'):
        parser.error('--write changes your own account: set PAGERDUTY_API_KEY, or omit --write')
    try:
        if os.environ.get('PAGERDUTY_API_KEY'):
            on_your_account(options.write)
        else:
            on_the_sandbox()
    except pdpyras.PDHTTPError as error:
        sys.exit('\n{}'.format(error))
    except pdpyras.PDClientError as error:
        sys.exit(
            '\n{}\nCheck the network and the proxy settings. Without PAGERDUTY_API_KEY, this uses '
            'the sandbox, and needs no network.'.format(error)
        )
    except (pdpyras.URLError, ValueError) as error:
        sys.exit('\n{}\nCheck the variables PAGERDUTY_API_KEY, _URL and _EVENTS_URL.'.format(error))
    print(NEXT_STEP.format(python=sys.executable))


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
        step('Nothing was changed: --write also needs PAGERDUTY_ROUTING_KEY')
    report(session)


def on_the_sandbox():
    try:
        from pdpyras_sandbox import Sandbox
    except ImportError as error:
        sys.exit(
            'Cannot start the sandbox: {}. It needs Python 3.9 or newer; in the checkout, run: '
            'pip install -e ".[examples]"'.format(error)
        )
    with Sandbox() as sandbox:
        step('PAGERDUTY_API_KEY is not set, so this uses a sandbox: {}', sandbox.url)
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
    step('Create {} users: session.rpost("users", json={{…}})', NEW_USERS)
    for number in tqdm(range(NEW_USERS), unit=' users', file=sys.stdout):
        name = 'Newcomer {:03d}'.format(number)
        email = 'newcomer.{:03d}@example.com'.format(number)
        session.rpost('users', json={'type': 'user', 'name': name, 'email': email})


def list_users(session):
    step('List all users, page by page: session.list_all("users", item_hook=…)')
    with tqdm(unit=' users', file=sys.stdout) as bar:

        def show_progress(user, number, total):
            bar.total = None if total == '?' else total
            bar.update()

        users = session.list_all('users', total=True, item_hook=show_progress)
    first = users[0]['name'] if users else 'none'
    print('    {}; the first is {}'.format(counted(len(users), 'user'), first))


def find_and_persist(session):
    step('Create or update a user, by e-mail address: session.persist("users", "email", {{…}})')
    wanted = {'type': 'user', 'name': 'Jane Doe', 'email': 'jane.doe@example.com'}
    for title in ('Engineer', 'Engineer', 'Principal Engineer'):
        calls = session.total_call_count
        user = session.persist('users', 'email', dict(wanted, job_title=title), update=True)
        made = counted(session.total_call_count - calls, 'request')
        print('    job title of {}: {} ({})'.format(user['name'], user['job_title'], made))
    found = session.find('users', 'jane.doe@example.com', attribute='email')
    print('    session.find("users", …) returns {}'.format(found['self']))


def open_and_close_an_incident(session, events):
    step('Trigger an alert: events.trigger("Server is on fire", source=…)')
    dedup_key = events.trigger('Server is on fire', 'dusty.old.server.net')
    print('    deduplication key: {}'.format(dedup_key))

    incident = incident_of(session, dedup_key)
    if incident is None:
        print('    no incident has been opened yet; resolving the alert')
        events.resolve(dedup_key)
        return
    print('    incident {} is {}'.format(incident['incident_number'], incident['status']))

    step('Acknowledge its incident by multi-update: session.rput("incidents", json=[…])')
    acknowledged = {'id': incident['id'], 'type': 'incident_reference', 'status': 'acknowledged'}
    incident = session.rput('incidents', json=[acknowledged])[0]
    print('    incident {} is {}'.format(incident['incident_number'], incident['status']))

    step('Resolve the alert, which also resolves the incident: events.resolve(dedup_key)')
    events.resolve(dedup_key)
    incident = session.rget(incident)
    print('    incident {} is {}'.format(incident['incident_number'], incident['status']))


def incident_of(session, dedup_key, attempts=10):
    """Return the incident of an alert, or None; PagerDuty takes a moment to open it."""
    for _ in range(attempts):
        found = session.list_all('incidents', params={'incident_key': dedup_key})
        if found:
            return found[0]
        time.sleep(1)
    return None


def handle_not_found(session):
    step('Request a user that does not exist: session.rget("users/PNOBODY")')
    try:
        session.rget('users/PNOBODY')
    except pdpyras.PDHTTPError as error:
        if error.status_code != 404:
            raise
        print('    User not found: code {}, errors {}'.format(error.code, error.errors))


def survive_the_rate_limit(session, sandbox):
    step('Hit the rate limit: the sandbox rejects the next request')
    sandbox.faults.next(1, status=429, reset=1)
    users = session.rget('users', params={'limit': 1})
    print('    {} returned after the wait'.format(counted(len(users), 'user')))


def report(session):
    step('Done. The session made these requests:')
    for endpoint, count in sorted(session.api_call_counts.items()):
        print('    {:5d} x {}'.format(count, endpoint))


def counted(number, noun):
    return '{} {}{}'.format(number, noun, '' if number == 1 else 's')


def step(title, *details):
    print('\n* ' + title.format(*details), flush=True)


if __name__ == '__main__':
    main()
