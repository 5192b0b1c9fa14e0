"""apprise: notifications by a URL; it sends events."""

import os

import apprise
from operations import attempt, from_sandbox

KEY = os.environ['PAGERDUTY_ROUTING_KEY']


def notify(url, kind):
    notifier = apprise.Apprise()
    assert notifier.add(url)
    return notifier.notify(title='The server is on fire', body='in the cellar', notify_type=kind)


for kind in ('info', 'success', 'warning', 'failure'):
    attempt(f'notify of {kind}', notify, f'pagerduty://{KEY}@{KEY}/cellar/server', kind)
attempt('notify in the EU', notify, f'pagerduty://{KEY}@{KEY}/cellar/server?region=eu', 'failure')
attempt('incidents are open', lambda: len(from_sandbox('/incidents')['incidents']) > 0)
