"""Options and arguments that several commands have."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Tuple, TypeVar

import click
from click.shell_completion import CompletionItem

from pdpyras_extras.cli import operations

_F = TypeVar('_F', bound=Callable[..., Any])


# Types of options and arguments


def moment(value: str) -> datetime:
    """Parse a point in time: ISO 8601 with its offset from UTC."""
    # Python older than 3.11 does not read "Z", "+0000" and fractions of some lengths.
    text = re.sub(r'([+-]\d\d)(\d\d)$', r'\1:\2', value.upper().replace('Z', '+00:00'))
    text = re.sub(r'\.(\d+)', lambda found: f'.{found[1]:0<6.6}', text)
    try:
        parsed = datetime.fromisoformat(text)
        if text[10:11] in ('+', '-'):
            raise ValueError('an offset without a time, which was read as the time')
        # Within a day of the years 1 and 9999, UTC may be out of range.
        parsed.astimezone(timezone.utc)
    except (OverflowError, ValueError):
        raise click.BadParameter(f'{value!r} is not a time such as 2026-01-31T00:00Z.') from None
    if parsed.tzinfo is None:
        in_utc = f'{parsed.isoformat()}Z'
        raise click.BadParameter(f'{value!r} has no time zone. For UTC, it is {in_utc}.')
    return parsed


def utf_8(value: str) -> str:
    """Reject text that UTF-8 cannot encode, such as an argument in another encoding."""
    try:
        value.encode()
    except UnicodeEncodeError:
        encoding = sys.getfilesystemencoding()
        raise click.BadParameter(f'{value!r} is not text in {encoding}.') from None
    return value


def escaped(value: str) -> str:
    """Escape what UTF-8 cannot encode: an alert must not be lost because of it."""
    return value.encode(errors='backslashreplace').decode()


#: Query parameters that end with "[]" in all operations of PagerDuty's OpenAPI document that have
#: them. Without the brackets, the API ignores them.
ARRAY_PARAMETERS = {
    'actions', 'additional_details', 'additional_fields', 'escalation_policy_ids', 'include',
    'integration_ids', 'root_resource_types', 'schedule_ids', 'service_ids', 'statuses', 'team_ids',
    'urgencies', 'user_ids',
}  # fmt: skip


def _params(
    context: click.Context, parameter: click.Parameter, texts: Tuple[str, ...]
) -> Dict[str, Any]:
    """Return the query parameters; those that are arrays get their brackets."""
    names = [text.partition('=')[0] for text in texts]
    texts = tuple(
        f'{name}[]{text[len(name) :]}' if name in ARRAY_PARAMETERS else text
        for name, text in zip(names, texts)
    )
    return _pairs(context, parameter, texts)


def _pairs(
    context: click.Context, parameter: click.Parameter, texts: Tuple[str, ...]
) -> Dict[str, Any]:
    """Return a dict of NAME=VALUE arguments; a name that is repeated has a list."""
    values: Dict[str, List[str]] = {}
    for text in texts:
        name, separator, value = text.partition('=')
        if not (name and separator):
            raise click.BadParameter(f'{text!r} is not of the form NAME=VALUE.')
        values.setdefault(name, []).append(value)
    return {
        name: found if len(found) > 1 or name.endswith('[]') else found[0]
        for name, found in values.items()
    }


params_option = click.option(
    '--param',
    'params',
    multiple=True,
    type=utf_8,
    metavar='NAME=VALUE',
    callback=_params,
    help='Query parameter; can be repeated, even with the same name.',
)
details_option = click.option(
    '--detail',
    'details',
    multiple=True,
    type=escaped,
    metavar='NAME=VALUE',
    callback=_pairs,
    help='Custom detail; can be repeated.',
)
links_option = click.option(
    '--link', 'links', multiple=True, metavar='URL', help='Link to show; can be repeated.'
)


def path_argument(method: str) -> Callable[[_F], _F]:
    """Let a command take a PATH, which shells complete to the paths that have a method."""

    def complete(
        context: click.Context, parameter: click.Parameter, start: str
    ) -> List[CompletionItem]:
        return [CompletionItem(path) for path in operations.paths_from(start, method)]

    return click.argument('path', type=utf_8, shell_complete=complete)
