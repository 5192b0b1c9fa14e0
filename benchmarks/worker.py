"""The process of one contender: takes a measurement for each line of JSON on its standard input.

    python worker.py CONTENDER '{"memory": "https://…", "prompt": "http://…", "slow": "http://…"}'

A line has the keys ``quantity`` (a method of Worker), ``act`` (a method of the contender, or null),
``place`` (where to), ``options`` of the act, and ``number`` of repetitions. The answer is
``{"value": …}``, or ``{"missing": why}`` where the contender does not have the act.
"""

import gc
import json
import subprocess
import sys
import time
import tracemalloc
from typing import Callable, NamedTuple, Optional

import contenders
import floors
from answers import Answers
from waiting import waited_through

CONTENDERS = {
    'http.client': (floors.HttpClient, 'http.client'),
    'urllib3': (floors.Urllib3, 'urllib3'),
    'requests': (contenders.Requests, 'requests'),
    'pdpyras': (contenders.Pdpyras, 'pdpyras'),
    'pagerduty': (contenders.Pagerduty, 'pagerduty'),
}


class Place(NamedTuple):
    """Where an act goes: over the network to a URL, or to what answers from memory."""

    url: str
    answer_to: Optional[Callable] = None


class Worker:
    def __init__(self, contender, urls):
        make, self._module_name = CONTENDERS[contender]
        self._contender = make()
        self._places = {name: Place(url) for name, url in urls.items()}
        self._memory_url = urls['memory']
        self._places['memory'] = self._in_memory(Answers().to)
        self._acts = {}

    def _in_memory(self, answer_to):
        return Place(self._memory_url, answer_to)

    def _act(self, command):
        """The act, on a session that stays the same from one measurement to the next."""
        key = json.dumps([command['act'], command['place'], command['options']])
        if key not in self._acts:
            make = getattr(self._contender, command['act'])
            self._acts[key] = make(self._places[command['place']], **command['options'])
            if command['place'] != 'slow':
                # The first time, caches are filled and modules loaded.
                self._acts[key]()
        return self._acts[key]

    def wall_seconds(self, command):
        return self._seconds(command, time.perf_counter)

    def cpu_seconds(self, command):
        return self._seconds(command, time.process_time)

    def _seconds(self, command, clock):
        act, number = self._act(command), command['number']
        gc.collect()
        start = clock()
        for _ in range(number):
            act()
        return (clock() - start) / number

    def peak_bytes(self, command):
        """The most memory held at a time during an act."""
        act = self._act(command)
        gc.collect()
        tracemalloc.start()
        act()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    def import_seconds(self, command):
        """The CPU time of an import in a fresh interpreter."""
        code = (
            'import time; start = time.process_time(); import {}; '
            'print(time.process_time() - start)'
        ).format(self._module_name)
        python = [sys.executable, '-W', 'ignore', '-c', code]
        return float(subprocess.run(python, check=True, capture_output=True).stdout)

    def waited_seconds(self, command):
        """How long an act takes that meets a rate limit with ``number`` seconds to go."""
        make = getattr(self._contender, command['act'])
        return waited_through(command['number'], lambda answer_to: make(self._in_memory(answer_to)))

    def measure(self, command):
        act = command['act']
        if act is not None and not hasattr(self._contender, act):
            return {'missing': 'it has no such act'}
        try:
            return {'value': getattr(self, command['quantity'])(command)}
        except TypeError as error:
            if not command['options']:
                raise
            # An option that the library does not have.
            return {'missing': str(error)}


def main(contender, urls):
    worker = Worker(contender, json.loads(urls))
    for line in sys.stdin:
        print(json.dumps(worker.measure(json.loads(line))), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
