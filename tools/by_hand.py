"""Manual entries: endpoints that PagerDuty's OpenAPI document lacks, and exceptions to it.

docs/adding_an_endpoint.rst explains how to add an endpoint. After a change here, run
``python tools/update_api.py``; a change of SPELLINGS or KEPT needs the document as well.
"""

from typing import Any, Dict, NamedTuple, Tuple


class Undocumented(NamedTuple):
    """An operation that PagerDuty's OpenAPI document does not have yet."""

    #: Its method and path pattern, as in ``'GET /widgets/{id}'``.
    endpoint: str
    #: The request body: the name of its wrapper followed by ``{}`` if the wrapper holds an object
    #: and ``[]`` if it holds an array; ``'-'`` if the body has no wrapper, ``'none'`` if there is
    #: no body.
    request: str = 'none'
    #: The response body, likewise.
    response: str = 'none'
    #: ``'classic'``, ``'cursor'``, or empty if the operation has no pages.
    pagination: str = ''


#: Endpoints that the API has and the document does not, one entry per operation.
UNDOCUMENTED: Tuple[Undocumented, ...] = (
    # Incident Review. The names are those that PagerDuty's newer client uses.
    Undocumented('GET /incidents/reviews', response='incident_reviews[]', pagination='cursor'),
    Undocumented(
        'GET /incidents/reviews/action_items', response='action_items[]', pagination='cursor'
    ),
    Undocumented('GET /incidents/{id}/review', response='incident_review{}'),
    Undocumented('POST /incidents/{id}/review', request='-', response='incident_review{}'),
    Undocumented('PUT /incidents/{id}/review', request='-', response='incident_review{}'),
    Undocumented(
        'GET /incidents/{id}/review/action_items', response='action_items[]', pagination='cursor'
    ),
    Undocumented('GET /incidents/{id}/review/markers', response='markers[]'),
    Undocumented('POST /incidents/{id}/review/markers', request='-', response='marker{}'),
    Undocumented('GET /incidents/{id}/scribe_transcripts', response='scribe_transcripts[]'),
)

#: Paths of 5.4.1 that the document no longer has, or has in a more general form.
LEGACY_PATHS: Tuple[str, ...] = (
    '/customfields/fields',
    '/customfields/fields/{field_id}',
    '/customfields/fields/{field_id}/field_options',
    '/customfields/fields/{field_id}/field_options/{field_option_id}',
    '/customfields/fields/{field_id}/schemas',
    '/customfields/schema_assignments',
    '/customfields/schema_assignments/{id}',
    '/customfields/schemas',
    '/customfields/schemas/{schema_id}',
    '/customfields/schemas/{schema_id}/field_configurations',
    '/customfields/schemas/{schema_id}/field_configurations/{field_configuration_id}',
    '/incidents/count',
    '/incidents/{id}/field_values',
    '/incidents/{id}/field_values/schema',
    '/response_plays',
    '/response_plays/{id}',
    '/response_plays/{response_play_id}/run',
    # These are /tags/{id}/{entity_type} in the document; the wrapper is named after the type.
    '/tags/{id}/escalation_policies',
    '/tags/{id}/teams',
    '/tags/{id}/users',
)

#: Wrappers of legacy paths, where inference gets them wrong.
LEGACY_WRAPPERS: Dict[str, Any] = {'POST /response_plays/{response_play_id}/run': None}

#: Paths of the document whose parameter has another name in 5.4.1. canonical_path() returns
#: 5.4.1's name, because users' tests compare with it.
SPELLINGS: Dict[str, str] = {
    '/event_orchestrations/services/{service_id}': '/event_orchestrations/services/{id}',
    '/event_orchestrations/services/{service_id}/active': (
        '/event_orchestrations/services/{id}/active'
    ),
}

#: The body as the document describes it.
AS_DOCUMENTED = '(as documented)'


class Kept(NamedTuple):
    """The bodies of an operation as 5.4.1 has them, which work, though the document differs.

    They are written as in :class:`Undocumented`.
    """

    request: str
    response: str
    reason: str


_WHOLE = 'The response is the whole body, as in 5.4.1.'
_PLAIN_VALUE = 'The caller passes the whole body, as in 5.4.1: its one property is a plain value.'
_RULE_ID = 'The other property, rule_id, repeats what the path says. As in 5.4.1.'

#: Operations whose bodies in 5.4.1 work, although the document suggests others.
#: A request whose wrapper holds an object is never kept without its wrapper: the API would reject
#: the bare object.
KEPT: Dict[str, Kept] = {
    'GET /business_services/priority_thresholds': Kept(AS_DOCUMENTED, '-', _WHOLE),
    'PUT /business_services/priority_thresholds': Kept(AS_DOCUMENTED, '-', _WHOLE),
    'POST /business_services/{id}/account_subscription': Kept(AS_DOCUMENTED, '-', _WHOLE),
    'GET /event_orchestrations/services/{id}/active': Kept(AS_DOCUMENTED, '-', _WHOLE),
    'PUT /event_orchestrations/services/{id}/active': Kept('-', '-', _PLAIN_VALUE),
    'PUT /incidents/{id}/business_services/{business_service_id}/impacts': Kept(
        '-', '-', _PLAIN_VALUE
    ),
    'POST /incidents/{id}/snooze': Kept('-', AS_DOCUMENTED, _PLAIN_VALUE),
    'PUT /rulesets/{id}/rules/{rule_id}': Kept('rule{}', AS_DOCUMENTED, _RULE_ID),
    'PUT /services/{id}/rules/{rule_id}': Kept('rule{}', AS_DOCUMENTED, _RULE_ID),
    'PUT /teams/{id}/users/{user_id}': Kept('-', AS_DOCUMENTED, _PLAIN_VALUE),
}

_NO_BODY = 'No body is documented; the caller passes the whole body, as in 5.4.1.'
_ONE_METHOD = 'Only for the one method that the path has, as in 5.4.1.'

#: Entries of ENTITY_WRAPPER_CONFIG that replace the derived ones of a path, each with its reason.
#: They keep 5.4.1's wrappers for methods that are not documented, too.
PINNED: Dict[str, Tuple[Any, str]] = {
    '* /business_services/priority_thresholds': (None, _WHOLE),
    'PUT /business_services/priority_thresholds': (
        ('global_threshold', None),
        'The API rejects a request without its wrapper.',
    ),
    '* /business_services/{id}/account_subscription': (None, _WHOLE),
    'POST /change_events': (None, _NO_BODY),
    '* /event_orchestrations': (
        'orchestrations',
        "5.4.1's answer, which users' tests pin. One orchestration is sent under the singular.",
    ),
    '* /incidents/{id}/review': ((None, 'incident_review'), 'For all methods.'),
    'POST /templates/{id}/render': (None, _ONE_METHOD),
    'POST /{entity_type}/{id}/change_tags': (None, _ONE_METHOD),
    'PUT /incidents/{id}/business_services/{business_service_id}/impacts': (None, _ONE_METHOD),
    'PUT /teams/{id}/escalation_policies/{escalation_policy_id}': (None, _NO_BODY),
    '* /users/{id}/notification_subscriptions': (
        ('subscribables', 'subscriptions'),
        'For all methods, as in 5.4.1.',
    ),
    'POST /webhook_subscriptions/{id}/ping': (None, _NO_BODY),
}
