"""The sandbox's own API, below a path that PagerDuty does not have.

``GET /_sandbox`` tells the keys; ``/_sandbox/faults`` lists (GET), takes (POST) and clears (DELETE)
faults; ``GET /_sandbox/requests`` lists what was received; ``POST /_sandbox/reset`` starts afresh.
"""

from flask import Blueprint, jsonify, request

from pdpyras_sandbox.decoding import decoded


def control(state):
    """The control API of a sandbox, as a Flask blueprint."""
    blueprint = Blueprint('control', __name__, url_prefix='/_sandbox')

    @blueprint.get('')
    def describe():
        return jsonify(
            url=request.host_url.rstrip('/'),
            email=state.account.keys['email'],
            **keys_of(state),
        )

    @blueprint.get('/requests')
    def list_requests():
        return jsonify(requests=[shown(seen) for seen in state.traffic.list()])

    @blueprint.get('/faults')
    def list_faults():
        return jsonify(faults=state.faults.pending)

    @blueprint.post('/faults')
    def add_fault():
        try:
            options = decoded(request.get_data())
        except ValueError:
            options = None
        if not isinstance(options, dict):
            return jsonify(error='The body must be a JSON object that describes a fault'), 400
        try:
            state.faults.next(**options)
        except (TypeError, ValueError) as error:
            return jsonify(error=str(error)), 400
        return jsonify(faults=state.faults.pending), 201

    @blueprint.delete('/faults')
    def clear_faults():
        state.faults.clear()
        return '', 204

    @blueprint.post('/reset')
    def reset():
        state.reset()
        return '', 204

    return blueprint


def keys_of(state):
    names = ('api_key', 'user_key', 'oauth_token', 'routing_key')
    return {name: state.account.keys[name] for name in names}


def shown(seen):
    return {
        'method': seen.method,
        'path': seen.path,
        'query': seen.query,
        'headers': {**seen.headers, 'Authorization': '(not shown)'},
        'json': seen.json,
        'status': seen.status,
    }
