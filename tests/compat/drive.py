"""Put the `pdpyras` that this interpreter imports through every scenario and write what was seen.

PYTHONPATH=where/it/is python drive.py observations.json
"""

import inspect
import itertools
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from laboratory import WARNED_AT_IMPORT, observe, pdpyras  # noqa: E402  (needs the path above)
from scenarios.everything import SCENARIOS  # noqa: E402

METHODS = ('GET', 'POST', 'PUT', 'DELETE')


def main(target):
    document = {
        'version': pdpyras.__version__,
        'file': pdpyras.__file__,
        'warned at import': WARNED_AT_IMPORT,
        'parameters': parameters_of_everything(),
        'wrappers': wrappers_of_every_endpoint(),
        'canonical paths': canonical_path_of_every_url(),
        'scenarios': {scenario.name: observe(scenario) for scenario in SCENARIOS},
    }
    pathlib.Path(target).write_text(json.dumps(document, indent=1, sort_keys=True))


def parameters_of_everything():
    """Name, kind and default of the parameters of every public function and method."""
    return {
        name: [
            [parameter.name, parameter.kind, _default(parameter)]
            for parameter in inspect.signature(function).parameters.values()
        ]
        for name, function in _functions()
    }


def _functions():
    for name, item in vars(pdpyras).items():
        if getattr(item, '__module__', None) != 'pdpyras' or name.startswith('_'):
            continue
        if inspect.isfunction(item):
            yield name, item
        elif inspect.isclass(item):
            for attribute, method in inspect.getmembers(item, inspect.isfunction):
                own = method.__module__ == 'pdpyras'
                if own and (attribute == '__init__' or not attribute.startswith('_')):
                    yield '{}.{}'.format(name, attribute), method


def _default(parameter):
    return None if parameter.default is parameter.empty else repr(parameter.default)


def wrappers_of_every_endpoint():
    endpoints = itertools.product(METHODS, pdpyras.CANONICAL_PATHS)
    return {
        '{} {}'.format(method, path): pdpyras.entity_wrappers(method, path)
        for method, path in endpoints
    }


def canonical_path_of_every_url():
    """The pattern found for a URL made of each pattern, with an ID in place of each parameter."""
    base = pdpyras.APISession.url
    urls = [base + _example_of(path) for path in pdpyras.CANONICAL_PATHS]
    return {url: pdpyras.canonical_path(base, url) for url in urls}


def _example_of(path):
    return re.sub(r'\{\w+\}', 'PABC123', path.replace('{entity_type}', 'users'))


if __name__ == '__main__':
    main(sys.argv[1])
