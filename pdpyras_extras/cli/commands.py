"""The command ``pdpyras`` with all of its commands."""

from pdpyras_extras.cli import event_commands, incident_commands, other_commands, rest_commands
from pdpyras_extras.cli.group import COMPLETION, cli

__all__ = [
    'COMPLETION',
    'cli',
    'event_commands',
    'incident_commands',
    'other_commands',
    'rest_commands',
]
