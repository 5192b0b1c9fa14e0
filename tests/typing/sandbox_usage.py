"""Use of pdpyras_sandbox in tests, for type checkers. Checked by mypy and pyright, never run."""

from datetime import datetime
from typing import Any, Dict, List, Optional

from typing_extensions import assert_type

import pdpyras
from pdpyras_sandbox import PagerDuty, Sandbox, why_not_here
from pdpyras_sandbox.traffic import Request

assert_type(why_not_here(), Optional[str])

with Sandbox(port=0, seed=1, latency=20, rate_limit=0, state='account.sqlite') as sandbox:
    assert_type(sandbox, Sandbox)
    assert_type(sandbox.url, str)
    assert_type(sandbox.api_key, str)
    assert_type(sandbox.routing_key, str)
    assert_type(sandbox.clock.advance(minutes=30), datetime)
    assert_type(sandbox.dump(), Dict[str, Any])
    sandbox.faults.next(3, status=429, reset=2)
    sandbox.faults.clear()
    sandbox.reset()


def test_a_script(pagerduty: PagerDuty) -> None:
    assert_type(pagerduty.session(), pdpyras.APISession)
    assert_type(pagerduty.events(), pdpyras.EventsAPISession)
    assert_type(pagerduty.change_events(), pdpyras.ChangeEventsAPISession)
    for request in pagerduty.requests:
        assert_type(request, Request)
        assert_type(request.status, Optional[int])
        assert_type(request.query, Dict[str, List[str]])
    pagerduty.requests.assert_sent('POST', '/incidents', json={'incident': {}}, times=1)


with PagerDuty() as made:
    assert_type(made, PagerDuty)
