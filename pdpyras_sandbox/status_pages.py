"""Posts on status pages, whose updates are records of their own."""

from __future__ import annotations

from pdpyras_sandbox.call import Call
from pdpyras_sandbox.resources import KINDS, Kind
from pdpyras_sandbox.store import Record

POSTS = '/status_pages/{id}/posts'


def store_updates(call: Call, post: Record) -> None:
    """Store the updates in a request for a new post."""
    path = f'{call.path}/{post["id"]}/post_updates'
    for given in post.pop('updates', None) or []:
        update = {
            **given,
            'id': call.store.new_id(),
            'post': {'id': post['id'], 'type': 'status_page_post'},
        }
        complete_update(call, update)
        call.store.add(path, update)


def complete_update(call: Call, update: Record) -> None:
    update['reported_at'] = update.get('reported_at') or call.clock.timestamp()
    update['reviewed_status'] = 'approved'


def updates_of(call: Call, post: Record) -> list[Record]:
    path = f'{call.store.path_of(post["id"])}/post_updates'
    names = ('id', 'type', 'reported_at', 'update_frequency_ms')
    return [
        {**{name: update.get(name) for name in names}, 'self': f'{path}/{update["id"]}'}
        for update in call.store.list(path)
    ]


KINDS[POSTS] = Kind(complete=store_updates, derived={'updates': updates_of})
KINDS[POSTS + '/{post_id}/post_updates'] = Kind(complete=complete_update)
