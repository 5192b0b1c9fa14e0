"""update_all: multi-update in which one bad item does not stop the others."""

import json

import pytest
from wire import ANY_SERVER_ERROR, Hangup, Reply

import pdpyras


@pytest.fixture
def batches(api):
    """An API that rejects a whole batch if it has a bad item."""

    class Batches:
        bad = ()
        status = 400
        failing = {}

    state = Batches()

    @api.rule
    def update(seen):
        fault = state.failing.get(len(api.seen))
        if fault is not None:
            return fault
        items = json.loads(seen.body.decode())[seen.path.split('/')[-1]]
        assert len(items) <= 250
        if any(item['id'] in state.bad for item in items):
            return Reply(state.status, {'error': {'message': 'Invalid', 'errors': ['bad item']}})
        return Reply(body={seen.path.split('/')[-1]: items})

    return state


def incidents(count):
    return [{'id': 'P{}'.format(n), 'type': 'incident', 'status': 'resolved'} for n in range(count)]


def test_update_all_sends_batches_of_250_items(api, session, batches):
    items = incidents(600)
    assert session.update_all('incidents', items) == (items, [])
    sizes = [len(json.loads(seen.body.decode())['incidents']) for seen in api.seen]
    assert sizes == [250, 250, 100]
    assert {seen.method for seen in api.seen} == {'PUT'}


def test_batches_may_have_one_item_each(api, session, batches):
    items = incidents(3)
    assert session.update_all('incidents', items, batch_size=1) == (items, [])
    assert [seen.json['incidents'] for seen in api.seen] == [[item] for item in items]


@pytest.mark.parametrize('status', [400, 404])
def test_update_all_updates_the_others_and_returns_the_bad_items(api, session, batches, status):
    items = incidents(300)
    batches.bad, batches.status = ('P0', 'P150', 'P299'), status
    updated, failed = session.update_all('/incidents', items)
    assert updated == [item for item in items if item['id'] not in batches.bad]
    assert [item['id'] for item, _ in failed] == ['P0', 'P150', 'P299']
    assert {error.status_code for _, error in failed} == {status}
    assert [error.errors for _, error in failed] == [['bad item']] * 3
    assert len(api.seen) <= 45


def test_update_all_updates_alerts_of_an_incident(api, session, batches):
    items = [{'id': 'A1', 'status': 'resolved'}, {'id': 'A2', 'status': 'resolved'}]
    batches.bad = ('A1',)
    updated, failed = session.update_all('incidents/P1/alerts', items)
    assert (updated, [item for item, _ in failed]) == (items[1:], items[:1])


@pytest.mark.parametrize(
    'fault',
    [
        pytest.param(lambda: Reply(403), id='403'),
        pytest.param(lambda: Reply(401), id='401'),
        pytest.param(lambda: Reply(ANY_SERVER_ERROR), id='server error'),
        pytest.param(lambda: Hangup(), id='network error'),
        pytest.param(
            lambda: Reply(400, {'error': {'errors': ["A 'From' header is required"]}}), id='no From'
        ),
    ],
)
def test_an_error_that_is_not_about_items_has_the_updated_items(api, session, batches, fault):
    session.max_network_attempts = 0
    batches.failing = {2: fault()}
    items = incidents(30)
    with pytest.raises(pdpyras.PDClientError) as caught:
        session.update_all('incidents', items, batch_size=10)
    assert caught.value.updated == items[:10]
    assert len(api.seen) == 2


def test_item_hook_is_called_for_each_updated_item(api, session, batches):
    calls, items = [], incidents(3)
    batches.bad = ('P1',)
    session.update_all('incidents', iter(items), item_hook=lambda *call: calls.append(call))
    assert calls == [(items[0], 1, 3), (items[2], 2, 3)]


def test_a_response_without_a_list_of_resources_counts_as_no_updates(api, session):
    api.reply(body={'incidents': 5})
    assert session.update_all('incidents', [{'id': 'Q1'}]) == ([], [])


def test_an_update_of_no_items_sends_nothing(api, session):
    assert session.update_all('incidents', []) == ([], [])
    assert api.seen == []


@pytest.mark.parametrize('url', ['users', 'incidents/P1', 'priorities', 'services', 'nosuch'])
def test_a_path_without_multi_update_is_rejected(api, session, url):
    with pytest.raises(pdpyras.URLError, match='does not support updates of several resources'):
        session.update_all(url, incidents(2))
    assert api.seen == []


@pytest.mark.parametrize('size', [0, -1, 251, 1.5, True, 'ten'], ids=repr)
def test_a_batch_size_out_of_range_is_rejected(api, session, size):
    with pytest.raises(ValueError, match='batch_size must be a whole number, from 1 to 250'):
        session.update_all('incidents', incidents(2), batch_size=size)
    assert api.seen == []


@pytest.mark.parametrize('items', [{'id': 'P1'}, 'P1', b'P1'], ids=repr)
def test_a_single_item_is_rejected(api, session, items):
    with pytest.raises(ValueError, match='must be a list'):
        session.update_all('incidents', items)
    assert api.seen == []
