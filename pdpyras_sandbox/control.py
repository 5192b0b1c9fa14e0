"""The control API of the sandbox, under a path that PagerDuty does not have.

``GET /_sandbox`` returns the keys; ``/_sandbox/faults`` lists (GET), adds (POST) and clears
(DELETE) faults; ``/_sandbox/clock`` shows (GET) and advances (POST) the clock; ``GET
/_sandbox/requests``, ``GET /_sandbox/events`` and ``GET /_sandbox/webhooks`` list the requests and
events received and the webhooks sent; ``/_sandbox/dump`` (GET) and ``/_sandbox/load`` (POST) return
and replace the account; ``POST /_sandbox/reset`` resets it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from pdpyras_sandbox.account import KEYS
from pdpyras_sandbox.decoding import decoded_or_none
from pdpyras_sandbox.dump import dump
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.masking import Mask
from pdpyras_sandbox.timeouts import pending_actions
from pdpyras_sandbox.traffic import Request

if TYPE_CHECKING:
    from pdpyras_sandbox.account import Account
    from pdpyras_sandbox.server import State


def control(state: State) -> Blueprint:
    """Return the control API of a sandbox as a Flask blueprint."""
    blueprint = Blueprint('control', __name__, url_prefix='/_sandbox')

    @blueprint.get('')
    def describe() -> Response:
        return jsonify(
            url=request.host_url.rstrip('/'),
            email=state.account.keys['email'],
            **keys_of(state),
        )

    @blueprint.get('/requests')
    def list_requests() -> Response:
        keys = keys_of(state).values()
        return jsonify(requests=[shown(seen, Mask(seen, keys)) for seen in state.traffic.all()])

    @blueprint.get('/faults')
    def list_faults() -> Response:
        return jsonify(faults=state.faults.pending)

    @blueprint.post('/faults')
    def add_fault() -> Response:
        options = body()
        if options is None:
            return error_response('The body must be a JSON object that describes a fault')
        try:
            state.faults.next(**options)
        except (TypeError, ValueError) as error:
            return error_response(str(error))
        return with_status(jsonify(faults=state.faults.pending), 201)

    @blueprint.delete('/faults')
    def clear_faults() -> Response:
        state.faults.clear()
        return Response(status=204)

    @blueprint.get('/clock')
    def show_clock() -> Response:
        return jsonify(clock_of(state.account))

    @blueprint.post('/clock')
    def advance_clock() -> Response:
        duration = body()
        if duration is None:
            return error_response('The body must be a JSON object such as {"minutes": 30}')
        try:
            state.account.clock.advance(**duration)
        except ValueError as error:
            return error_response(str(error))
        return jsonify(clock_of(state.account))

    @blueprint.get('/events')
    def list_events() -> Response:
        with state.account.store.lock:
            return jsonify(events=state.account.events)

    @blueprint.get('/webhooks')
    def list_webhooks() -> Response:
        return jsonify(
            subscriptions=state.webhooks.subscriptions, deliveries=state.webhooks.deliveries
        )

    @blueprint.get('/dump')
    def dump_account() -> Response:
        return jsonify(dump(state.account))

    @blueprint.post('/load')
    def load_account() -> Response:
        try:
            state.load(body())
        except ValueError as error:
            return error_response(str(error))
        return Response(status=204)

    @blueprint.post('/reset')
    def reset() -> Response:
        state.reset()
        return Response(status=204)

    return blueprint


def error_response(reason: str, status: int = 400) -> Response:
    return with_status(jsonify(error=reason), status)


def with_status(response: Response, status: int) -> Response:
    response.status_code = status
    return response


def body() -> Record | None:
    """Return the JSON object in the body of the request; None if the body is anything else."""
    content = decoded_or_none(request.get_data())
    return content if isinstance(content, dict) else None


def clock_of(account: Account) -> Record:
    with account.store.lock:
        account.clock.catch_up()
        return {
            'now': account.clock.timestamp(),
            'ahead_seconds': account.clock.ahead.total_seconds(),
            'pending_actions': pending_actions(account.store),
        }


def keys_of(state: State) -> Record:
    return {name: state.account.keys[name] for name in KEYS}


def shown(seen: Request, mask: Mask) -> Record:
    return {
        'number': seen.number,
        'method': seen.method,
        'path': mask.text(seen.path),
        'query': mask.value(seen.query),
        'headers': dict(mask.pairs(seen.headers.items())),
        'json': mask.value(seen.json),
        'status': seen.status,
    }
