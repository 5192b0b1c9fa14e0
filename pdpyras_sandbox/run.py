"""Run a command for which the sandbox is PagerDuty: ``python -m pdpyras_sandbox run -- …``."""

import logging
import signal
import subprocess  # nosec B404: running a command is the purpose of this module
import sys
from typing import TYPE_CHECKING, Dict, Iterable, List, Sequence

from pdpyras_sandbox.proxy import SandboxProxy

if TYPE_CHECKING:
    from pdpyras_sandbox.server import Sandbox

log = logging.getLogger('pdpyras_sandbox')

#: Exit statuses, as those of a shell: https://www.gnu.org/software/bash/manual/bash.html#Exit-Status
NOT_EXECUTABLE = 126
NOT_FOUND = 127
KILLED = 128
#: Windows has no SIGHUP, which a terminal sends when it is closed.
PASSED_ON = [
    getattr(signal, name) for name in ('SIGINT', 'SIGTERM', 'SIGHUP') if hasattr(signal, name)
]
#: Whether this system tells who sent a signal.
CAN_WAIT = hasattr(signal, 'sigwaitinfo')
AWAITED = {*PASSED_ON, signal.SIGCHLD} if CAN_WAIT else {*PASSED_ON}
#: The `si_code` of a signal from the kernel, as by Ctrl-C: sigaction(2).
FROM_KERNEL = 0x80


def run(sandbox: 'Sandbox', command: Sequence[str], allowed: Iterable[str] = ()) -> int:
    """Run a command for which the sandbox is PagerDuty, and return the exit status for a shell.

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
    return KILLED - status if status < 0 else status


def hold_signals() -> None:
    """Block the signals that are meant for the command until :func:`supervise` takes them.

    To be called before other threads start, which inherit it.
    """
    if CAN_WAIT:
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)


def supervise(command: Sequence[str], environment: Dict[str, str]) -> int:
    """Run a command to its end, and pass signals on to it.

    :returns: its exit status, or the negative number of the signal that ended it.
    :raises OSError: if it cannot be run.
    """
    early: List[int] = []
    for each in PASSED_ON:
        # Under nohup, the command is to inherit that SIGHUP is ignored.
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, lambda number, frame: early.append(number))
    if not CAN_WAIT:
        return supervise_plainly(command, environment, early)
    # The command inherits what is blocked.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
    process = subprocess.Popen(command, env=environment, close_fds=False)  # nosec B603
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    for number in early:
        process.send_signal(number)
    while process.poll() is None:
        received = signal.sigwaitinfo(AWAITED)
        # Ctrl-C in a terminal has reached the command already.
        if received.si_signo in PASSED_ON and received.si_code != FROM_KERNEL:
            process.send_signal(received.si_signo)
    return process.returncode


def supervise_plainly(command: Sequence[str], environment: Dict[str, str], early: List[int]) -> int:
    """Do the same where a program cannot find out who sent a signal: macOS and Windows."""
    process = subprocess.Popen(command, env=environment, close_fds=False)  # nosec B603

    def pass_on(number: int, frame: object = None) -> None:
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(number)

    for each in PASSED_ON:
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, pass_on)
    for number in early:
        pass_on(number)
    return process.wait()
