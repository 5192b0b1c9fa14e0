"""Measure this library side by side with pdpyras 5.4.1, its successor, requests and the floor.

    python benchmarks/run.py                  # about ten minutes
    python benchmarks/run.py --quick          # less than a minute
    python benchmarks/run.py --json results.json --plot docs/performance.svg

The first run creates an environment in benchmarks/.env, for which it needs PyPI.
"""

import argparse
import json
import os
import platform
import subprocess
import sys

import environment
import measuring
import plot
import report
from rows import FORMER, OURS, ROWS, SUCCESSOR

LATENCY = 0.1
WINDOWS = list(range(1, 61))


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--quick', action='store_true', help='fewer rounds: less than a minute')
    parser.add_argument('--json', metavar='FILE', help='write all results as JSON')
    parser.add_argument('--plot', metavar='FILE', help='draw the results as SVG')
    parser.add_argument('--rows', metavar='WORD', help='only rows with this word in their title')
    parser.add_argument(
        '--renew', action='store_true', help='recreate the environment, with the newest packages'
    )
    options = parser.parse_args()
    for path in filter(None, (options.json, options.plot)):
        if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
            parser.error('the directory of {} does not exist'.format(path))
    return options


def measured(rows, sittings, rounds):
    """Measure the rows in several sittings, each with new processes.

    The layout of its memory makes a process faster or slower for as long as it lives.
    """
    results = {}
    for sitting in range(sittings):
        with measuring.Laboratory(LATENCY) as laboratory:
            for row in rows:
                print('{}: {}'.format(sitting + 1, row.title), file=sys.stderr)
                result = laboratory.measure(row, max(1, round(rounds * row.share)))
                earlier = results.get(row.title)
                results[row.title] = earlier.together(result) if earlier else result
    return list(results.values())


def waited(windows):
    with measuring.Laboratory(LATENCY) as laboratory:
        return {name: laboratory.waits(name, windows) for name in (FORMER, SUCCESSOR, OURS)}


def main(options):
    measuring.share_one_processor()
    rows = [row for row in ROWS if options.rows is None or options.rows in row.title]
    if not rows:
        raise SystemExit('No row has {!r} in its title.'.format(options.rows))
    results = measured(rows, *((1, 8) if options.quick else (5, 20)))
    waits, versions = waited(WINDOWS), environment.versions()
    named = ', '.join(map(' '.join, sorted(versions.items())))
    print('Python {} on {}; {}'.format(platform.python_version(), platform.system(), named))
    print('\n{}\n'.format(report.table(results)))
    print('{}\n'.format(report.comparisons(results)))
    print(report.waits(WINDOWS, waits))
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as file:
            json.dump(report.as_json(results, WINDOWS, waits, versions), file, indent=1)
    if options.plot:
        plot.draw(results, options.plot)


if __name__ == '__main__':
    if sys.version_info < (3, 10):
        raise SystemExit('The benchmark needs Python 3.10, as the newest peer does.')
    options = arguments()
    if not environment.is_active():
        environment.create(recreate=options.renew)
        if options.plot:
            environment.install('matplotlib')
        again = [environment.PYTHON, os.path.abspath(__file__), *sys.argv[1:]]
        raise SystemExit(subprocess.run(again).returncode)
    main(options)
