"""The page at ``/``: what is in the account, and what came in."""

from flask import Blueprint


def page(state):
    blueprint = Blueprint('page', __name__)

    @blueprint.get('/')
    def look():
        return 'pdpyras_sandbox'

    return blueprint
