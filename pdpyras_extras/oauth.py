"""Obtain OAuth tokens from PagerDuty, and sessions that renew them.

::

    client = OAuthTokenClient(client_secret, client_id)
    session = client.session('as_account-us.acme incidents.read')

Needs oauthlib, without requests-oauthlib: that logs requests, responses and tokens at DEBUG, and a
filter on its logger would affect the rest of the program. Requests are sent by a session of
:mod:`pdpyras`, which masks secrets and does not follow redirects of a POST.

The methods have the names of those in PagerDuty's own client. See
https://developer.pagerduty.com/docs/oauth-functionality.
"""

import re
import secrets
from datetime import datetime, timedelta, timezone
from typing import Any, NoReturn, Optional, Union
from urllib.parse import urlsplit

from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import MissingTokenError, OAuth2Error, WebApplicationClient

import pdpyras

__all__ = ['OAuthTokenClient']

API_URLS = {'us': None, 'eu': 'https://api.eu.pagerduty.com'}
LOOPBACK = ('localhost', '127.0.0.1', '::1')
#: The scope that names a service region and an account.
ACCOUNT_SCOPE = re.compile(r'as_account-(us|eu)\.[a-z0-9][a-z0-9-]*', re.IGNORECASE)
#: https://www.rfc-editor.org/rfc/rfc7636#section-4.1
CODE_VERIFIER = re.compile(r'[A-Za-z0-9._~-]{43,128}')
#: An access token that a header can carry.
PRINTABLE = re.compile('[!-~]+')
#: Form fields whose values must not be shown.
SECRET_FIELDS = ('client_secret', 'code', 'code_verifier', 'refresh_token')
#: Format of the time of expiration in the tokens of PagerDuty's own client.
DATE_FORMAT = '%Y-%m-%dT%H:%M:%S%z'


