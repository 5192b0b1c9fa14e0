"""The sandbox that the fixture ``pagerduty`` returns, with sessions that are ready for use."""

from __future__ import annotations

from typing import Any

import pdpyras
from pdpyras_sandbox.server import Sandbox


class PagerDuty(Sandbox):
    """A sandbox that creates sessions for its account."""

    def session(self, **options: Any) -> pdpyras.APISession:
        """Return a REST session with the account key, which acts as the account's owner."""
        options = {'default_from': self.email, 'base_url': self.url, **options}
        return pdpyras.APISession(self.api_key, **options)

    def events(self, **options: Any) -> pdpyras.EventsAPISession:
        """Return a session that sends alert events to the account's service."""
        return pdpyras.EventsAPISession(self.routing_key, base_url=self.url, **options)

    def change_events(self, **options: Any) -> pdpyras.ChangeEventsAPISession:
        """Return a session that sends change events to the account's service."""
        return pdpyras.ChangeEventsAPISession(self.routing_key, base_url=self.url, **options)
