"""Measure in rounds: every contender runs once in each round, so noise affects all of them."""

import json
import os
import statistics
import subprocess
from typing import Any, Dict, List, NamedTuple, Optional

import environment
from rows import FORMER, OURS, SUCCESSOR, Entry

HERE = environment.HERE

#: The name of a contender in worker.py, and the directories of its package.
_PROGRAMS = {
    OURS: ('pdpyras', [environment.LIBRARY]),
    FORMER: ('pdpyras', [environment.peer('pdpyras-5.4.1')]),
    SUCCESSOR: ('pagerduty', [environment.peer('pagerduty')]),
}

#: Approximate seconds per turn: shorter than disturbances, longer than the clock's resolution.
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
    """The results of a row: the measured values by label, in the order of the rounds."""

    row: Any
    values: Dict[str, List[float]]
    missing: Dict[str, str]

    def against(self, label, baseline=None) -> Optional[Quartiles]:
        """Return the quartiles of the ratios to the baseline, each of values from one round."""
        own, other = self.values.get(label), self.values.get(baseline or self.row.baseline)
        if not own or not other:
            return None
        return Quartiles.of([value / base for value, base in zip(own, other)])

    def absolute(self, label) -> Optional[Quartiles]:
        return Quartiles.of(self.values[label]) if self.values.get(label) else None

    def together(self, later):
        """Return these results and those of later rounds as one."""
        values = {label: self.values[label] + later.values[label] for label in self.values}
        return self._replace(values=values)


class Process:
    """A Python process that reads and writes lines of JSON."""

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
    """The servers and a worker for each contender, as a context manager that ends them.

    :param latency: the delay of each response of the slow server, in seconds.
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
        """Run the contenders of a row in turn, for this number of rounds."""
        missing, values = {}, {label: [] for label in row.entries}
        number = self._number(row)
        labels = list(row.entries)
        for turn in range(rounds):
            # Begin each round with another contender.
            start = turn % len(labels)
            for label in labels[start:] + labels[:start]:
                answer = self._ask(row, label, number)
                if 'missing' in answer:
                    missing[label] = answer['missing']
                else:
                    values[label].append(answer['value'])
        return Measured(row, values, missing)

    def waits(self, contender, windows):
        """Return the seconds that a contender waits in each of the windows of a rate limit."""
        entry = Entry(contender, 'get_user')
        question = {'quantity': 'waited_seconds', 'act': entry.act, 'options': {}}
        worker = self._worker(entry, variables=32)
        return [worker.ask(dict(question, number=window))['value'] for window in windows]

    def _number(self, row):
        """Return the number of repetitions that make a turn of the right length."""
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
    """Keep this process and its children on one processor, if the system can.

    Client and server take turns anyway; moving between processors only adds noise.
    """
    if hasattr(os, 'sched_setaffinity'):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
