"""``python -m pdpyras_sandbox run -- …``: run a command with the sandbox in place of PagerDuty."""

from __future__ import annotations

import logging
import signal
import subprocess  # nosec B404: running a command is the purpose of this module
import sys
from typing import TYPE_CHECKING, Iterable, Sequence

from pdpyras_sandbox.proxy import SandboxProxy

if TYPE_CHECKING:
    from pdpyras_sandbox.server import Sandbox

log = logging.getLogger('pdpyras_sandbox')

#: Exit statuses of a shell: https://www.gnu.org/software/bash/manual/bash.html#Exit-Status
NOT_EXECUTABLE = 126
NOT_FOUND = 127
KILLED = 128
#: Signals that are forwarded to the command; Windows has no SIGHUP.
FORWARDED = [
    getattr(signal, name) for name in ('SIGINT', 'SIGTERM', 'SIGHUP') if hasattr(signal, name)
]
#: Whether the system reports the origin of a signal.
CAN_WAIT = hasattr(signal, 'sigwaitinfo')
AWAITED = {*FORWARDED, signal.SIGCHLD} if CAN_WAIT else {*FORWARDED}
#: The `si_code` of a signal from the kernel, as by Ctrl-C: sigaction(2).
FROM_KERNEL = 0x80


def run(sandbox: Sandbox, command: Sequence[str], allowed: Iterable[str] = ()) -> int:
    """Run a command with the sandbox in place of PagerDuty, and return its exit status.

    Waits for the command, not for processes that the command leaves running.

    :param allowed: hosts besides PagerDuty's that the command may reach.
    """
    with SandboxProxy(sandbox, allowed) as proxy:
        log.info('PagerDuty is %s for this command', sandbox.url)
        try:
            status = supervise(command, proxy.environment())
        except OSError as error:
            log.error('cannot run %s: %s', command[0], error.strerror)
            return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        if not sandbox.requests:
            log.warning(
                'the command sent no request to the sandbox. A program that ignores HTTPS_PROXY '
                'calls the real PagerDuty'
            )
    return KILLED - status if status < 0 else status


def hold_signals() -> None:
    """Block the signals for the command until :func:`supervise` receives them.

    Must be called before other threads start, which inherit the mask.
    """
    if CAN_WAIT:
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)


def supervise(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run a command to its end, and forward signals to it.

    :returns: its exit status, or the negative number of the signal that ended it.
    :raises OSError: if the command cannot be run.
    """
    early: list[int] = []
    for each in FORWARDED:
        # With nohup, the command must inherit that SIGHUP is ignored.
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, lambda number, frame: early.append(number))
    if not CAN_WAIT:
        return supervise_without_origin(command, environment, early)
    # Unblocked during Popen, because the command inherits the mask.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
    process = subprocess.Popen(command, env=environment, close_fds=False)  # nosec B603
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    for number in early:
        process.send_signal(number)
    while process.poll() is None:
        received = signal.sigwaitinfo(AWAITED)
        # The terminal has already sent Ctrl-C to the command.
        if received.si_signo in FORWARDED and received.si_code != FROM_KERNEL:
            process.send_signal(received.si_signo)
    return process.returncode


def supervise_without_origin(
    command: Sequence[str], environment: dict[str, str], early: list[int]
) -> int:
    """Run a command on macOS and Windows, which do not report the origin of a signal."""
    process = subprocess.Popen(command, env=environment, close_fds=False)  # nosec B603

    def forward(number: int, frame: object = None) -> None:
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(number)

    for each in FORWARDED:
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, forward)
    for number in early:
        forward(number)
    return process.wait()
