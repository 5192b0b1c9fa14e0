"""Packaging of pdpyras: the metadata is here because Python 3.6's setuptools cannot read it from
pyproject.toml, which configures the tools."""

import os
import re

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = os.path.dirname(os.path.abspath(__file__))


def read(name):
    with open(os.path.join(HERE, name), encoding='utf-8') as file:
        return file.read()


class BuildWithStubs(build_py):
    """Install the module's own source as its stubs, too.

    PEP 561 has no marker that says that a lone module is typed; a stub package says it.
    """

    def run(self):
        super().run()
        for stub in self._stubs():
            self.mkpath(os.path.dirname(stub))
            self.copy_file(os.path.join(HERE, 'pdpyras.py'), stub)

    def get_outputs(self, include_bytecode=1):
        return super().get_outputs(include_bytecode) + self._stubs()

    def _stubs(self):
        # An editable install has none, as a copy would become outdated.
        if getattr(self, 'editable_mode', False):
            return []
        return [os.path.join(self.build_lib, 'pdpyras-stubs', '__init__.pyi')]


SANDBOX = [
    'flask >= 2.2; python_version >= "3.9"',
    # Certificates that Python 3.13 accepts, with the identifier of their authority.
    'trustme >= 1.2; python_version >= "3.9"',
    # The time zones of schedules, where the system has none.
    'tzdata; sys_platform == "win32" and python_version >= "3.9"',
]
EXAMPLES = SANDBOX + ['tqdm']

setup(
    name='pdpyras',
    version=re.search(r"^__version__ = '(.+)'$", read('pdpyras.py'), re.MULTILINE).group(1),
    description="Client for PagerDuty's REST API v2 and Events API v2, on requests",
    long_description=read('README.rst'),
    long_description_content_type='text/x-rst',
    license='MIT',
    # The addresses of the project's own repository and documentation belong here, too.
    project_urls={
        'Original project': 'https://github.com/PagerDuty/pdpyras',
        'PagerDuty API reference': 'https://developer.pagerduty.com/api-reference/',
    },
    py_modules=['pdpyras'],
    packages=['pdpyras_extras', 'pdpyras_extras.cli', 'pdpyras_sandbox'],
    package_data={
        'pdpyras_extras': ['py.typed'],
        'pdpyras_extras.cli': ['*.tsv'],
        'pdpyras_sandbox': ['py.typed', '*.json', 'static/*'],
    },
    cmdclass={'build_py': BuildWithStubs},
    python_requires='>=3.6',
    install_requires=['requests >= 2.25', 'deprecation >= 2.0.6'],
    extras_require={
        # pdpyras_extras needs Python 3.9; webhooks and logs need no other package.
        'oauth': ['oauthlib >= 3.2.2; python_version >= "3.9"'],
        'cli': ['click >= 8.1; python_version >= "3.9"', 'rich >= 13.0; python_version >= "3.9"'],
        'webhooks': [],
        'logs': [],
        'sandbox': SANDBOX,
        'examples': EXAMPLES,
        'test': EXAMPLES
        + [
            'pytest',
            'pytest-timeout >= 2.1',
            'pytest-xdist',
            'responses',
            'hypothesis',
        ],
    },
    entry_points={
        'console_scripts': ['pdpyras = pdpyras_extras.cli:main'],
        'pytest11': ['pdpyras_sandbox = pdpyras_sandbox.pytest_plugin'],
    },
    keywords='pagerduty api client incident alert on-call requests',
    classifiers=[
        'Development Status :: 5 - Production/Stable',
        'Intended Audience :: Developers',
        'Intended Audience :: System Administrators',
        'License :: OSI Approved :: MIT License',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3 :: Only',
        'Programming Language :: Python :: 3.6',
        'Programming Language :: Python :: 3.7',
        'Programming Language :: Python :: 3.8',
        'Programming Language :: Python :: 3.9',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Programming Language :: Python :: 3.14',
        'Topic :: System :: Monitoring',
        'Typing :: Typed',
    ],
)
