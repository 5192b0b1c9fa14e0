"""Mutation testing: change the code in random places and list the changes that no test notices.

    python tools/mutate.py pdpyras.py --seed 1 --count 100
    python tools/mutate.py pdpyras_sandbox --tests tests/sandbox --jobs 2

A first run of the tests records the lines that each test reaches, in its own process or in one that
it starts. Then each mutant, one small change in a function, is tested by the tests that reach its
line, the fastest first, up to the first failure. The survivors are printed for review: some are
equivalent to the original, the others lack a test. The working tree is not changed, because mutants
are made in copies. Needs coverage and pytest-timeout.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Dict, Iterator, List, NamedTuple, Set, Tuple

import coverage

ROOT = Path(__file__).resolve().parent.parent
#: The timeout of a test in seconds; a mutant that causes a timeout counts as noticed.
TIMEOUT = 30
#: The file with the outcome, seconds and name of each phase of a test without a mutant.
OUTCOMES = '.mutate.outcomes'
#: The number of tests in the first run, at most one of each test function. The others follow if
#: none fails.
FIRST_TESTS = 40
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

SWAPPED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
}  # fmt: skip


class Mutant(NamedTuple):
    """A change of one file: the text from ``start`` to ``end``, in bytes, and its replacement."""

    path: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def __str__(self) -> str:
        return '{0.path}:{0.line}: {0.before}  ->  {0.after}'.format(self)

    def apply(self, source: bytes) -> bytes:
        return source[: self.start] + self.after.encode('utf-8') + source[self.end :]


# --- Mutants


def mutants_of(path: str, source: str) -> Iterator[Mutant]:
    """Yield every mutant of the functions of a module."""
    lines = [0]
    for line in source.encode('utf-8').splitlines(True):
        lines.append(lines[-1] + len(line))
    for node in _nodes_in_functions(ast.parse(source)):
        start = lines[node.lineno - 1] + node.col_offset
        end = lines[node.end_lineno - 1] + node.end_col_offset
        for changed in _changes(node):
            after = ast.unparse(changed)
            if isinstance(changed, ast.expr):
                after = '({})'.format(after)
            yield Mutant(path, node.lineno, start, end, ast.unparse(node), after)


def _nodes_in_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes in the bodies of functions, without docstrings and annotations."""
    for function in ast.walk(tree):
        if isinstance(function, FUNCTIONS):
            body = function.body[1:] if ast.get_docstring(function) else function.body
            pending = list(body)
            while pending:
                node = pending.pop()
                if isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.JoinedStr)):
                    continue  # Nested functions are visited separately.
                if isinstance(node, (ast.expr, ast.stmt)):
                    yield node
                for name, child in ast.iter_fields(node):
                    if name != 'annotation':
                        children = child if isinstance(child, list) else [child]
                        pending += [item for item in children if isinstance(item, ast.AST)]


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the replacements of a node."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SWAPPED:
        yield ast.Compare(node.left, [SWAPPED[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(SWAPPED[type(node.op)](), node.values)
        yield node.values[0]
    elif isinstance(node, ast.BinOp) and type(node.op) in SWAPPED:
        yield ast.BinOp(node.left, SWAPPED[type(node.op)](), node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node.value)
    elif isinstance(node, ast.Return) and node.value is not None:
        yield ast.Return(ast.Constant(None))
    elif _is_removable(node):
        yield ast.Pass()
    elif isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Continue):
        yield ast.Break()


def _is_removable(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, (ast.Constant, ast.Yield))
    return isinstance(node, ast.AugAssign)


def _other_constants(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, (int, float)):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and ' ' not in value:  # No test pins the wording of a sentence.
        yield ast.Constant(value + 'x')


# --- Tests


def pytest_runtest_setup(item):
    """Record the lines that a test reaches under its name: this module is a plugin of pytest."""
    if coverage.Coverage.current():
        coverage.Coverage.current().switch_context(item.nodeid)


def pytest_runtest_logreport(report):
    """Record the outcomes and durations of tests without a mutant."""
    with open(OUTCOMES, 'a', encoding='utf-8') as file:
        file.write('{0.outcome} {0.duration} {0.nodeid}\n'.format(report))


#: Tests that start a process leave their name in an environment variable, followed by ' (call)'.
COVERAGE_SETTINGS = """
[run]
data_file = {data_file}
parallel = true
include = {include}
context = ${{PYTEST_CURRENT_TEST-}}
"""


class Reached:
    """The tests that pass without a mutant: the seconds of each, and which of them reach a line."""

    def __init__(self, root: Path) -> None:
        self._seconds: Dict[str, float] = {}
        self._by_line: Dict[Tuple[str, int], Set[str]] = {}
        failed = set()
        for line in (root / OUTCOMES).read_text(encoding='utf-8').splitlines():
            outcome, seconds, name = line.split(' ', 2)
            self._seconds[name] = self._seconds.get(name, 0) + float(seconds)
            if outcome != 'passed':
                failed.add(name)
        for name in failed:
            del self._seconds[name]
        data = coverage.CoverageData(str(root / '.coverage.contexts'))
        data.read()
        for file in data.measured_files():
            for line, contexts in data.contexts_by_lineno(file).items():
                names = {context.rpartition(' (')[0] or context for context in contexts}
                names |= set(contexts)
                place = (os.path.relpath(file, str(root)), line)
                self._by_line[place] = names & set(self._seconds)

    def by(self, mutant: Mutant) -> List[str]:
        """Return the tests that reach the line of a mutant, the fastest first."""
        names = self._by_line.get((mutant.path, mutant.line), set())
        return sorted(names, key=lambda name: (self._seconds[name], name))


def record_tests(root: Path, targets: List[str], tests: List[str]) -> Reached:
    """Run the tests without a mutant."""
    settings = root / '.mutate.coveragerc'
    settings.write_text(
        COVERAGE_SETTINGS.format(
            data_file=root / '.coverage.contexts',
            include=','.join(_pattern(root, target) for target in targets),
        )
    )
    # Python imports this module when it starts, also in the processes that tests start.
    startup = root / '.mutate'
    startup.mkdir()
    (startup / 'sitecustomize.py').write_text('import coverage\ncoverage.process_startup()\n')
    environment = _environment(root)
    environment['PYTHONPATH'] += os.pathsep + str(startup)
    environment['COVERAGE_PROCESS_START'] = str(settings)
    command = [sys.executable, '-m', 'pytest', '-q', '-n', '0', '-p', 'mutate', *tests]
    if subprocess.run(command, cwd=str(root), env=environment).returncode > 1:
        sys.exit('The tests could not be run.')
    combine = [sys.executable, '-m', 'coverage', 'combine', '-q', '--rcfile', str(settings)]
    subprocess.run(combine, cwd=str(root), check=True)
    return Reached(root)


def _pattern(root: Path, target: str) -> str:
    return str(root / target) + ('/*' if (root / target).is_dir() else '')


def _environment(root: Path) -> Dict[str, str]:
    return dict(os.environ, PYTHONPATH=os.pathsep.join([str(root), str(root / 'tools')]))


def is_noticed(mutant: Mutant, tests: List[str], root: Path) -> bool:
    """Return whether a test fails or times out with this mutant in the copy at ``root``."""
    path = root / mutant.path
    source = path.read_bytes()
    path.write_bytes(mutant.apply(source))
    try:
        by_function = {name.partition('[')[0]: name for name in reversed(tests)}
        # A random choice, because the fastest tests may all be of one kind.
        count = min(FIRST_TESTS, len(by_function))
        chosen = set(random.Random(0).sample(sorted(by_function.values()), count))
        first = [name for name in tests if name in chosen]
        others = [name for name in tests if name not in chosen]
        return any(_fails(names, root) for names in (first, others) if names)
    finally:
        path.write_bytes(source)


def _fails(tests: List[str], root: Path) -> bool:
    options = ['-q', '-x', '-p', 'no:cacheprovider', '--timeout', str(TIMEOUT)]
    command = [sys.executable, '-m', 'pytest', '-n', '0', *options, *tests]
    environment = dict(_environment(root), PYTHONDONTWRITEBYTECODE='1')
    try:
        done = subprocess.run(
            command, cwd=str(root), env=environment, timeout=20 * TIMEOUT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def copy_project(folder: Path) -> Path:
    names = subprocess.run(
        ['git', 'ls-files', '-z'], cwd=str(ROOT), check=True, stdout=subprocess.PIPE
    ).stdout.decode()
    for name in filter(None, names.split('\0')):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(ROOT / name), str(folder / name))
    return folder


# --- Command line


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('targets', nargs='+', help='modules or packages to change')
    parser.add_argument('--seed', type=int, default=1, help='seed of the random sample')
    parser.add_argument('--count', type=int, default=100, help='size of the sample')
    parser.add_argument(
        '--jobs', type=int, default=1, help='number of mutants tested at the same time'
    )
    parser.add_argument('--tests', nargs='+', default=['tests'], help='test files or directories')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        _sample(options, Path(scratch))


def _sample(options: argparse.Namespace, scratch: Path) -> None:
    roots = [copy_project(scratch / str(job)) for job in range(options.jobs)]
    reached = record_tests(roots[0], options.targets, options.tests)
    found = sorted(
        mutant
        for path in _modules(roots[0], options.targets)
        for mutant in mutants_of(path, (roots[0] / path).read_text(encoding='utf-8'))
    )
    sample = random.Random(options.seed).sample(found, min(options.count, len(found)))
    free: Queue[Path] = Queue()
    for root in roots:
        free.put(root)

    def judge(mutant: Mutant) -> bool:
        root = free.get()
        try:
            return is_noticed(mutant, reached.by(mutant), root)
        finally:
            free.put(root)

    survivors = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for number, noticed in enumerate(pool.map(judge, sample), 1):
            if not noticed:
                survivors += 1
                mutant = sample[number - 1]
                tests = len(reached.by(mutant))
                print('{}. {} (reached by {} tests)'.format(number, mutant, tests), flush=True)
    print(
        '{} of {} mutants noticed, {} not.'.format(len(sample) - survivors, len(sample), survivors)
    )


def _modules(root: Path, targets: List[str]) -> List[str]:
    paths = [
        path for target in targets for path in ([root / target, *(root / target).rglob('*.py')])
    ]
    return sorted({str(path.relative_to(root)) for path in paths if path.suffix == '.py'})


if __name__ == '__main__':
    main()
