"""The rows of the table: the work to measure, and the contenders."""

from typing import Any, Dict, NamedTuple, Optional

OURS = 'this library'
FORMER = 'pdpyras 5.4.1'
SUCCESSOR = 'pagerduty'

#: The columns, in order: the floor, the baseline of most rows, the peers, ours.
COLUMNS = ['http.client', 'urllib3', 'requests', FORMER, SUCCESSOR, OURS]


class Entry(NamedTuple):
    """The part of one contender in a row."""

    contender: str
    #: A method of its class, or None if the quantity needs none.
    act: Optional[str]
    options: Dict[str, Any] = {}
    #: Another package that the contender can import.
    beside: Optional[str] = None
    #: The name of a separate process, if other rows would disturb this one or be disturbed.
    apart: str = ''


class Row(NamedTuple):
    title: str
    #: The measured quantity: a method of worker.Worker.
    quantity: str
    #: Entries by column. Other labels serve as baselines only.
    entries: Dict[str, Entry]
    #: The label of the entry that the others are divided by.
    baseline: str
    #: The maximum for this library.
    goal: float
    place: str = 'memory'
    #: The number of environment variables of the processes.
    variables: int = 32
    #: The share of the rounds in which this row is measured.
    share: float = 1.0


def _each(act, *labels, **options):
    return {label: Entry(label, act, options) for label in labels or COLUMNS}


_LIBRARIES = ['requests', FORMER, SUCCESSOR, OURS]
_SEQUENTIAL = 'sequential'
_FEW_PATHS = 'its own paths'

ROWS = [
    Row(
        'rget, transport stubbed',
        'cpu_seconds',
        _each('get_user', *_LIBRARIES),
        baseline='requests',
        goal=0.60,
    ),
    Row(
        'get().json(), stubbed',
        'cpu_seconds',
        _each('get_json', *_LIBRARIES),
        baseline='requests',
        goal=0.57,
    ),
    Row(
        'rget, stubbed, trust_env=False',
        'cpu_seconds',
        _each('get_user', *_LIBRARIES, trust_env=False),
        baseline='requests',
        goal=1.15,
    ),
    Row(
        'rget, stubbed, 300 variables',
        'cpu_seconds',
        _each('get_user', *_LIBRARIES),
        baseline='requests',
        goal=0.25,
        variables=300,
    ),
    Row(
        'rpost of an incident, stubbed',
        'cpu_seconds',
        _each('post_incident', *_LIBRARIES),
        baseline='requests',
        goal=0.65,
    ),
    Row(
        'trigger, 50 details, stubbed',
        'cpu_seconds',
        _each('trigger', *_LIBRARIES),
        baseline='requests',
        goal=0.80,
    ),
    Row(
        'rget over loopback, keep-alive',
        'wall_seconds',
        _each('get_user'),
        baseline='requests',
        goal=0.80,
        place='prompt',
    ),
    Row(
        'list_all, 10,000 users, loopback',
        'wall_seconds',
        {label: Entry(label, 'list_users', apart='listing') for label in COLUMNS},
        baseline='requests',
        goal=0.90,
        place='prompt',
        share=0.4,
    ),
    Row(
        'the same, decoded by orjson',
        'wall_seconds',
        {
            'requests': Entry('requests', 'list_users', apart='listing'),
            SUCCESSOR: Entry(SUCCESSOR, 'list_users', beside='orjson', apart='listing'),
            OURS: Entry(OURS, 'list_users_by_orjson', beside='orjson', apart='listing'),
        },
        baseline='requests',
        goal=0.60,
        place='prompt',
        share=0.4,
    ),
    Row(
        'list_all, 100 ms latency, read_ahead=8',
        'wall_seconds',
        {
            _SEQUENTIAL: Entry(OURS, 'list_users'),
            OURS: Entry(OURS, 'list_users', {'read_ahead': 8}),
        },
        baseline=_SEQUENTIAL,
        goal=0.16,
        place='slow',
        share=0.05,
    ),
    Row(
        'canonical_path, the same 50 URLs',
        'cpu_seconds',
        _each('canonical_path', FORMER, SUCCESSOR, OURS),
        baseline=FORMER,
        goal=0.05,
    ),
    Row(
        'canonical_path, 50 URLs with new IDs',
        'cpu_seconds',
        _each('canonical_path', FORMER, SUCCESSOR, OURS, new_ids=True),
        baseline=FORMER,
        goal=0.05,
    ),
    Row(
        'canonical_path, 4,000 paths listed',
        'cpu_seconds',
        {
            _FEW_PATHS: Entry(OURS, 'canonical_path', {'new_ids': True}),
            OURS: Entry(OURS, 'canonical_path', {'new_ids': True, 'paths': 4000}, apart='paths'),
        },
        baseline=_FEW_PATHS,
        goal=1.10,
    ),
    Row(
        'entity_wrappers, 50 patterns',
        'cpu_seconds',
        _each('entity_wrappers', FORMER, SUCCESSOR, OURS),
        baseline=FORMER,
        goal=0.05,
    ),
    Row(
        'peak memory of list_all, 10,000 users',
        'peak_bytes',
        _each('list_users', *_LIBRARIES),
        baseline='requests',
        goal=1.02,
        place='prompt',
        share=0.1,
    ),
    Row(
        'peak memory of iter_all, the same',
        'peak_bytes',
        _each('iterate_users', *_LIBRARIES),
        baseline='requests',
        goal=1.02,
        place='prompt',
        share=0.1,
    ),
    Row(
        'import',
        'import_seconds',
        _each(None, *_LIBRARIES),
        baseline='requests',
        goal=1.05,
        share=0.5,
    ),
]
