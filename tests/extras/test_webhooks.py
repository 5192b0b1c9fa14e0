"""Signatures of webhook deliveries, with openssl as the other implementation."""

import hmac
import json
import shutil
import subprocess

import pytest
from scale import at_scale

from pdpyras_extras import webhooks
from pdpyras_extras.webhooks import verify_signature

BODY = '{"event": {"data": {"title": "Café — 🔥"}}}'.encode()
SECRET = 'pBd1Yl2Xf1tGnqbQ1vbeYgDVZ0Yyu3tnQOfH7GgtzkQ='
#: As printed by: openssl dgst -sha256 -hmac SECRET
SIGNATURE = 'v1=16995758d50b23d49397c0000a571527d2b02eb331ee8d3a3bf166b162654229'
OTHER = 'v1=' + 64 * 'a'

needs_openssl = pytest.mark.skipif(not shutil.which('openssl'), reason='openssl is not installed')


def signed_by_openssl(body, secret):
    digest = subprocess.run(
        ['openssl', 'dgst', '-sha256', '-mac', 'HMAC', '-macopt', 'hexkey:' + secret.hex()],
        input=body,
        stdout=subprocess.PIPE,
        check=True,
    )
    return 'v1=' + digest.stdout.decode().split()[-1]


@pytest.mark.parametrize(
    'body',
    [BODY, bytearray(BODY), memoryview(BODY), memoryview(BODY[::-1])[::-1], BODY.decode()],
    ids=['bytes', 'bytearray', 'memoryview', 'reversed memoryview', 'str'],
)
def test_signature_of_every_kind_of_raw_body_is_verified(body):
    assert verify_signature(body, SIGNATURE, SECRET) is True


@pytest.mark.parametrize(
    'header',
    [
        SIGNATURE,
        SIGNATURE.encode(),
        OTHER + ',' + SIGNATURE,
        SIGNATURE + ',' + OTHER,
        '  {} ,\t{}  '.format(OTHER, SIGNATURE),
        'v1=' + SIGNATURE[3:].upper(),
        'v2=abc,garbage,,=,' + SIGNATURE,
    ],
    ids=['one', 'bytes', 'second', 'first', 'spaces', 'upper case', 'among unknown parts'],
)
def test_header_with_a_valid_signature_is_verified(header):
    assert verify_signature(BODY, header, SECRET) is True


@pytest.mark.parametrize(
    'header',
    [
        None,
        '',
        b'',
        ',',
        'v1=',
        'v1',
        OTHER,
        SIGNATURE[3:],
        SIGNATURE[:-1],
        SIGNATURE + '0',
        'V1=' + SIGNATURE[3:],
        'v2=' + SIGNATURE[3:],
        'v1=v1=' + SIGNATURE[3:],
        SIGNATURE + ';' + SIGNATURE,
        'v1=é' + SIGNATURE[4:],
        SIGNATURE + '\N{NO-BREAK SPACE}',
        'v1=\udcff',
        b'v1=\xff\x00',
        'v1=' + 64 * '０',
        100_000 * 'x',
        50_000 * ', ',
        25_000 * 'v1=,',
        17,
    ],
    ids=lambda header: repr(header)[:40],
)
def test_header_without_a_valid_signature_is_not_verified(header):
    assert verify_signature(BODY, header, SECRET) is False


def test_other_body_or_secret_is_not_verified():
    assert not verify_signature(BODY + b' ', SIGNATURE, SECRET)
    assert not verify_signature(b'', SIGNATURE, SECRET)
    assert not verify_signature('\ud800', SIGNATURE, SECRET)
    assert not verify_signature(BODY, SIGNATURE, SECRET + 'x')


@pytest.mark.parametrize(
    'secrets',
    [SECRET, SECRET.encode(), [SECRET], ('new', SECRET), {SECRET}, iter([b'new', SECRET])],
    ids=['str', 'bytes', 'list', 'rotated', 'set', 'iterator'],
)
def test_signature_with_any_of_the_secrets_is_verified(secrets):
    assert verify_signature(BODY, SIGNATURE, secrets) is True


@pytest.mark.parametrize(
    'secret',
    [SECRET + '\n', SECRET.encode() + b'\r\n', [' ' + SECRET + '\t']],
    ids=['str', 'bytes', 'list'],
)
def test_white_space_around_a_secret_is_stripped(secret):
    assert verify_signature(BODY, SIGNATURE, secret) is True