class OAuthTokenClient:
    """Obtain and refresh OAuth tokens.

    A token is a dict with the properties of PagerDuty's response, such as ``access_token``,
    ``refresh_token``, ``scope`` and ``expires_in``. If the response has ``expires_in``, as those of
    PagerDuty do, the token also has ``expiration_date``, for :meth:`refresh_client`. To use a token
    without this class, pass it to a session:
    ``pdpyras.APISession(token['access_token'], auth_type='bearer')``.

    Codes and refresh tokens can be used only once, so a request is retried only if the connection
    failed. Logs and exceptions contain no secrets or tokens. A client cannot be pickled, and
    neither can the sessions that :meth:`session` returns.

    All methods that request a token raise :exc:`pdpyras.PDClientError`, without a response, if no
    token is issued or if it lacks a requested scope. PagerDuty leaves out invalid scopes without an
    error.

    :param client_secret: secret of the application. Pass None for an application that cannot keep a
        secret (Classic User OAuth only), and use PKCE. Surrounding white space is stripped.
    :param client_id: ID of the application.
    :param base_url: URL of the identity service.
    :raises ValueError: if the ID or the secret is empty, or the URL does not begin with https.
    """

    #: URL of PagerDuty's identity service.
    url = 'https://identity.pagerduty.com'
    #: :meth:`refresh_client` refreshes a token that expires within this number of seconds. Tokens
    #: of Scoped OAuth expire after one day.
    early_refresh_buffer = 3600

    def __init__(
        self, client_secret: Optional[str], client_id: str, *, base_url: Optional[str] = None
    ) -> None:
        _check('client_id', client_id)
        if client_secret is not None:
            _check('client_secret', client_secret, 'Pass None for a client without a secret.')
            client_secret = client_secret.strip()
        self.client_id = client_id.strip()
        self.url = (base_url or self.url).rstrip('/')
        parts = urlsplit(self.url)
        if parts.scheme != 'https' and parts.hostname not in LOOPBACK:
            raise ValueError(
                'base_url must begin with https://, as the secret is sent there; it is {!r}'.format(
                    self.url
                )
            )
        self._client_secret = client_secret
        self._http = _TokenSession(self.client_id, base_url=self.url)

    def __repr__(self) -> str:
        return 'OAuthTokenClient(client_id={!r}, url={!r})'.format(self.client_id, self.url)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            'An OAuthTokenClient, or a session from its session(), cannot be pickled, because it '
            "holds the client's secret. Create it in each process."
        )

    def __copy__(self) -> 'OAuthTokenClient':
        return self

    def __deepcopy__(self, memo: Any) -> 'OAuthTokenClient':
        return self  # For copies of sessions that refer to it.

    # Tokens of an application

    def session(
        self, scope: str, *, default_from: Optional[str] = None, base_url: Optional[str] = None
    ) -> pdpyras.APISession:
        """Return a session that acts as the application, and replaces its token when it expires.

        :param scope: as for :meth:`get_scoped_app_token`. It determines the session's region.
        :param default_from: as for :class:`pdpyras.APISession`.
        :param base_url: URL of the REST API, if it differs from that of the region.
        :raises ValueError: if the scope names no account; nothing is sent.
        """
        token = self.get_scoped_app_token(scope)
        session = _api_session(token, default_from, base_url or API_URLS[_region(scope)])
        session.on_token_expired = _AppTokenSource(self, scope)
        return session

    def get_scoped_app_token(self, scope: str) -> dict[str, Any]:
        """Obtain a token to act as the application. It has no refresh token: request a new token.

        See https://developer.pagerduty.com/docs/app-oauth-token.

        :param scope: scopes separated by spaces, one of which names the region and the account,
            such as ``as_account-us.acme incidents.read``.
        :raises ValueError: if the scope names no account, or the client has no secret; nothing is
            sent.
        """
        _region(scope)
        self._need_secret('An app token')
        return self.get_new_token(grant_type='client_credentials', scope=scope)

    # Tokens of a user

    def generate_s256_pkce_params(self) -> tuple[str, str]:
        """Return a new code verifier, which you must store, and its code challenge for the URL."""
        verifier = secrets.token_urlsafe(96)  # 128 characters
        return verifier, self.s256_code_challenge(verifier)

    @staticmethod
    def s256_code_challenge(code_verifier: str) -> str:
        """Return the code challenge of a code verifier.

        >>> OAuthTokenClient.s256_code_challenge('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

        :raises ValueError: if it is not a valid verifier (RFC 7636).
        """
        if not isinstance(code_verifier, str) or not CODE_VERIFIER.fullmatch(code_verifier):
            raise ValueError(
                'code_verifier must have 43 to 128 letters, digits or characters of "-._~"; '
                'see generate_s256_pkce_params'
            )
        client = WebApplicationClient('')
        return str(client.create_code_challenge(code_verifier, 'S256'))

    def get_pkce_authorize_url(
        self, scope: str, redirect_uri: str, code_challenge: str, *, state: Optional[str] = None
    ) -> str:
        """Return the URL at which a user authorizes the application, with PKCE.

        PagerDuty then redirects to ``redirect_uri`` with a ``code`` for
        :meth:`get_new_token_from_code_with_pkce`, or with an ``error``.

        :param scope: scopes separated by spaces.
        :param redirect_uri: one of the URIs that are registered for the application.
        :param code_challenge: see :meth:`generate_s256_pkce_params`.
        :param state: a random value that PagerDuty includes in the redirect. Compare the values, to
            reject redirects that somebody else has initiated.
        """
        _check('code_challenge', code_challenge)
        return self._authorize_url(
            scope,
            redirect_uri,
            state,
            [('code_challenge', code_challenge), ('code_challenge_method', 'S256')],
        )

    def authorize_url(self, scope: str, redirect_uri: str, *, state: Optional[str] = None) -> str:
        """Like :meth:`get_pkce_authorize_url` without PKCE, which Scoped OAuth requires."""
        return self._authorize_url(scope, redirect_uri, state, [])

    @classmethod
    def get_authorize_url(
        cls, client_id: str, scope: str, redirect_uri: str, *, state: Optional[str] = None
    ) -> str:
        """Like :meth:`authorize_url`, given a client ID."""
        return cls(None, client_id).authorize_url(scope, redirect_uri, state=state)

    def _authorize_url(
        self, scope: str, redirect_uri: str, state: Optional[str], more: list[tuple[str, str]]
    ) -> str:
        _scopes(scope)
        _check('redirect_uri', redirect_uri)
        parameters = [
            ('client_id', self.client_id),
            ('redirect_uri', redirect_uri),
            ('response_type', 'code'),
            ('scope', scope),
        ]
        if state is not None:
            _check('state', state)
            parameters.append(('state', state))
        return str(add_params_to_uri(self.url + '/oauth/authorize', parameters + more))

    def get_new_token_from_code_with_pkce(
        self, auth_code: str, scope: str, redirect_uri: str, code_verifier: str
    ) -> dict[str, Any]:
        """Exchange a code for a token. A code can be used once, within 30 seconds.

        See https://developer.pagerduty.com/docs/oauth-functionality.

        :param auth_code: the ``code`` in PagerDuty's redirect.
        :param scope: the scopes in the authorization URL, to compare with the granted ones.
        :param redirect_uri: the redirect URI in the authorization URL.
        :param code_verifier: the code verifier for the challenge in the authorization URL.
        :raises ValueError: if an argument is missing or malformed; nothing is sent.
        """
        self.s256_code_challenge(code_verifier)
        return self._exchange(auth_code, scope, redirect_uri, code_verifier=code_verifier)

    def get_new_token_from_code(
        self, auth_code: str, scope: str, redirect_uri: str
    ) -> dict[str, Any]:
        """Like :meth:`get_new_token_from_code_with_pkce` without PKCE."""
        self._need_secret('A token without PKCE')
        return self._exchange(auth_code, scope, redirect_uri)

    def _exchange(
        self, auth_code: str, scope: str, redirect_uri: str, **more: str
    ) -> dict[str, Any]:
        _check('auth_code', auth_code)
        _check('redirect_uri', redirect_uri)
        form = {
            'grant_type': 'authorization_code',
            'code': auth_code.strip(),
            'redirect_uri': redirect_uri,
        }
        return self._request_token(dict(form, **more), _scopes(scope))

    def get_refreshed_token(self, refresh_token: str) -> dict[str, Any]:
        """Exchange a refresh token for a new token, which includes a new refresh token."""
        _check('refresh_token', refresh_token)
        return self.get_new_token(grant_type='refresh_token', refresh_token=refresh_token.strip())

    def refresh_client(
        self,
        access_token: str,
        refresh_token: str,
        expiration_date: Union[str, datetime],
        base_url: Optional[str] = None,
        *,
        default_from: Optional[str] = None,
    ) -> tuple[pdpyras.APISession, Optional[dict[str, Any]]]:
        """Return a session, and the new token if the token was refreshed, otherwise None.

        :param expiration_date: ``expiration_date`` of the token, or an aware datetime. The token is
            refreshed if it expires within :attr:`early_refresh_buffer` seconds.
        :param base_url: URL of the REST API. For the EU region, ``https://api.eu.pagerduty.com``.
        :param default_from: as for :class:`pdpyras.APISession`.
        :raises ValueError: if the date is malformed or has no time zone; nothing is sent.
        """
        buffer = timedelta(seconds=self.early_refresh_buffer)
        if datetime.now(timezone.utc) < _aware(expiration_date) - buffer:
            return _api_session({'access_token': access_token}, default_from, base_url), None
        token = self.get_refreshed_token(refresh_token)
        return _api_session(token, default_from, base_url), token

    # The request

    def get_new_token(self, **form: str) -> dict[str, Any]:
        """Request a token with your own form fields, such as ``grant_type``.

        The client's ID and secret are added.
        """
        _check('grant_type', form.get('grant_type'))
        return self._request_token(form, _scopes(form['scope']) if 'scope' in form else [])

    def _request_token(self, fields: dict[str, str], asked: list[str]) -> dict[str, Any]:
        form = dict(fields, client_id=self.client_id)
        if self._client_secret is not None:
            form['client_secret'] = self._client_secret
        token, problem = self._post(form)
        if problem is None:
            granted = token.get('scope', '').split()
            missing = [scope for scope in asked if scope not in granted]
            if granted and missing:
                problem = (
                    'the token lacks {}. Asked for: {}. Granted: {}. Check the spelling, and the '
                    'scopes of the application.'.format(
                        ' '.join(missing), ' '.join(asked), ' '.join(granted)
                    )
                )
        if problem is not None:
            # Raised here, so that no exception which knows the request is its context.
            hidden = pdpyras._Secrets(*(form.get(name) for name in SECRET_FIELDS))
            shown = hidden.show(problem, 1000)
            raise pdpyras.PDClientError('POST {}/oauth/token: {}'.format(self.url, shown))
        return token

    def _post(self, form: dict[str, str]) -> tuple[dict[str, Any], Optional[str]]:
        """Return a token and None, or what went wrong."""
        try:
            response = self._http.post('/oauth/token', data=form)
        except pdpyras.PDHTTPError as error:
            response = error.response
        except pdpyras.PDClientError as error:
            return {}, str(error).rpartition('/oauth/token: ')[2]
        status = '{} {}'.format(response.status_code, response.reason)
        client = WebApplicationClient(self.client_id)
        try:
            token = dict(client.parse_request_body_response(response.text))
            token.pop('expires_at', None)
            if 'expires_in' in token:
                lifetime = timedelta(seconds=int(token['expires_in']))
                expiration = datetime.now(timezone.utc) + lifetime
                token['expiration_date'] = expiration.strftime(DATE_FORMAT)
        except MissingTokenError:
            token = {}
        except OAuth2Error as error:
            return {}, '{}: {}'.format(status, error)
        except (AttributeError, OverflowError, TypeError, ValueError):
            return {}, '{}, and the response is not that of a token endpoint'.format(status)
        access_token = token.get('access_token')
        is_success = response.status_code // 100 == 2
        if not (is_success and isinstance(access_token, str) and PRINTABLE.fullmatch(access_token)):
            return {}, '{}, and the response holds no token'.format(status)
        scopes = token.pop('scope', None)
        if scopes is not None:
            token['scope'] = ' '.join(scopes)
        return token, None

    def _need_secret(self, what: str) -> None:
        if self._client_secret is None:
            raise ValueError('{} needs a client_secret, and this client has none.'.format(what))


