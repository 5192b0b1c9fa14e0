"""Taking turns: all contenders do the same act in every round, so that noise meets them alike."""

import json
import os
import statistics
import subprocess
from typing import Any, Dict, List, NamedTuple, Optional

import environment
from rows import FORMER, OURS, SUCCESSOR, Entry

HERE = environment.HERE

#: The name that worker.py knows a contender by, and where its package is.
_PROGRAMS = {
    OURS: ('pdpyras', [environment.LIBRARY]),
    FORMER: ('pdpyras', [environment.peer('pdpyras-5.4.1')]),
    SUCCESSOR: ('pagerduty', [environment.peer('pagerduty')]),
}

#: Seconds that a turn takes, roughly: short beside what disturbs it, long beside the clock's steps.
_TURN = 0.03


class Quartiles(NamedTuple):
    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values):
        if len(values) == 1:
            return cls(*values * 3)
        return cls(*statistics.quantiles(values, n=4, method='inclusive'))


class Measured(NamedTuple):
    """What came out for a row: the measured values by label, in the order of the rounds."""

    row: Any
    values: Dict[str, List[float]]
    missing: Dict[str, str]

    def against(self, label, baseline=None) -> Optional[Quartiles]:
        """The quartiles of a contender's ratios to the baseline, each within one round."""
        own, other = self.values.get(label), self.values.get(baseline or self.row.baseline)
        if not own or not other:
            return None
        return Quartiles.of([value / base for value, base in zip(own, other)])

    def absolute(self, label) -> Optional[Quartiles]:
        return Quartiles.of(self.values[label]) if self.values.get(label) else None

    def together(self, later):
        """This and what came out in later rounds."""
        values = {label: self.values[label] + later.values[label] for label in self.values}
        return self._replace(values=values)


class Process:
    """A Python process that is talked to in lines of JSON."""

    def __init__(self, arguments, variables):
        self._process = subprocess.Popen(
            [environment.PYTHON, '-W', 'ignore'] + arguments,
            cwd=HERE,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def receive(self):
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit('A process ended early: {}'.format(' '.join(self._process.args)))
        return json.loads(line)

    def ask(self, question):
        self._process.stdin.write(json.dumps(question) + '\n')
        self._process.stdin.flush()
        return self.receive()

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Laboratory:
    """The servers and a worker for each contender; a context manager that ends them all.

    :param latency: seconds that the slow server takes for an answer.
    """

    def __init__(self, latency):
        self._latency = latency
        self._workers = {}

    def __enter__(self):
        self._servers = Process(
            ['servers.py', str(self._latency)], environment.variables([], count=32)
        )
        self._urls = dict(self._servers.receive(), memory='https://api.pagerduty.com')
        return self

    def __exit__(self, *exception):
        for process in [*self._workers.values(), self._servers]:
            process.close()

    def measure(self, row, rounds):
        """Let all who take part in a row do its act in turn, so many rounds."""
        missing, values = {}, {label: [] for label in row.entries}
        number = self._number(row)
        labels = list(row.entries)
        for turn in range(rounds):
            # Nobody always comes first.
            start = turn % len(labels)
            for label in labels[start:] + labels[:start]:
                answer = self._ask(row, label, number)
                if 'missing' in answer:
                    missing[label] = answer['missing']
                else:
                    values[label].append(answer['value'])
        return Measured(row, values, missing)

    def waits(self, contender, windows):
        """How long a contender waits through each of the windows of a rate limit."""
        entry = Entry(contender, 'get_user')
        question = {'quantity': 'waited_seconds', 'act': entry.act, 'options': {}}
        worker = self._worker(entry, variables=32)
        return [worker.ask(dict(question, number=window))['value'] for window in windows]

    def _number(self, row):
        """How many repetitions make a turn of the right length."""
        if not row.quantity.endswith('_seconds') or row.quantity == 'import_seconds':
            return 1
        if row.place == 'slow':
            return 1
        return max(1, int(_TURN / self._ask(row, row.baseline, number=1)['value']))

    def _ask(self, row, label, number):
        entry = row.entries[label]
        question = {
            'quantity': row.quantity,
            'act': entry.act,
            'options': entry.options,
            'place': row.place,
            'number': number,
        }
        return self._worker(entry, row.variables).ask(question)

    def _worker(self, entry, variables):
        key = (entry.contender, entry.beside, entry.apart, variables)
        if key not in self._workers:
            program, directories = _PROGRAMS.get(entry.contender, (entry.contender, []))
            if entry.beside:
                directories = directories + [environment.peer(entry.beside)]
            self._workers[key] = Process(
                ['worker.py', program, json.dumps(self._urls)],
                environment.variables(directories, variables),
            )
        return self._workers[key]


def share_one_processor():
    """Keep this process and all that it starts on one processor, where the system can do that.

    Client and server take turns anyway; moving between processors only adds noise.
    """
    if hasattr(os, 'sched_setaffinity'):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
