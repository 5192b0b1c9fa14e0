"""A local OAuth server based on Authlib, configured as PagerDuty documents its own.

It accepts the secret in the form only, requires PKCE of clients without one, replaces refresh
tokens, and leaves out scopes that it does not know.
"""

import threading
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import Flask, request
from werkzeug.serving import make_server

KNOWN_SCOPES = {'read', 'write', 'incidents.read', 'services.read', 'as_account-eu.acme'}
REDIRECT_URI = 'https://app.example.com/callback'


class Client(ClientMixin):
    def __init__(self, client_id, secret):
        self.client_id = client_id
        self.secret = secret

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return REDIRECT_URI

    def get_allowed_scope(self, scope):
        return ' '.join(['openid'] + [name for name in scope.split() if name in KNOWN_SCOPES])

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == REDIRECT_URI

    def check_client_secret(self, client_secret):
        return self.secret is not None and client_secret == self.secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method == ('none' if self.secret is None else 'client_secret_post')

    def check_response_type(self, response_type):
        return response_type == 'code'

    def check_grant_type(self, grant_type):
        return True


class Code:
    def __init__(self, code, asked, user):
        self.code = code
        self.user = user
        self.scope = asked.scope
        self.redirect_uri = asked.redirect_uri
        self.code_challenge = asked.data.get('code_challenge')
        self.code_challenge_method = asked.data.get('code_challenge_method')
        self.expires_at = time.time() + 30

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope


class Token(TokenMixin):
    def __init__(self, token, client):
        self.client = client
        self.scope = token['scope']

    def check_client(self, client):
        return client is self.client

    def get_scope(self):
        return self.scope


class Server:
    """The server; ``requests`` has the form and Authorization header of each token request."""

    def __init__(self):
        self.clients = {}
        self.codes = {}
        self.refresh_tokens = {}
        self.access_tokens = []
        self.requests = []
        app = Flask('authorization_server')
        app.config['OAUTH2_REFRESH_TOKEN_GENERATOR'] = True
        oauth = AuthorizationServer(app, self.clients.get, self._save_token)
        for grant, extensions in self._grants():
            oauth.register_grant(grant, extensions)

        @app.route('/oauth/authorize')
        def authorize():
            grant = oauth.get_consent_grant(end_user='Jane')
            return oauth.create_authorization_response(grant_user='Jane', grant=grant)

        @app.route('/oauth/token', methods=['POST'])
        def token():
            self.requests.append((request.form.to_dict(), request.headers.get('Authorization')))
            return oauth.create_token_response()

        self._server = make_server('127.0.0.1', 0, app, threaded=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={'poll_interval': 0.01}
        )
        self._thread.start()
        self.url = 'http://127.0.0.1:{}'.format(self._server.server_port)

    def register(self, client_id, secret):
        self.clients[client_id] = Client(client_id, secret)

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _save_token(self, token, asked):
        self.access_tokens.append(token['access_token'])
        if 'refresh_token' in token:
            self.refresh_tokens[token['refresh_token']] = Token(token, asked.client)

    def _grants(self):
        server = self

        class CodeGrant(grants.AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ['client_secret_post', 'client_secret_basic', 'none']

            def save_authorization_code(self, code, asked):
                server.codes[code] = Code(code, asked.payload, asked.user)

            def query_authorization_code(self, code, client):
                known = server.codes.get(code)
                return known if known and time.time() < known.expires_at else None

            def delete_authorization_code(self, authorization_code):
                del server.codes[authorization_code.code]

            def authenticate_user(self, authorization_code):
                return authorization_code.user

        class RefreshGrant(grants.RefreshTokenGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ['client_secret_post', 'client_secret_basic', 'none']
            INCLUDE_NEW_REFRESH_TOKEN = True

            def authenticate_refresh_token(self, refresh_token):
                return server.refresh_tokens.pop(refresh_token, None)

            def authenticate_user(self, refresh_token):
                return 'Jane'

            def revoke_old_credential(self, refresh_token):
                """Do nothing, because authenticate_refresh_token() has removed it."""

        class AppGrant(grants.ClientCredentialsGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ['client_secret_post', 'client_secret_basic']

        return [(CodeGrant, [CodeChallenge(required=True)]), (RefreshGrant, []), (AppGrant, [])]
