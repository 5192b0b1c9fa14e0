"""Use of pdpyras_extras as type checkers see it. Checked by mypy and pyright, never run."""

import logging
from typing import Optional

from typing_extensions import assert_type

from pdpyras_extras.logs import PagerDutyHandler
from pdpyras_extras.webhooks import SIGNATURE_HEADER, verify_signature

header: Optional[str] = None
assert_type(SIGNATURE_HEADER, str)
assert_type(verify_signature(b'{}', header, 'secret'), bool)
verify_signature('{}', b'v1=00', [b'new', 'old'])

handler = PagerDutyHandler('key', 'WARNING', dedup=lambda record: record.name, flush_timeout=2)
logging.getLogger().addHandler(handler)
assert_type(handler.flush(), None)
