"""Warnings under the filters that programs set: which are shown, and when."""

import warnings

from scenarios import Table, ok, page

TABLE = Table('warnings')

NO_MORE = ('no more', lambda rest: rest.iter_all('users'), lambda: ok({'users': [1, 2]}))
INTO_THE_LIMIT = (
    'into the limit',
    lambda rest: rest.iter_all('users', params={'offset': 10000}),
    lambda: page('users', [1], more=True),
)

FILTERS = {
    'none': (),
    'ignore the module': ('ignore', '', Warning, 'pdpyras'),
    'ignore another module': ('ignore', '', Warning, 'somebody'),
    'ignore the category': ('ignore', '', UserWarning),
    'ignore another category': ('ignore', '', DeprecationWarning),
    'once': ('once', '', Warning),
    'default': ('default', '', Warning),
    'error': ('error', '', Warning),
    'error in the module': ('error', '', Warning, 'pdpyras'),
    'error in a module that starts like it': ('error', '', Warning, 'pdpyras_extras'),
}


def under_a_filter(given, listing, reply):
    """Iterate twice; note each item with the number of warnings so far."""

    def call(lab):
        lab.api.rule(lambda seen: reply())
        with warnings.catch_warnings(record=True) as caught:
            warnings.resetwarnings()
            warnings.simplefilter('always')
            if given:
                warnings.filterwarnings(*given)
            for _ in range(2):
                try:
                    for item in listing(lab.rest):
                        lab.note(item, len(_noticed(caught)))
                except Warning as problem:
                    lab.note('raised', type(problem).__name__)
        return [warning.category.__name__ for warning in _noticed(caught)]

    return call


def _noticed(caught):
    return [warning for warning in caught if warning.category is not ResourceWarning]


for filter_name, given in FILTERS.items():
    for name, listing, reply in (NO_MORE, INTO_THE_LIMIT):
        TABLE.add('{}; {}'.format(name, filter_name), under_a_filter(given, listing, reply))
