"""Status pages: posts and their updates."""

import pytest

PAGE = {'id': 'PSTATUS', 'type': 'status_page'}
PATH = '/status_pages/PSTATUS'


def choices(web, name, post_type='incident'):
    return {
        entry['description']: {'id': entry['id'], 'type': entry['type']}
        for entry in web.get(f'{PATH}/{name}', post_type=post_type)[name]
    }


def update_of(web, message, status):
    (service,) = web.get(PATH + '/services')['services']
    impacted = {
        'service': {'id': service['id'], 'type': 'status_page_service'},
        'impact': choices(web, 'impacts')['outage'],
    }
    return {
        'type': 'status_page_post_update',
        'message': message,
        'status': choices(web, 'statuses')[status],
        'severity': choices(web, 'severities')['major'],
        'impacted_services': [impacted],
        'notify_subscribers': False,
        'update_frequency_ms': None,
    }


def post_body(web):
    post = {
        'type': 'status_page_post',
        'title': 'Trouble',
        'post_type': 'incident',
        'starts_at': None,
        'ends_at': None,
        'status_page': PAGE,
        'updates': [update_of(web, 'Looking', 'investigating')],
    }
    return {'post': post}


@pytest.fixture
def post(web):
    return web.post(PATH + '/posts', post_body(web))['post']


def test_account_has_a_status_page(web):
    (page,) = web.get('/status_pages')['status_pages']
    assert (page['id'], page['status_page_type']) == ('PSTATUS', 'public')
    assert list(choices(web, 'statuses')) == ['investigating', 'detected', 'resolved']
    assert list(choices(web, 'impacts', 'maintenance')) == ['operational', 'under maintenance']


def test_post_is_stored_with_its_updates(web, post):
    path = f'{PATH}/posts/{post["id"]}'
    assert web.get(path)['post'] == post
    assert (post['title'], post['status_page']) == ('Trouble', PAGE)
    (update,) = web.get(path + '/post_updates')['post_updates']
    assert [shown['id'] for shown in post['updates']] == [update['id']]
    assert post['updates'][0]['self'].endswith(f'{path}/post_updates/{update["id"]}')
    assert (update['message'], update['reviewed_status']) == ('Looking', 'approved')
    assert update['status'] == choices(web, 'statuses')['investigating']
    assert update['post'] == {'id': post['id'], 'type': 'status_page_post'}
    assert update['reported_at'] is not None


def test_update_is_added_to_a_post(web, post):
    path = f'{PATH}/posts/{post["id"]}'
    reference = {'id': post['id'], 'type': 'status_page_post'}
    body = {**update_of(web, 'Done', 'resolved'), 'post': reference}
    added = web.post(path + '/post_updates', {'post_update': body})['post_update']
    assert added['reported_at'] is not None
    messages = [u['message'] for u in web.get(path + '/post_updates')['post_updates']]
    assert messages == ['Looking', 'Done']
    assert [u['id'] for u in web.get(path)['post']['updates']][1:] == [added['id']]


def test_deleting_a_post_deletes_its_updates(web, post):
    path = f'{PATH}/posts/{post["id"]}'
    assert web.call('DELETE', path).status_code == 204
    assert web.get(PATH + '/posts')['posts'] == []
    assert web.refusal('GET', path + '/post_updates')[0] == 404


def test_unknown_status_page_is_404(web):
    for path in ('', '/posts', '/statuses', '/statuses/PSTAT01', '/services'):
        assert web.refusal('GET', '/status_pages/PNOPAGE' + path)[:2] == (404, 2100)
    assert web.refusal('POST', '/status_pages/PNOPAGE/posts', post_body(web))[:2] == (404, 2100)


def test_account_of_an_older_version_accepts_any_status_page(web):
    content = web.sandbox.dump()
    content['records'] = {
        path: record
        for path, record in content['records'].items()
        if not path.startswith('/status_pages')
    }
    web.sandbox.load(content)
    assert web.get('/status_pages/PANY/posts')['posts'] == []
