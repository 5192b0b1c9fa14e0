"""Facts about a key, or the reason why the API rejects it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, List, Optional, Tuple

from pdpyras_extras.cli.connection import REGIONS, TOKEN_PREFIXES, Connection
from pdpyras_extras.cli.failures import not_empty

if TYPE_CHECKING:
    import pdpyras

#: Shapes of what people take for an API key, and what to do instead; the first that fits counts.
MISTAKES = (
    (
        r'(?i)(token|bearer|basic)[ =]',
        'It contains the whole header. Pass only the part after "token=".',
    ),
    (r'["\']', 'It is in quotation marks, which are not part of the key.'),
    (r'\S+\s', 'It contains white space. Copy it again.'),
    (
        r'[0-9A-Za-z]{32}$',
        'It looks like a routing key, which is only for events: set PAGERDUTY_ROUTING_KEY to it. '
        'The REST API needs an API key.',
    ),
)

EXPIRED = (
    'It looks like an OAuth token, and these expire or are revoked. Get a new one from the app '
    'that issued it.'
)
REVOKED = (
    'This key does not exist: it was revoked, or is incomplete. Create a key in PagerDuty under '
    'Integrations > API Access Keys, or in your profile under User Settings.'
)

#: The statuses of GET /users/me for a valid key: an account key gets 400, and a token without
#: access to users 403.
ACCEPTED = (200, 400, 403)


def describe(session: pdpyras.APISession) -> List[Tuple[str, str]]:
    """Return facts about the key of a session, each with its name.

    :raises PDHTTPError: if the API rejects the key.
    """
    import pdpyras

    access = session.api_key_access
    if access is None:
        not_empty(session.rget('/users/me'), '/users/me')
    is_token = session.auth_type == 'bearer'
    kind = 'OAuth token' if is_token else 'API key'
    facts = [
        (
            'key',
            f'{kind} of {"a user" if access == "user" else "the account"}, {session.trunc_key}',
        ),
        ('region', region_name(session.url) or f'not a region of PagerDuty: {session.url}'),
    ]
    try:
        facts.append(('account', f'{session.subdomain}.pagerduty.com'))
    except pdpyras.PDClientError as error:
        # A key without access to users is valid nevertheless. A network error has a cause.
        if error.__cause__ is not None:
            raise
    if access == 'user':
        user = not_empty(session.rget('/users/me'), '/users/me')
        facts.append(('user', f'{user["name"]} <{user["email"]}>'))
        facts += [(name, str(user[name])) for name in ('id', 'role', 'time_zone') if user.get(name)]
    return facts


def region_name(url: str) -> Optional[str]:
    return next((name for name, region in REGIONS.items() if region.rest == url), None)


def mistake_in(key: str) -> Optional[str]:
    """Return what is wrong with the look of a key, and what to do."""
    return next((advice for shape, advice in MISTAKES if re.match(shape, key)), None)


def why_rejected(connection: Connection, key: str) -> str:
    """Return why the API does not accept a key, and what to do.

    A key that looks valid is tried in the other region as well.
    """
    mistake = mistake_in(key)
    if mistake:
        return mistake
    reason = EXPIRED if key.startswith(TOKEN_PREFIXES) else REVOKED
    here = region_name(connection.rest_url)
    others = [name for name in REGIONS if name != here] if here else []
    for region in others:
        status = _status_in(connection, region)
        if status in ACCEPTED:
            return (
                f'It belongs to the service region {region}: pass --region {region}, or set '
                f'PAGERDUTY_REGION={region}.'
            )
        if status != 401:
            return (
                f'It may belong to the service region {region}, which could not be checked. If it '
                f'does not: {reason}'
            )
    return reason


def _status_in(connection: Connection, region: str) -> Optional[int]:
    """Return the status of a request with the key in another region, or None if it fails."""
    import pdpyras

    with connection.api(REGIONS[region].rest) as session:
        try:
            return session.get('/users/me').status_code
        except pdpyras.PDHTTPError as error:
            return error.status_code
        except pdpyras.PDClientError:
            return None