class _TokenSession(pdpyras.PDSession):
    """The session for token requests. The client ID stands for its key, which it does not send."""

    permitted_methods = ('POST',)
    #: A request whose response was lost may have used up the code.
    retry_unsafe_methods = False


class _AppTokenSource:
    """Returns a new app token for a session whose token has expired.

    A class, not a lambda: pickling the session then fails with the message of the client.
    """

    def __init__(self, client: OAuthTokenClient, scope: str) -> None:
        self.client = client
        self.scope = scope

    def __call__(self, session: pdpyras.APISession) -> str:
        return str(self.client.get_scoped_app_token(self.scope)['access_token'])


def _api_session(
    token: dict[str, Any], default_from: Optional[str], base_url: Optional[str]
) -> pdpyras.APISession:
    return pdpyras.APISession(
        token['access_token'], default_from, auth_type='bearer', base_url=base_url
    )


def _check(name: str, value: Any, hint: str = '') -> None:
    if not isinstance(value, str) or not value.strip():
        message = '{} must be a str that is not empty. {}'.format(name, hint)
        raise ValueError(message.rstrip())


def _scopes(scope: str) -> list[str]:
    _check('scope', scope, 'It names one or more scopes, separated by spaces.')
    return scope.split()


def _region(scope: str) -> str:
    accounts = [name for name in _scopes(scope) if name.lower().startswith('as_account')]
    match = ACCOUNT_SCOPE.fullmatch(accounts[0]) if len(accounts) == 1 else None
    if match is None:
        raise ValueError(
            'scope must name one account, as as_account-us.SUBDOMAIN or as_account-eu.SUBDOMAIN; '
            'it is {!r}'.format(scope)
        )
    return match.group(1).lower()


def _aware(date: Union[str, datetime]) -> datetime:
    try:
        moment = date if isinstance(date, datetime) else datetime.strptime(date, DATE_FORMAT)
    except (TypeError, ValueError):
        raise ValueError(
            'expiration_date must look like 2026-12-07T23:42:21+0000, not {!r}'.format(date)
        ) from None
    if moment.tzinfo is None:
        raise ValueError('expiration_date must have a time zone, unlike {!r}'.format(date))
    return moment
