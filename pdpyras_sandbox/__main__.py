"""Run a sandbox from the shell: ``python -m pdpyras_sandbox``."""

import argparse
import logging
import signal
import sys

from pdpyras_sandbox import why_not_here

REST_LIMIT = 960
#: An hour, in milliseconds.
MAXIMUM_LATENCY = 3_600_000

GREETING = """\
PagerDuty sandbox at {url}

  account key  {api_key}
  user key     {user_key}
  OAuth token  {oauth_token}
  routing key  {routing_key}
  a user       {email}

Paste this into Python:

  import pdpyras; session = pdpyras.APISession({api_key!r}, {email!r}, base_url={url!r})
  print([user['name'] for user in session.iter_all('users')])

Ctrl-C ends it."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        """One line, without the usage that `--help` shows."""
        self.exit(2, '{}: {}\n'.format(self.prog, message))


class Version(argparse.Action):
    """Like argparse's own, but imports the library only if the version is asked for."""

    def __init__(self, **options):
        nowhere = {'dest': argparse.SUPPRESS, 'default': argparse.SUPPRESS}
        super().__init__(nargs=0, **{**options, **nowhere})

    def __call__(self, parser, *arguments):
        import pdpyras

        print('pdpyras_sandbox {}'.format(pdpyras.__version__))
        parser.exit()


def whole_number(minimum, maximum=None):
    def parse(text):
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or number < minimum or (maximum is not None and number > maximum):
            upper = ' to {}'.format(maximum) if maximum is not None else ' up'
            raise argparse.ArgumentTypeError(
                'must be a whole number from {}{}, not {!r}'.format(minimum, upper, text)
            )
        return number

    return parse


def not_empty(text):
    """A variable that is not set in a script must not open the port to everybody, say."""
    if not text:
        raise argparse.ArgumentTypeError('must not be empty')
    return text


def parse(arguments):
    parser = Parser(prog='pdpyras_sandbox', description='A PagerDuty on your own machine.')
    parser.add_argument(
        '--host', type=not_empty, default='127.0.0.1', help='the address to listen on'
    )
    parser.add_argument(
        '--port', type=whole_number(0, 65535), default=8080, help='0 takes a free one (8080)'
    )
    parser.add_argument(
        '--seed', type=whole_number(0), metavar='N', help='fill in sample data, by this number'
    )
    parser.add_argument(
        '--latency',
        type=whole_number(0, MAXIMUM_LATENCY),
        default=0,
        metavar='MS',
        help='delay every answer',
    )
    parser.add_argument(
        '--rate-limit',
        type=whole_number(0),
        default=REST_LIMIT,
        metavar='N',
        help='REST requests a minute for each key; 0 for no limits ({})'.format(REST_LIMIT),
    )
    parser.add_argument(
        '--state', type=not_empty, metavar='FILE', help='keep the account in this SQLite file'
    )
    parser.add_argument(
        '--load', type=not_empty, metavar='FILE', help='start from the account in this JSON file'
    )
    parser.add_argument('--quiet', action='store_true', help='do not log requests on stderr')
    parser.add_argument('--version', action=Version, help='print the version and exit')
    options = parser.parse_args(arguments)
    if options.load and options.seed is not None:
        parser.error('--load and --seed cannot be combined: the file has the whole account')
    return parser, options


def main(arguments=None):
    reason = why_not_here()
    if reason:
        sys.exit(fail(reason))
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ['dump']:
        from pdpyras_sandbox import dump

        dump.main(arguments[1:])
        return
    parser, options = parse(arguments)
    # SIGTERM ends a container. A shell that starts this in the background has it ignore Ctrl-C.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.default_int_handler)
    try:
        serve(parser, options)
    except KeyboardInterrupt:
        print()


def serve(parser, options):
    try:
        from pdpyras_sandbox.server import Sandbox
    except ImportError as error:
        parser.error("needs Flask ({}): pip install 'pdpyras[sandbox]'".format(error))
    settings = vars(options)
    if not settings.pop('quiet'):
        show_access_log()
    try:
        sandbox = Sandbox(**settings)
    except (OSError, OverflowError, ValueError) as error:
        parser.error(str(error))
    with sandbox:
        names = ('url', 'api_key', 'user_key', 'oauth_token', 'routing_key', 'email')
        facts = {name: getattr(sandbox, name) for name in names}
        for line in not_applied(options) if sandbox.restored else []:
            sys.stderr.write(f'pdpyras_sandbox: {line}\n')
        print(GREETING.format(**facts), flush=True)
        sandbox.wait()


def show_access_log():
    from pdpyras_sandbox.received import access_log

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter('%(asctime)s %(message)s', '%H:%M:%S'))
    access_log.addHandler(handler)
    access_log.setLevel(logging.INFO)


def not_applied(options):
    """Lines about options for a new account, where the state file has one already."""
    for name in ('seed', 'load'):
        value = getattr(options, name)
        if value is not None:
            yield f'--{name} {value} is not applied: {options.state} already has an account'


def fail(reason):
    sys.stderr.write(reason + '\n')
    return 2


if __name__ == '__main__':
    main()
