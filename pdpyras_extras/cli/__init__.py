"""The command ``pdpyras``, also ``python -m pdpyras``.

``pdpyras --help`` lists its commands. The exit status is

- 0 when everything was done,
- 1 when the API rejected the request,
- 2 when the command line, a file or the environment needs a correction,
- 3 when the network or PagerDuty failed, also after retries,
- 4 after a partial success,
- 130 after Ctrl-C, and 141 when the reader of the output closed it.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import NoReturn, Optional, Sequence


def main(arguments: Optional[Sequence[str]] = None) -> NoReturn:
    """Run the command and exit with its status.

    :param arguments: the command line without the name of the program; ``sys.argv`` by default.
    """
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        # During the imports. Later, it is reported where commands are run.
        sys.stderr.write('pdpyras: interrupted.\n')
        status = 130
    sys.exit(status)


def _run(arguments: Sequence[str]) -> int:
    missing = [name for name in ('click', 'rich') if find_spec(name) is None]
    if missing:
        message = 'pdpyras: the command line needs {}: pip install {}\n'
        sys.stderr.write(message.format(' and '.join(missing), ' '.join(missing)))
        return 2
    from pdpyras_extras.cli.run import run

    return run(arguments)
