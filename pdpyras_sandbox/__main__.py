"""Run a sandbox from the shell: ``python -m pdpyras_sandbox``."""

import argparse
import contextlib
import importlib.util
import json
import logging
import os
import shlex
import signal
import sys
import urllib.request
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, NoReturn, Optional

from pdpyras_sandbox import why_not_here

if TYPE_CHECKING:
    from pdpyras_sandbox.proxy import SandboxProxy
    from pdpyras_sandbox.server import Sandbox

log = logging.getLogger('pdpyras_sandbox')
access_log = logging.getLogger('pdpyras_sandbox.access')
# Otherwise the handler of `log` would print every request as well.
access_log.propagate = False

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
#: Not imported from :mod:`pdpyras_sandbox.limits`, which older versions of Python cannot load.
REST_LIMIT = 960
#: An hour, in milliseconds.
MAXIMUM_LATENCY = 3_600_000

GREETING = """\
PagerDuty sandbox at {url}

  account key  {api_key}
  user key     {user_key}
  OAuth token  {oauth_token}
  routing key  {routing_key}
  user email   {email}
"""
CA_FILE = """\
  CA file      {ca_file}
"""
SCRIPT = """
Paste this into Python:

  import pdpyras; session = pdpyras.APISession({api_key!r}, {email!r}, base_url={url!r}){settings}
  print([user['name'] for user in session.iter_all('users')])
"""
END = """
Press Ctrl-C to stop."""
RUN_USAGE = 'python -m pdpyras_sandbox run [options] -- COMMAND …'
EPILOG = '"{}" runs a command whose requests to PagerDuty go to a sandbox.'.format(RUN_USAGE)


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Print one line, without the usage that `--help` shows."""
        self.exit(2, 'pdpyras_sandbox: {}\n'.format(message))


def whole_number(minimum: int, maximum: Optional[int] = None) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number: Optional[int] = int(text)
        except ValueError:
            number = None
        if number is None or number < minimum or (maximum is not None and number > maximum):
            bounds = 'from {} to {}'.format(minimum, maximum)
            if maximum is None:
                bounds = 'of at least {}'.format(minimum)
            raise argparse.ArgumentTypeError(
                'must be a whole number {}, not {!r}'.format(bounds, text)
            )
        return number

    return parse


def not_empty(text: str) -> str:
    """Reject the value of an unset variable: an empty --host would listen on all addresses."""
    if not text:
        raise argparse.ArgumentTypeError('must not be empty')
    return text


def host_name(text: str) -> str:
    """Accept a host name or address without a scheme or port."""
    if not text or set(text) & set('/:@*? ') - set(':' if text.count(':') > 1 else ''):
        raise argparse.ArgumentTypeError(
            'must be a host name such as example.com, not {!r}'.format(text)
        )
    return text


def other_host(text: str) -> str:
    """Accept a host name other than those that already lead to the sandbox."""
    from pdpyras_sandbox.hosts import API_HOSTS, normalized

    host_name(text)
    if normalized(text) in API_HOSTS:
        raise argparse.ArgumentTypeError('{} already leads to the sandbox'.format(text))
    return text


def add_options(parser: Parser, port: int) -> None:
    """Add the options that serving and running a command have in common."""
    parser.add_argument(
        '--port',
        type=whole_number(0, 65535),
        default=port,
        help='the port to listen on; 0 selects a free port (default: {})'.format(port),
    )
    parser.add_argument(
        '--seed',
        type=whole_number(0),
        metavar='N',
        help='fill the account with sample data; the same N always creates the same data',
    )
    parser.add_argument(
        '--latency',
        type=whole_number(0, MAXIMUM_LATENCY),
        default=0,
        metavar='MS',
        help='delay each response by MS milliseconds',
    )
    parser.add_argument(
        '--rate-limit',
        type=whole_number(0),
        default=REST_LIMIT,
        metavar='N',
        help='REST requests per minute and key; 0 disables the limits of both APIs '
        '(default: {})'.format(REST_LIMIT),
    )
    parser.add_argument(
        '--state', type=not_empty, metavar='FILE', help='store the account in this SQLite file'
    )
    parser.add_argument(
        '--load', type=not_empty, metavar='FILE', help='start with the account in this JSON file'
    )
    parser.add_argument(
        '--webhooks-to',
        type=not_empty,
        action='append',
        default=[],
        metavar='HOST',
        help='also send webhooks to this host; can be repeated',
    )


def add_allow(parser: Parser) -> None:
    parser.add_argument(
        '--allow',
        type=other_host,
        action='append',
        default=[],
        metavar='HOST',
        help='allow access to this host through the proxy; can be repeated',
    )


def interrupt(number: int, frame: object) -> None:
    """End the program, and let no other signal interrupt the end."""
    for name in STOP_SIGNALS:
        # Not SIG_IGN: Python reports a signal that is already pending as an error.
        signal.signal(name, lambda number, frame: None)
    raise KeyboardInterrupt


def main(arguments: Optional[List[str]] = None) -> None:
    reason = why_not_here()
    if reason:
        sys.stderr.write(reason + '\n')
        sys.exit(2)
    arguments = sys.argv[1:] if arguments is None else arguments
    # SIGTERM stops a container. A shell makes its background processes ignore SIGINT.
    for name in STOP_SIGNALS:
        signal.signal(name, interrupt)
    if arguments[:1] == ['run']:
        sys.exit(run_command(arguments[1:]))
    try:
        if arguments[:1] == ['dump']:
            dump_command(arguments[1:])
        else:
            serve(arguments)
    except KeyboardInterrupt:
        if sys.stdout.isatty():
            print()
    except BrokenPipeError:
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def serve(arguments: List[str]) -> None:
    """Serve until the program is interrupted."""
    parser = Parser(
        prog='python -m pdpyras_sandbox',
        description='Run a local sandbox of PagerDuty.',
        epilog=EPILOG,
    )
    parser.add_argument(
        '--host',
        type=not_empty,
        default='127.0.0.1',
        help='the address to listen on (default: 127.0.0.1)',
    )
    add_options(parser, port=8080)
    parser.add_argument(
        '--name',
        type=host_name,
        action='append',
        default=[],
        dest='names',
        metavar='NAME',
        help='accept requests under this host name; can be repeated',
    )
    parser.add_argument(
        '--tls',
        action='store_true',
        help='serve HTTPS, and print the path of the certificate authority to trust',
    )
    parser.add_argument(
        '--proxy',
        action='store_true',
        help='also start a proxy for other programs, and print the variables to set',
    )
    add_allow(parser)
    parser.add_argument('--quiet', action='store_true', help='do not log requests')
    parser.add_argument('--version', action='store_true', help='print the version and exit')
    options = vars(parser.parse_args(arguments))
    if options.pop('version'):
        # Not at the top: the sandbox does not need the library.
        import pdpyras

        print('pdpyras_sandbox {}'.format(pdpyras.__version__))
        return
    with_proxy, allowed = options.pop('proxy'), options.pop('allow')
    if allowed and not with_proxy:
        parser.error('argument --allow: needs --proxy')
    show_log()
    if not options.pop('quiet'):
        show_access_log()
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(make_sandbox(parser, options))
        for line in not_applied(sandbox, options):
            log.warning(line)
        if with_proxy:
            from pdpyras_sandbox.proxy import SandboxProxy

            proxy = stack.enter_context(SandboxProxy(sandbox, allowed))
            print(script_for(sandbox, proxy), flush=True)
        else:
            print(greeting(sandbox), flush=True)
        sandbox.wait()


def greeting(sandbox: 'Sandbox') -> str:
    names = ('url', 'api_key', 'user_key', 'oauth_token', 'routing_key', 'email', 'ca_file')
    facts: Dict[str, Any] = {name: getattr(sandbox, name) for name in names}
    facts['settings'] = ''
    text = GREETING
    if sandbox.ca_file:
        text += CA_FILE
        facts['settings'] += '; session.verify = {!r}'.format(sandbox.ca_file)
    # A proxy cannot reach this machine, and REQUESTS_CA_BUNDLE takes precedence over `verify`.
    if sandbox.ca_file or set(urllib.request.getproxies()) - {'no'}:
        facts['settings'] += '; session.trust_env = False'
    return (text + SCRIPT + END).format(**facts)


def script_for(sandbox: 'Sandbox', proxy: 'SandboxProxy') -> str:
    """Return a shell script that points programs to the proxy."""
    variables = proxy.variables.items()
    lines = [
        '# PagerDuty sandbox at {}. These variables redirect PagerDuty to it:'.format(sandbox.url),
        'unset ' + ' '.join(proxy.removed_variables),
        *('export {}={}'.format(name, shlex.quote(value)) for name, value in variables),
        '# Press Ctrl-C to stop.',
    ]
    return '\n'.join(lines)


def run_command(arguments: List[str]) -> int:
    """Run a command with PagerDuty redirected to a sandbox, and return its exit status."""
    from pdpyras_sandbox import run

    parser = Parser(
        usage=RUN_USAGE,
        description='Run a command whose requests to PagerDuty go to a new sandbox.',
    )
    add_options(parser, port=0)
    add_allow(parser)
    parser.add_argument('--quiet', action='store_true', help='print nothing on stderr')
    end = arguments.index('--') if '--' in arguments else len(arguments)
    options = vars(parser.parse_args(arguments[:end]))
    command = arguments[end + 1 :]
    if not command:
        parser.error('needs a command: ' + RUN_USAGE)
    allowed, quiet = options.pop('allow'), options.pop('quiet')
    run.hold_signals()
    if quiet:
        log.addHandler(logging.NullHandler())
    else:
        show_log()
    with make_sandbox(parser, options) as sandbox:
        for line in not_applied(sandbox, options):
            log.warning(line)
        return run.run(sandbox, command, allowed)


def dump_command(arguments: List[str]) -> None:
    """Print the account in a state file as JSON."""
    from pdpyras_sandbox.dump import dump_of_file

    parser = Parser(
        prog='python -m pdpyras_sandbox dump',
        description='Print the account in a state file as JSON.',
    )
    parser.add_argument('--state', required=True, metavar='FILE', help='the file given to --state')
    try:
        content = dump_of_file(parser.parse_args(arguments).state)
    except ValueError as error:
        parser.error(str(error))
    json.dump(content, sys.stdout, indent=1)
    print(flush=True)


def not_applied(sandbox: 'Sandbox', options: Dict[str, Any]) -> Iterator[str]:
    """Yield a warning for each option that has no effect on an existing account."""
    for name in ('seed', 'load') if sandbox.restored else ():
        if options[name] is not None:
            yield '--{} {} is not applied: {} already has an account'.format(
                name, options[name], options['state']
            )


def show_log() -> None:
    """Log on stderr, with a prefix that tells the lines apart from the command's own output."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    log.addHandler(handler)
    log.setLevel(logging.INFO)


class LineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        lines = super().format(record).splitlines()
        return '\n'.join('pdpyras_sandbox: {}'.format(line) for line in lines)


def show_access_log() -> None:
    """Log each request on stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter('%(asctime)s %(message)s', '%H:%M:%S'))
    access_log.addHandler(handler)
    access_log.setLevel(logging.INFO)


def make_sandbox(parser: Parser, options: Dict[str, Any]) -> 'Sandbox':
    """Start a sandbox, or print a one-line error and exit."""
    if options['load'] and options['seed'] is not None:
        parser.error('--load and --seed cannot be combined: the file holds the whole account')
    try:
        from pdpyras_sandbox.server import Sandbox

        # Checked here to report all missing packages at once; not imported, which takes long.
        if importlib.util.find_spec('trustme') is None:
            raise ImportError('No module named trustme')
    except ImportError as error:
        parser.error('{}: pip install flask trustme'.format(error))
    try:
        return Sandbox(**options)
    except (OSError, ValueError) as error:
        parser.error(str(error))


if __name__ == '__main__':
    main()
