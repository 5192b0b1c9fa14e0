"""Delivery of webhooks in order, with retries on the sandbox's clock.

Follows https://developer.pagerduty.com/docs/webhooks-behavior.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import uuid
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as NoResponse

from pdpyras_sandbox.account import Account, parse_time
from pdpyras_sandbox.clock import Alarm, timestamp
from pdpyras_sandbox.hosts import is_loopback
from pdpyras_sandbox.indices import Record

PATH = '/_sandbox/deliveries'
#: Seconds within which a receiver must respond.
TIMEOUT = 5
#: Retries follow after 1, 2, 4 … minutes until a webhook is 48 hours old. PagerDuty documents only
#: the 48 hours.
FIRST_WAIT = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(hours=48)
#: The number of webhooks dropped in a row that disables a subscription, and for how long.
MAXIMUM_DROPPED = 3
DISABLED_FOR = timedelta(hours=24)
#: The maximum size of a webhook's body in bytes.
MAXIMUM_SIZE = 256 * 1024
#: The number of webhooks that are sent at the same time.
WORKERS = 8
#: The number of delivered and dropped webhooks that are kept.
KEPT = 200


class Outcome(NamedTuple):
    """The outcome of one attempt."""

    #: 'delivered', 'retry' or 'dropped'.
    kind: str
    #: An HTTP status or an error message.
    result: str


class Deliveries:
    """The webhooks of an account: queued, delivered and dropped.

    A delivery is stored as a record, so that a state file keeps it. Webhooks for the same
    subscription and incident form a queue: the first is being sent or waits for a retry, and the
    rest wait for the first.

    :param hosts: names or addresses that webhooks may be sent to, besides loopback addresses.
    """

    def __init__(self, account: Account, hosts: Iterable[str] = ()) -> None:
        self._account = account
        self._store = account.store
        self._clock = account.clock
        self._hosts = frozenset(host.lower() for host in hosts)
        self._queues: dict[tuple[str, str], deque[str]] = {}
        self._done: deque[str] = deque()
        self._sending = 0
        self._closed = False
        self._idle = threading.Condition(self._store.lock)
        self._workers = ThreadPoolExecutor(WORKERS, 'pdpyras_sandbox-webhooks')
        # No ssl_context: with one, urllib3 1.26 cannot verify certificates for IP addresses.
        self._http = urllib3.PoolManager(cert_reqs='CERT_REQUIRED')
        self._clock.handlers['retry_webhook'] = self._retry
        self._clock.handlers['enable_webhook'] = self._enable_again
        self._clock.settle = self.wait

    def why_not_sent(self, url: str) -> str | None:
        """Return the reason why no webhooks are sent to a URL; None if they are."""
        host = urlsplit(url).hostname or ''
        if is_loopback(host) or host in self._hosts:
            return None
        return f'{host} is not on this machine; start the sandbox with --webhooks-to {host}'

    def all(self) -> list[Record]:
        """Return the deliveries, oldest first."""
        with self._store.lock:
            return [
                {**delivery, 'attempts': list(delivery['attempts'])}
                for delivery in self._store.list(PATH)
            ]

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all webhooks that are due have been sent, whatever the responses.

        :param timeout: the maximum time in seconds; None for no limit.
        :raises TimeoutError: if it takes longer.
        """
        with self._idle:
            if not self._idle.wait_for(lambda: self._sending == 0, timeout):
                raise TimeoutError(f'Webhooks still being sent: {self._sending}')

    def resume(self) -> None:
        """Rebuild the queues from the stored deliveries, and continue sending."""
        self._queues.clear()
        self._done.clear()
        for delivery in self._store.list(PATH):
            if delivery['status'] in ('delivered', 'dropped'):
                self._done.append(delivery['id'])
            else:
                self._queues.setdefault(queue_of(delivery), deque()).append(delivery['id'])
        for queue in self._queues.values():
            head = self._store.existing(queue[0])
            if head['next_at']:
                self._clock.set_alarm(parse_time(head['next_at']), 'retry_webhook', queue[0])
            else:
                self._submit(queue[0])
        subscriptions = self._store.list('/webhook_subscriptions')
        for subscription in subscriptions:
            until = self._health(subscription['id']).get('disabled_until')
            if until:
                self._clock.set_alarm(parse_time(until), 'enable_webhook', subscription['id'])
        if subscriptions:
            self._clock.tick()

    def add(self, subscription: Record, resource: str, event_type: str, body: str) -> None:
        """Queue a webhook behind those for the same subscription and resource."""
        if self.why_not_sent(subscription['delivery_method']['url']):
            return
        delivery = {
            'id': str(uuid.UUID(int=self._store.random.getrandbits(128), version=4)),
            'subscription': subscription['id'],
            'resource': resource,
            'event_type': event_type,
            'status': 'queued',
            'created_at': self._clock.timestamp(),
            'first_at': None,
            'next_at': None,
            'attempts': [],
            'body': body,
        }
        self._store.add(PATH, delivery)
        if subscription['delivery_method']['temporarily_disabled']:
            self._end(delivery, 'dropped', 'the subscription is disabled')
            return
        if len(body) > MAXIMUM_SIZE:
            self._end(delivery, 'dropped', f'it is longer than {MAXIMUM_SIZE} bytes')
            return
        queue = self._queues.setdefault(queue_of(delivery), deque())
        queue.append(delivery['id'])
        if len(queue) == 1:
            self._submit(delivery['id'])

    def _submit(self, delivery_id: str) -> None:
        if self._closed:
            # The state file keeps the delivery for the next start.
            return
        self._sending += 1
        self._workers.submit(self._attempt, delivery_id)

    def _attempt(self, delivery_id: str) -> None:
        """Send a webhook once; runs in a worker."""
        try:
            with self._store.lock:
                message = self._message(delivery_id)
            if message is not None:
                # Without the lock: the receiver may call the sandbox before it responds.
                outcome = self._post(*message)
                with self._store.lock:
                    self._record(delivery_id, outcome)
        finally:
            with self._idle:
                self._sending -= 1
                self._idle.notify_all()

    def _message(self, delivery_id: str) -> tuple[str, bytes, dict[str, str]] | None:
        """Return the URL, body and headers; None if the webhook must no longer be sent."""
        delivery = self._waiting(delivery_id)
        if delivery is None:
            return None
        subscription = self._store.get(f'/webhook_subscriptions/{delivery["subscription"]}')
        if subscription is None:
            self._end(delivery, 'dropped', 'the subscription is deleted')
            return None
        delivery['first_at'] = delivery['first_at'] or self._clock.timestamp()
        method = subscription['delivery_method']
        body = delivery['body'].encode()
        headers = {
            'Content-Type': 'application/json',
            'User-Agent': 'PagerDuty-Webhook/V3.0',
            'X-PagerDuty-Signature': signature(body, method['secret']),
            'X-Webhook-Id': delivery_id,
            'X-Webhook-Subscription': subscription['id'],
            **authorization(method['url']),
            **{header['name']: header['value'] for header in method['custom_headers']},
        }
        return method['url'], body, headers

    def _waiting(self, delivery_id: str) -> Record | None:
        """Return a pending delivery; None if it is finished or was removed."""
        delivery = self._store.get(f'{PATH}/{delivery_id}')
        return delivery if delivery and delivery['status'] in ('queued', 'retrying') else None

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        try:
            response = self._http.request(
                'POST',
                url,
                body=body,
                headers=headers,
                timeout=urllib3.Timeout(total=TIMEOUT),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except HTTPError as error:
            return outcome_of(error)
        except (OSError, ValueError) as error:
            # A retry would not help, and an unfinished webhook would block its queue.
            return Outcome('dropped', str(error))
        response.close()
        if response.status // 100 == 2:
            kind = 'delivered'
        else:
            kind = 'retry' if response.status // 100 == 5 or response.status == 429 else 'dropped'
        return Outcome(kind, str(response.status))

    def _record(self, delivery_id: str, outcome: Outcome) -> None:
        """Record the outcome of an attempt, and finish the delivery or schedule a retry."""
        delivery = self._waiting(delivery_id)
        if delivery is None:
            return
        delivery['attempts'].append({'at': self._clock.timestamp(), 'result': outcome.result})
        give_up_at = parse_time(delivery['first_at']) + GIVE_UP_AFTER
        if outcome.kind != 'retry' or self._clock.now() >= give_up_at:
            status = 'delivered' if outcome.kind == 'delivered' else 'dropped'
            self._end(delivery, status, outcome.result)
            self._count(delivery)
            return
        wait = FIRST_WAIT * 2 ** (len(delivery['attempts']) - 1)
        at = min(self._clock.now() + wait, give_up_at)
        delivery.update(status='retrying', next_at=timestamp(at))
        self._store.save(f'{PATH}/{delivery_id}')
        self._clock.set_alarm(at, 'retry_webhook', delivery_id)

    def _retry(self, alarm: Alarm) -> None:
        delivery = self._waiting(alarm.subject)
        if delivery and delivery['next_at'] == timestamp(alarm.at):
            delivery['next_at'] = None
            self._submit(alarm.subject)

    def _end(self, delivery: Record, status: str, result: str) -> None:
        """Finish a delivery and send the next one in its queue."""
        delivery.update(status=status, next_at=None, result=result)
        self._store.save(f'{PATH}/{delivery["id"]}')
        self._done.append(delivery['id'])
        if len(self._done) > KEPT:
            self._store.remove(f'{PATH}/{self._done.popleft()}')
        queue = self._queues.get(queue_of(delivery))
        if queue and queue[0] == delivery['id']:
            queue.popleft()
            if queue:
                self._submit(queue[0])
            else:
                del self._queues[queue_of(delivery)]

    # Disabled subscriptions.

    def _health(self, subscription_id: str) -> Record:
        health: Record = self._store.get(health_path(subscription_id)) or {}
        return health

    def _count(self, delivery: Record) -> None:
        """Count a dropped webhook, and disable the subscription after three in a row."""
        subscription = self._store.get(f'/webhook_subscriptions/{delivery["subscription"]}')
        if subscription is None:
            return
        dropped = self._health(subscription['id']).get('dropped', 0) + 1
        if delivery['status'] == 'delivered':
            dropped = 0
        health = {'dropped': dropped, 'disabled_until': None}
        if dropped >= MAXIMUM_DROPPED:
            until = self._clock.now() + DISABLED_FOR
            health['disabled_until'] = timestamp(until)
            self._clock.set_alarm(until, 'enable_webhook', subscription['id'])
            self._disable(subscription)
        self._store.put(health_path(subscription['id']), health)

    def _disable(self, subscription: Record) -> None:
        self._set_disabled(subscription, True)
        mine = [queue for queue in self._queues if queue[0] == subscription['id']]
        for delivery_id in [item for name in mine for item in self._queues.pop(name)]:
            delivery = self._store.existing(delivery_id)
            self._end(delivery, 'dropped', 'the subscription is disabled')

    def _set_disabled(self, subscription: Record, disabled: bool) -> None:
        subscription['delivery_method']['temporarily_disabled'] = disabled
        self._store.save(f'/webhook_subscriptions/{subscription["id"]}')

    def _enable_again(self, alarm: Alarm) -> None:
        subscription = self._store.get(f'/webhook_subscriptions/{alarm.subject}')
        until = self._health(alarm.subject).get('disabled_until')
        if subscription and until == timestamp(alarm.at):
            self.enable(subscription)

    def enable(self, subscription: Record) -> None:
        """Enable a subscription that is temporarily disabled."""
        self._set_disabled(subscription, False)
        self._store.put(health_path(subscription['id']), {'dropped': 0, 'disabled_until': None})

    def close(self) -> None:
        """Stop sending, after the webhooks that are being sent."""
        with self._store.lock:
            self._closed = True
        self._workers.shutdown(cancel_futures=True)
        self._http.clear()


def queue_of(delivery: Record) -> tuple[str, str]:
    return delivery['subscription'], delivery['resource']


def health_path(subscription_id: str) -> str:
    return f'/webhook_subscriptions/{subscription_id}/health/document'


def signature(body: bytes, secret: str) -> str:
    """Sign a body: https://developer.pagerduty.com/docs/verifying-signatures."""
    return 'v1=' + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def authorization(url: str) -> dict[str, str]:
    """Return the Authorization header for the user name and password in a URL, if it has them."""
    parts = urlsplit(url)
    if parts.username is None:
        return {}
    credentials = f'{unquote(parts.username)}:{unquote(parts.password or "")}'
    return urllib3.make_headers(basic_auth=credentials)


def outcome_of(error: HTTPError) -> Outcome:
    """Return the outcome of an attempt that failed with a connection error.

    TLS errors other than an expired certificate are permanent, and so is an invalid URL.
    """
    # In urllib3, a refused connection is a subclass of a timeout.
    if isinstance(error, NoResponse) and not isinstance(error, NewConnectionError):
        return Outcome('retry', f'no response within {TIMEOUT} seconds')
    text = str(error).rpartition('>: ')[2]
    is_permanent = isinstance(error, (SSLError, LocationValueError))
    if is_permanent and 'certificate has expired' not in text:
        return Outcome('dropped', text)
    return Outcome('retry', text)
