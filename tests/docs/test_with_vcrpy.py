import vcr
from take_over import take_over

cassettes = vcr.VCR(filter_headers=['authorization'])


def test_recorded_responses_are_replayed(pagerduty, tmp_path):
    cassette = str(tmp_path / 'take_over.yaml')
    pagerduty.events().trigger('The oven is cold', 'oven-1')
    before = len(pagerduty.requests)

    with cassettes.use_cassette(cassette):
        recorded = take_over(pagerduty.session(), pagerduty.email)
    sent = len(pagerduty.requests) - before

    with cassettes.use_cassette(cassette):
        played = take_over(pagerduty.session(), pagerduty.email)

    assert recorded == played == ['The oven is cold']
    assert len(pagerduty.requests) == before + sent
    assert pagerduty.api_key not in (tmp_path / 'take_over.yaml').read_text()