@pytest.mark.parametrize(
    'secrets',
    ['', b'', '  \n', None, [], (), [''], [None], [SECRET, ''], [b' ', SECRET], iter(())],
    ids=[
        'str',
        'bytes',
        'blank',
        'none',
        'list',
        'tuple',
        'of a str',
        'of none',
        'one',
        'first',
        'iter',
    ],
)
@pytest.mark.parametrize('header', [SIGNATURE, None])
def test_missing_secret_is_an_error_for_any_header(secrets, header):
    with pytest.raises(ValueError, match='secret is missing or empty.*check that the variable'):
        verify_signature(BODY, header, secrets)


def test_signature_made_with_an_empty_secret_does_not_pass():
    forged = 'v1=' + hmac.new(b'', BODY, 'sha256').hexdigest()
    assert not verify_signature(BODY, forged, SECRET)
    with pytest.raises(ValueError, match='missing or empty'):
        verify_signature(BODY, forged, ['', SECRET])


@pytest.mark.parametrize('body', [json.loads(BODY), [], None, 5])
def test_parsed_body_is_an_error_that_asks_for_the_raw_one(body):
    with pytest.raises(TypeError, match='body must be the raw body of the request'):
        verify_signature(body, SIGNATURE, SECRET)


def test_all_pairs_of_signature_and_secret_are_compared(monkeypatch):
    compared = []

    class Hmac:
        new = staticmethod(hmac.new)

        @staticmethod
        def compare_digest(expected, given):
            compared.append(given)
            return hmac.compare_digest(expected, given)

    monkeypatch.setattr(webhooks, 'hmac', Hmac)
    header = ','.join([SIGNATURE, OTHER, 'v1=12'])
    assert verify_signature(BODY, header, [SECRET, 'new'])
    assert compared == 2 * [SIGNATURE[3:], OTHER[3:], '12']


def test_body_is_hashed_once_per_secret_however_many_signatures_a_header_has(monkeypatch):
    hashed = []

    class Hmac:
        compare_digest = staticmethod(hmac.compare_digest)

        @staticmethod
        def new(key, body, digest):
            hashed.append(key)
            return hmac.new(key, body, digest)

    monkeypatch.setattr(webhooks, 'hmac', Hmac)
    assert not verify_signature(BODY, 1000 * 'v1=,', [SECRET, 'new'])
    assert hashed == [SECRET.encode(), b'new']


@needs_openssl
def test_openssl_agrees_on_any_body_and_secret():
    hypothesis = pytest.importorskip('hypothesis')
    binary = hypothesis.strategies.binary
    secrets = binary(min_size=1, max_size=200).map(bytes.strip).filter(len)

    # Fewer examples than elsewhere, because openssl is a process for each.
    @hypothesis.settings(max_examples=at_scale(8, full=30))
    @hypothesis.given(
        binary(max_size=5000), hypothesis.strategies.lists(secrets, min_size=1, max_size=2)
    )
    def check(body, secrets):
        for secret in secrets:
            assert verify_signature(body, signed_by_openssl(body, secret), secrets)
        stranger = b'not one of them, and no shorter than a block of the hash: ' + b''.join(secrets)
        assert not verify_signature(body, signed_by_openssl(body, stranger), secrets)

    check()


def test_no_header_raises_and_only_a_valid_signature_verifies():
    hypothesis = pytest.importorskip('hypothesis')
    st = hypothesis.strategies
    padding = st.text(' \t', max_size=3)
    valid = st.sampled_from([SIGNATURE, 'v1=' + SIGNATURE[3:].upper()])
    noise = st.one_of(
        st.text(max_size=80),
        st.text('0123456789abcdefv=', max_size=70),
        st.sampled_from([OTHER, SIGNATURE[3:], 'v1=', 'v2=' + SIGNATURE[3:], SIGNATURE[:-1]]),
    ).filter(lambda text: SIGNATURE not in text.lower())
    part = st.tuples(padding, st.one_of(valid, noise), padding)

    @hypothesis.given(st.lists(part))
    def check(parts):
        header = ','.join(''.join(part) for part in parts)
        expected = header.isascii() and any(
            text[:3] == 'v1=' and text.lower() == SIGNATURE for _, text, _ in parts
        )
        assert verify_signature(BODY, header, SECRET) is expected
        assert verify_signature(BODY, header.encode('utf-8', 'surrogatepass'), SECRET) is expected

    check()
