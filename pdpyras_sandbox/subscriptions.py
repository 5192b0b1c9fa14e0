"""Subscriptions of users and teams to incidents and business services."""

from __future__ import annotations

from pdpyras_sandbox.call import Body, Call, handles, required_property
from pdpyras_sandbox.indices import Record
from pdpyras_sandbox.resources import page_of, summary_of

#: By first segment of the path: the side of a subscription that its record is on, and its type.
SIDES = {
    'incidents': ('subscribable', 'incident'),
    'business_services': ('subscribable', 'business_service'),
    'users': ('subscriber', 'user'),
    'teams': ('subscriber', 'team'),
}


def owner_facts(call: Call) -> dict[str, str]:
    """Return the side of a subscription that the path determines: a user, or an incident."""
    segments = call.path.split('/')
    side, kind = SIDES[segments[1]]
    return {f'{side}_id': segments[2], f'{side}_type': kind}


def path_of(subscription: Record) -> str:
    return '/_subscriptions/' + '-'.join(
        required_property(subscription, f'{side}_{part}', 'subscription')
        for side in ('subscriber', 'subscribable')
        for part in ('type', 'id')
    )


@handles(
    'POST /business_services/{id}/subscribers',
    'POST /incidents/{id}/status_updates/subscribers',
    'POST /teams/{id}/notification_subscriptions',
    'POST /users/{id}/notification_subscriptions',
)
def subscribe(call: Call) -> list[Record]:
    owner = owner_facts(call)
    subscriptions = [{**given, **owner, 'account_id': 'PSANDBX'} for given in call.content]
    # All paths are derived before anything changes.
    paths = [path_of(subscription) for subscription in subscriptions]
    results = []
    for path, subscription in zip(paths, subscriptions):
        known = call.store.get(path) is not None
        call.store.put(path, subscription)
        results.append({**subscription, 'result': 'duplicate' if known else 'success'})
    return results


@handles(
    'POST /business_services/{id}/unsubscribe',
    'POST /incidents/{id}/status_updates/unsubscribe',
    'POST /teams/{id}/notification_subscriptions/unsubscribe',
    'POST /users/{id}/notification_subscriptions/unsubscribe',
)
def unsubscribe(call: Call) -> Body:
    owner = owner_facts(call)
    paths = [path_of({**given, **owner}) for given in call.content]
    existing = [path for path in paths if call.store.get(path)]
    for path in existing:
        call.store.remove(path)
    return Body({
        'deleted_count': len(existing),
        'unauthorized_count': 0,
        'non_existent_count': len(paths) - len(existing),
    })  # fmt: skip


@handles(
    'GET /business_services/{id}/subscribers',
    'GET /incidents/{id}/status_updates/subscribers',
    'GET /teams/{id}/notification_subscriptions',
    'GET /users/{id}/notification_subscriptions',
)
def list_subscriptions(call: Call) -> Body:
    owner = owner_facts(call).items()
    found = [s for s in call.store.list('/_subscriptions') if owner <= s.items()]
    if call.operation.wrapper == 'subscriptions':
        found = [{'subscription': s, 'subscribable_name': name_of(call, s)} for s in found]
    return page_of(call, found)


def name_of(call: Call, subscription: Record) -> str | None:
    record = call.store.find(subscription['subscribable_id'])
    return summary_of(record) if record else None
