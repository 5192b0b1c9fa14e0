"""The WSGI application: routes for all documented operations, and the checks they share."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from flask import Flask, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

# Imported because they register handlers.
from pdpyras_sandbox import (  # noqa: F401
    custom_fields,
    dependencies,
    directory,
    incident_types,
    incidents,
    oncalls,
    orchestrations,
    status_pages,
    subscriptions,
    webhooks,
)
from pdpyras_sandbox.access import Access, is_sandbox_path
from pdpyras_sandbox.call import Call
from pdpyras_sandbox.control import control
from pdpyras_sandbox.cors import allow_any_origin
from pdpyras_sandbox.decoding import decoded, decoded_or_none
from pdpyras_sandbox.errors import (
    STANDARD,
    ApiError,
    KeyedError,
    access_denied,
    authentication_failed,
    event_too_large,
    invalid_event,
    invalid_input,
    method_not_allowed,
    not_found,
    rate_limited,
    too_many_events,
)
from pdpyras_sandbox.events import enqueue, enqueue_change
from pdpyras_sandbox.events_v1 import create_event
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.listing import check_query
from pdpyras_sandbox.page import page
from pdpyras_sandbox.received import log_access
from pdpyras_sandbox.resources import respond
from pdpyras_sandbox.routes import METHODS, PagerDutyPath, Routes
from pdpyras_sandbox.shapes import Operation, operations
from pdpyras_sandbox.traffic import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from pdpyras_sandbox.account import Account
    from pdpyras_sandbox.server import State

JSON = 'application/json'
ACCEPTED_VERSION = '2'
#: Generates request IDs, faster than uuid4() and without affecting the program's own random
#: numbers.
REQUEST_IDS = Random()
#: The maximum size of an event in bytes; PagerDuty documents 512 KB.
MAXIMUM_EVENT = 512 * 1024
#: Operations that work without the From header that PagerDuty documents as required: Terraform's
#: provider, Ansible and pygerduty create users with an account key and no From header.
FROM_OPTIONAL = ('POST /users',)


def create_app(state: State, access: Access) -> Flask:
    """Return the WSGI application of a sandbox.

    :param access: decides which requests are allowed.
    """
    app = Flask('pdpyras_sandbox', static_folder=None)
    app.url_map.strict_slashes = False
    app.register_blueprint(control(state))
    app.register_blueprint(page(state))
    routes = Routes()
    for operation in operations().values():
        routes.add(operation.method, operation.path, partial(serve, state, operation))
    add_events(routes, state)
    app.url_map.converters['pagerduty'] = PagerDutyPath
    app.add_url_rule(
        '/<pagerduty:path>', view_func=routes.dispatch, methods=METHODS, endpoint='pagerduty'
    )
    add_failures(app)
    app.wsgi_app = Gate(state, access, app)  # type: ignore[method-assign]
    return app


def serve(state: State, operation: Operation, **parameters: str) -> Response:
    """Serve one REST call, with its checks in PagerDuty's order."""
    account = state.account
    with account.store.lock:
        key, user = authenticate(account, request.headers.get('Authorization', ''))
    headers, passes = state.rest_limit.count(key)
    if not passes:
        raise rate_limited(headers)
    g.headers = headers
    check_accept(request.headers.get('Accept', ''))
    check_query(operation, request.args)
    body = read_body(operation)
    sender = user
    with account.store.lock:
        if sender is None:
            sender = sender_of(account, operation, request.headers.get('From'))
        account.clock.catch_up()
        call = Call(
            account,
            operation,
            request.path.rstrip('/'),
            parameters,
            request.args,
            body,
            user,
            sender,
        )
        call.page_fault = g.get('page_fault')
        content = respond(call)
        text = b'' if content is None else encode(content)
    return Response(text, call.status, headers, content_type=JSON if text else None)


def authenticate(account: Account, authorization: str) -> tuple[str, Record | None]:
    """Return the key of a request and the user that it belongs to, None for an account key."""
    scheme, _, credentials = authorization.partition(' ')
    keys = account.keys
    if scheme == 'Token' and credentials.startswith('token='):
        key = credentials[len('token=') :].strip('"')
        if key == keys['api_key']:
            return key, None
        if key == keys['user_key'] and account.owner:
            return key, account.owner
    if scheme == 'Bearer' and credentials == keys['oauth_token'] and account.owner:
        return credentials, account.owner
    raise authentication_failed()


def check_accept(accept: str) -> None:
    version = re.search(r'version\s*=\s*([\w.]+)', accept)
    if version and version.group(1) != ACCEPTED_VERSION:
        raise invalid_input(f'Version {version.group(1)} in the Accept header is not supported')


def sender_of(account: Account, operation: Operation, email: str | None) -> Record | None:
    """Return the user named in the From header."""
    sender = account.user_with_email(email) if email else None
    if operation.needs_from and sender is None and operation.name not in FROM_OPTIONAL:
        problem = f'No user has the email address {email}' if email else 'The header is missing'
        raise invalid_input(
            f"A 'From' header with the email address of a user is required. {problem}"
        )
    return sender


