"""The page at ``/``, which shows the account and its traffic, and has buttons to change them.

The page is static. Its script reads ``/_sandbox/live`` and sends requests to ``/_sandbox`` only,
which are not recorded and not affected by faults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, send_from_directory

from pdpyras_sandbox.account import reference
from pdpyras_sandbox.control import body, error_response, with_status
from pdpyras_sandbox.errors import ApiError
from pdpyras_sandbox.events import enqueue
from pdpyras_sandbox.incidents import Incidents, change_status
from pdpyras_sandbox.live import details, row_of, timeline, updates

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from pdpyras_sandbox.server import State

#: Allows files of and connections to the sandbox only, and no framing of the page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
STATUSES = ('acknowledged', 'resolved')


def page(state: State) -> Blueprint:
    """Return the page of a sandbox as a Flask blueprint."""
    blueprint = Blueprint('page', __name__)

    @blueprint.after_request
    def protect(response: AnyResponse) -> AnyResponse:
        response.headers['Content-Security-Policy'] = POLICY
        response.headers['X-Content-Type-Options'] = 'nosniff'
        response.headers['Referrer-Policy'] = 'no-referrer'
        response.headers['Cache-Control'] = 'no-store'
        return response

    @blueprint.get('/')
    def show_page() -> AnyResponse:
        return send_from_directory('static', 'page.html')

    @blueprint.get('/favicon.ico')
    def show_icon() -> AnyResponse:
        return send_from_directory('static', 'icon.svg')

    @blueprint.get('/_sandbox/page/<name>')
    def show_file(name: str) -> AnyResponse:
        return send_from_directory('static', name)

    @blueprint.get('/_sandbox/live')
    def stream_updates() -> AnyResponse:
        # The response has no length, so it ends with the connection.
        headers = {'Connection': 'close'}
        return Response(updates(state), headers=headers, mimetype='text/event-stream')

    @blueprint.get('/_sandbox/requests/<int:number>')
    def show_request(number: int) -> AnyResponse:
        seen = state.traffic.get(number)
        if seen is None:
            return error_response('This request is no longer stored', 404)
        return jsonify(details(state.account, seen))

    @blueprint.get('/_sandbox/incidents/<incident_id>')
    def show_incident(incident_id: str) -> AnyResponse:
        account = state.account
        with account.store.lock:
            incident = account.store.get('/incidents/' + incident_id)
            if incident is None:
                return error_response('This incident does not exist', 404)
            return jsonify(**row_of(account, incident), timeline=timeline(account, incident))

    @blueprint.put('/_sandbox/incidents/<incident_id>')
    def change_incident(incident_id: str) -> AnyResponse:
        status = (body() or {}).get('status')
        if status not in STATUSES:
            return error_response('status must be one of: {}'.format(', '.join(STATUSES)))
        account = state.account
        with account.store.lock:
            account.clock.catch_up()
            incident = account.store.get('/incidents/' + incident_id)
            if incident is None:
                return error_response('This incident does not exist', 404)
            agent = reference(account.owner) if account.owner else incident['service']
            if status != incident['status']:
                change_status(Incidents(account, agent, {'type': 'website'}), incident, status)
            return jsonify(row_of(account, incident))

    @blueprint.post('/_sandbox/events')
    def send_event() -> AnyResponse:
        event = body()
        if event is None:
            return error_response('The body must be an event in the format of /v2/enqueue')
        account = state.account
        with account.store.lock:
            account.clock.catch_up()
            accepted = enqueue(account, {'routing_key': account.keys['routing_key'], **event})
        return with_status(jsonify(accepted), 202)

    @blueprint.errorhandler(ApiError)
    def handle(error: ApiError) -> AnyResponse:
        return error_response('; '.join(error.errors) or error.message, error.status)

    return blueprint
