"""Use of pdpyras_extras, for type checkers. Checked by mypy and pyright, never run."""

import logging
from typing import Any, Dict, Optional, Tuple

from typing_extensions import assert_type

import pdpyras
from pdpyras_extras.logs import PagerDutyHandler
from pdpyras_extras.oauth import OAuthTokenClient
from pdpyras_extras.webhooks import SIGNATURE_HEADER, verify_signature

header: Optional[str] = None
assert_type(SIGNATURE_HEADER, str)
assert_type(verify_signature(b'{}', header, 'secret'), bool)
verify_signature('{}', b'v1=00', [b'new', 'old'])

handler = PagerDutyHandler('key', 'WARNING', dedup=lambda record: record.name, flush_timeout=2)
logging.getLogger().addHandler(handler)
assert_type(handler.flush(), None)

client = OAuthTokenClient(None, 'id', base_url='https://identity.example.com')
assert_type(client.session('as_account-eu.acme incidents.read'), pdpyras.APISession)
assert_type(client.get_refreshed_token('token'), Dict[str, Any])
assert_type(client.generate_s256_pkce_params(), Tuple[str, str])
assert_type(client.authorize_url('write', 'https://example.com', state='x'), str)
