"""tools/mutate.py: small changes of code, to find those that no test notices."""

import ast
import sys
from pathlib import Path

import pytest

pytest.importorskip('coverage')
if sys.version_info < (3, 9):
    pytest.skip('ast.unparse is new in Python 3.9', allow_module_level=True)

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'tools'))

from mutate import mutants_of  # noqa: E402

MODULE = '''
LIMIT = 5

def grow(numbers, most: int = 3):
    """Grow until it is enough."""
    total: int = 0
    for number in numbers:
        if not number or total >= most:
            break
        total += number
    print('so far', "ä", total)
    return total * 2 if total == 1 else total
'''


def changes_of(source):
    return {(mutant.before, mutant.after) for mutant in mutants_of('module.py', source)}


def test_mutants_change_one_expression_or_statement_of_a_function():
    assert changes_of(MODULE) == {
        ('0', '(1)'),
        ('not number or total >= most', '(not number and total >= most)'),
        ('not number or total >= most', '(not number)'),
        ('not number', '(number)'),
        ('total >= most', '(total > most)'),
        ('break', 'continue'),
        ('total += number', 'pass'),
        ("print('so far', 'ä', total)", 'pass'),
        ("'ä'", "('äx')"),
        ('return total * 2 if total == 1 else total', 'return None'),
        ('total * 2 if total == 1 else total', '(total if total == 1 else total * 2)'),
        ('total * 2', '(total // 2)'),
        ('2', '(3)'),
        ('total == 1', '(total != 1)'),
        ('1', '(2)'),
    }


def test_every_mutant_is_valid_python_and_differs_from_the_original():
    for mutant in mutants_of('module.py', MODULE):
        changed = mutant.apply(MODULE.encode('utf-8'))
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(MODULE))
        assert MODULE.splitlines()[mutant.line - 1] not in changed.decode('utf-8').splitlines()


@pytest.mark.parametrize('keyword', ['def', 'async def'])
def test_a_function_within_a_function_is_changed_once(keyword):
    source = 'def one():\n    {} two():\n        return 1\n    return two\n'.format(keyword)
    mutants = [str(mutant) for mutant in mutants_of('module.py', source)]
    assert sorted(mutants) == [
        'module.py:3: 1  ->  (2)',
        'module.py:3: return 1  ->  return None',
        'module.py:4: return two  ->  return None',
    ]
