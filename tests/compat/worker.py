"""Perform the cases that arrive on stdin as pickles, with the pdpyras that is imported.

PYTHONPATH=where/it/is python worker.py
"""

import json
import pathlib
import pickle
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from calls import perform  # noqa: E402  (needs the path above)
from wire import WireServer  # noqa: E402


def main():
    cases, answers = sys.stdin.buffer, sys.stdout.buffer
    api = WireServer()
    while True:
        size = cases.read(4)
        if not size:
            break
        case = pickle.loads(cases.read(struct.unpack('>I', size)[0]))
        answer = json.dumps(perform(case, api)).encode('ascii')
        answers.write(struct.pack('>I', len(answer)) + answer)
        answers.flush()
    api.close()


if __name__ == '__main__':
    main()