def read_body(operation: Operation) -> Any:
    """Return the decoded body of the request, after checking it against its documented shape."""
    if operation.request is None or operation.method == 'GET':
        return decoded_or_none(request.data)
    if request.data and not request.mimetype.endswith('json'):
        raise invalid_input('Content-Type must be application/json')
    try:
        body = decoded(request.data) if request.data else None
    except ValueError as error:
        raise invalid_input(f'Invalid JSON: {error}') from None
    body = {} if body is None else body
    problems = operation.problems(body)
    if problems:
        raise invalid_input(*problems)
    return body


def encode(content: Any) -> bytes:
    """Encode content as JSON, with the ``self`` links as URLs of this server."""
    base = f'{request.scheme}://{request.host}'
    if request.headers.get('X-Forwarded-Proto') == 'https':
        # A reverse proxy serves HTTPS to the client.
        base = base.replace('http://', 'https://', 1)
    # Quotes inside JSON strings are escaped, so this matches keys only.
    return json.dumps(content).replace('"self": "/', f'"self": "{base}/').encode()


def add_events(routes: Routes, state: State) -> None:
    def receive(
        function: Callable[[Account, Any, float], Record], status: int, limited_status: int = 429
    ) -> Response:
        if len(request.data) > MAXIMUM_EVENT:
            raise event_too_large(MAXIMUM_EVENT)
        event = decoded_or_none(request.data)
        if event is None:
            raise invalid_event('JSON body is missing or invalid')
        if isinstance(event, dict):
            key = event.get('routing_key') or event.get('service_key')
            headers, passes = state.events_limit.count(str(key))
            if not passes:
                raise too_many_events(headers, limited_status)
        with state.account.store.lock:
            state.account.clock.catch_up()
            accepted = function(state.account, event, g.get('lag', 0))
        return Response(json.dumps(accepted), status, content_type=JSON)

    for path, view in (
        ('/v2/enqueue', lambda: receive(enqueue, 202)),
        ('/v2/change/enqueue', lambda: receive(enqueue_change, 202)),
        ('/generic/2010-04-15/create_event.json', lambda: receive(create_event, 200, 403)),
    ):
        routes.add('POST', path, view)


def failure(error: ApiError, headers: dict[str, str] | None = None) -> Response:
    headers = {**(headers or {}), **error.headers}
    return Response(json.dumps(error.body), error.status, headers, content_type=JSON)


def add_failures(app: Flask) -> None:
    @app.errorhandler(ApiError)
    def respond_with(error: ApiError) -> Response:
        if request.path.startswith('/v3/') and '/audit/' not in request.path:
            error = KeyedError(error)
        return failure(error, g.get('headers', {}))

    @app.errorhandler(404)
    def unknown_path(error: HTTPException) -> Response:
        return respond_with(not_found())

    @app.errorhandler(405)
    def wrong_method(error: HTTPException) -> Response:
        return respond_with(method_not_allowed())

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        if isinstance(error, (HTTPException, ConnectionError)):
            raise error
        app.logger.exception('Error in the sandbox')
        return respond_with(ApiError(500, *STANDARD[500], [repr(error)]))


class Gate:
    """Middleware that checks, records and delays requests, and injects faults.

    Requests for the sandbox's own page and control API are neither recorded nor subject to faults.
    """

    def __init__(self, state: State, access: Access, app: Flask) -> None:
        self.state = state
        self.access = access
        self.app = app
        self.inner = app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        problem = self.access.problem(environ)
        if problem is not None:
            return failure(access_denied(problem))(environ, start_response)
        path = environ['PATH_INFO']
        if is_sandbox_path(path):
            try:
                return self.inner(environ, start_response)
            finally:
                if environ['REQUEST_METHOD'] != 'GET':
                    self.state.traffic.notify()
        with self.app.request_context(environ):
            response = self.respond(environ, path)
        return response(environ, start_response)

    def respond(self, environ: WSGIEnvironment, path: str) -> Response:
        request.get_data(cache=True)
        # Recorded before it is served: a client whose connection is dropped may have sent its next
        # request before this thread continues.
        seen = self.seen()
        self.state.traffic.add(seen)
        started = time.monotonic()
        try:
            response = self.dispatch(environ, path)
            response.headers['X-Request-Id'] = f'{REQUEST_IDS.getrandbits(128):032x}'
            if 'Origin' in request.headers:
                allow_any_origin(request, response)
            self.state.traffic.add_response(seen, response)
        finally:
            log_access(seen, time.monotonic() - started)
        return response

    def dispatch(self, environ: WSGIEnvironment, path: str) -> Response:
        if self.state.latency:
            self.state.stopping.wait(self.state.latency)
        fault = self.state.faults.take(request.method, path, request.args)
        if fault is None:
            return self.app.full_dispatch_request()
        connection = environ.get('werkzeug.socket')
        response = fault.response_instead(connection, path)
        if response is None:
            g.page_fault = fault.pages
            g.lag = fault.lag
            response = self.app.full_dispatch_request()
        return fault.apply(response, connection, self.state.stopping)

    def seen(self) -> Request:
        return Request(
            request.method,
            request.path,
            request.args.to_dict(flat=False),
            dict(iter(request.headers)),
            request.get_data(),
            self.state.account.clock.now(),
        )
