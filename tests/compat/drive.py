"""Run every scenario with the `pdpyras` that this interpreter imports, and write the observations.

PYTHONPATH=where/it/is python drive.py observations.json
"""

import itertools
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import surface  # noqa: E402  (needs the path above)
from laboratory import WARNED_AT_IMPORT, observe, pdpyras  # noqa: E402
from scenarios.everything import SCENARIOS  # noqa: E402

METHODS = ('GET', 'POST', 'PUT', 'DELETE')


def main(target):
    document = {
        'version': pdpyras.__version__,
        'file': pdpyras.__file__,
        'warned at import': WARNED_AT_IMPORT,
        'wrappers': wrappers_of_every_endpoint(),
        'canonical paths': canonical_path_of_every_url(),
        'scenarios': {scenario.name: observe(scenario) for scenario in SCENARIOS},
        # Last, because 5.4.1 leaves handlers behind.
        'surface': surface.describe(),
    }
    pathlib.Path(target).write_text(json.dumps(document, indent=1, sort_keys=True))


def wrappers_of_every_endpoint():
    endpoints = itertools.product(METHODS, pdpyras.CANONICAL_PATHS)
    return {
        '{} {}'.format(method, path): pdpyras.entity_wrappers(method, path)
        for method, path in endpoints
    }


def canonical_path_of_every_url():
    """Return the pattern found for a URL of each pattern, with an ID for each parameter."""
    base = pdpyras.APISession.url
    urls = [base + _example_of(path) for path in pdpyras.CANONICAL_PATHS]
    return {url: pdpyras.canonical_path(base, url) for url in urls}


def _example_of(path):
    return re.sub(r'\{\w+\}', 'PABC123', path.replace('{entity_type}', 'users'))


if __name__ == '__main__':
    main(sys.argv[1])
