"""The results, as a table for people and as JSON for programs."""

import platform
import statistics

from rows import COLUMNS, OURS

_TITLE_WIDTH = 40
_WIDTH = 21

#: The maximum number of seconds to wait after the server is ready again.
_MAX_OVERSHOOT = 3


def table(results):
    """Return the rows as text, with the ratios to the baseline as median (quartiles)."""
    heads = ['baseline = 1'] + [name for name in COLUMNS if name != 'requests'] + ['goal']
    lines = [_line('work', heads), _rule(heads)]
    for result in results:
        row = result.row
        cells = ['{} {}'.format(row.baseline, _absolute(result, row.baseline))]
        cells += [_ratio(result, name) for name in COLUMNS if name != 'requests']
        lines.append(_line(row.title, cells + [_verdict(result)]))
    return '\n'.join(lines)


def comparisons(results):
    """Return the ratios of this library to each of the others, as medians in text."""
    others = [name for name in COLUMNS if name != OURS]
    lines = [_line('ours divided by', others), _rule(others)]
    for result in results:
        ratios = [result.against(OURS, other) for other in others]
        if any(ratios):
            cells = ['{:.3g}'.format(ratio.median) if ratio else '' for ratio in ratios]
            lines.append(_line(result.row.title, cells))
    return '\n'.join(lines)


def waits(windows, waited):
    """Return the waiting times of the contenders at rate limits, as text."""
    heads = ['wait ÷ T', 'worst', 'max. beyond T', 'goal']
    title = 'a 429 whose window ends after T = {} … {} s'.format(windows[0], windows[-1])
    lines = [_line(title, heads), _rule(heads)]
    for contender, seconds in waited.items():
        ratios = [wait / window for wait, window in zip(seconds, windows)]
        beyond = max(wait - window for wait, window in zip(seconds, windows))
        cells = ['{:.2f}'.format(statistics.median(ratios)), '{:.2f}'.format(max(ratios))]
        cells += ['{:.0f} s'.format(beyond), '≤ {} s'.format(_MAX_OVERSHOOT)]
        lines.append(_line(contender, cells))
    return '\n'.join(lines)


def as_json(results, windows, waited, versions):
    """Return all results in a form that json.dump accepts."""
    return {
        'python': platform.python_version(),
        'machine': '{} {}'.format(platform.system(), platform.machine()),
        'versions': versions,
        'rows': [_row_as_json(result) for result in results],
        'waits': {'windows': windows, 'waited': waited},
    }


def _row_as_json(result):
    labels = result.row.entries
    return {
        'title': result.row.title,
        'quantity': result.row.quantity,
        'baseline': result.row.baseline,
        'goal': result.row.goal,
        'missing': result.missing,
        'ratios': {
            label: result.against(label)._asdict() for label in labels if result.against(label)
        },
        'values': result.values,
    }


def _line(title, cells):
    return title.ljust(_TITLE_WIDTH) + ''.join(cell.rjust(_WIDTH) for cell in cells)


def _rule(cells):
    return '-' * (_TITLE_WIDTH + _WIDTH * len(cells))


def _absolute(result, label):
    quartiles = result.absolute(label)
    if quartiles is None:
        return 'not available'
    if result.row.quantity == 'peak_bytes':
        return '{:.1f} MB'.format(quartiles.median / 1e6)
    seconds = quartiles.median
    for unit, scale in (('s', 1), ('ms', 1e3)):
        if seconds * scale >= 1:
            return '{:.1f} {}'.format(seconds * scale, unit)
    return '{:.0f} µs'.format(seconds * 1e6)


def _ratio(result, label):
    if label in result.missing:
        return 'not available'
    if label == result.row.baseline:
        return '1'
    quartiles = result.against(label)
    if quartiles is None:
        return ''
    digits = 3 if quartiles.median < 0.1 else 2
    return '{1:.{0}f} ({2:.{0}f}–{3:.{0}f})'.format(
        digits, quartiles.median, quartiles.low, quartiles.high
    )


def _verdict(result):
    quartiles = result.against(OURS)
    met = quartiles is not None and quartiles.median <= result.row.goal
    return '≤ {:.2f} {}'.format(result.row.goal, 'met' if met else 'NOT MET')
