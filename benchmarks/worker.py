"""The process of one contender: one measurement for each line of JSON on its standard input.

    python worker.py CONTENDER '{"memory": "https://…", "prompt": "http://…", "slow": "http://…"}'

A line has the keys ``quantity`` (a method of Worker), ``act`` (a method of the contender, or null),
``place`` (the name of a server), ``options`` of the act, and ``number`` of repetitions. The result
is ``{"value": …}``, or ``{"missing": reason}`` if the contender does not have the act.
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
    """The server of an act: a URL on the network, or a function that responds from memory."""

    url: str
    answer_to: Optional[Callable] = None


class Worker:
    """The measurements of one contender."""

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
        """Return the act, with the same session for every measurement."""
        key = json.dumps([command['act'], command['place'], command['options']])
        if key not in self._acts:
            make = getattr(self._contender, command['act'])
            self._acts[key] = make(self._places[command['place']], **command['options'])
            if command['place'] != 'slow':
                # The first call fills caches and imports modules.
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
        """Return the peak of the memory allocated during an act."""
        act = self._act(command)
        gc.collect()
        tracemalloc.start()
        act()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    def import_seconds(self, command):
        """Return the CPU time of an import in a new interpreter."""
        code = (
            'import time; start = time.process_time(); import {}; '
            'print(time.process_time() - start)'
        ).format(self._module_name)
        python = [sys.executable, '-W', 'ignore', '-c', code]
        return float(subprocess.run(python, check=True, capture_output=True).stdout)

    def waited_seconds(self, command):
        """Return the time of an act at a rate limit that ends in ``number`` seconds."""
        make = getattr(self._contender, command['act'])
        return waited_through(command['number'], lambda answer_to: make(self._in_memory(answer_to)))

    def measure(self, command):
        act = command['act']
        if act is not None and not hasattr(self._contender, act):
            return {'missing': 'the library does not support this'}
        try:
            return {'value': getattr(self, command['quantity'])(command)}
        except TypeError as error:
            if not command['options']:
                raise
            # The library lacks the option.
            return {'missing': str(error)}


def main(contender, urls):
    worker = Worker(contender, json.loads(urls))
    for line in sys.stdin:
        print(json.dumps(worker.measure(json.loads(line))), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
