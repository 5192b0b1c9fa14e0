"""The PagerDuty Condition Language, for the conditions of rules in event orchestrations.

See https://developer.pagerduty.com/docs/pcl-overview. ``trigger_count`` is parsed, but never true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, Callable, NamedTuple, NoReturn, Union
from zoneinfo import ZoneInfo, available_timezones

DAYS = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
ZONE = r'[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)*'
CLOCK_TIME = r'\d\d:\d\d:\d\d'
DAY = '(?:' + '|'.join(DAYS) + ')'
TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<datetime>\d{{4}}-\d\d-\d\d\ {CLOCK_TIME}\ {ZONE})
    |(?P<schedule>{DAY}(?:,{DAY})*\ {CLOCK_TIME}\ to\ {CLOCK_TIME}\ {ZONE})
    |(?P<number>-?\d+(?:\.\d+(?:e[+-]?\d+)?)?)
    |(?P<string>'(?:[^'\\]|\\['\\])*')
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>>=|<=|==|[><()\[\].])""",
    re.VERBOSE,
)
LITERALS = {'true': True, 'false': False, 'nil': None}
KEYWORDS = {'and', 'or', 'not', 'matches', 'equals', 'in', 'exists'}
UNITS = re.compile('(second|minute|hour|day)s?')
#: Parts of Perl's and Python's regular expressions that RE2 does not have.
NOT_RE2 = re.compile(r'\(\?(?:<?[=!]|\(|>|#|P=)|(?<!\\)(?:\\\\)*\\[1-9]')
LEADING_FLAGS = re.compile(r'\(\?([imsU]*)(-[imsU]+)?\)')
POSIX_CLASSES = {
    'alpha': 'A-Za-z', 'digit': '0-9', 'alnum': 'A-Za-z0-9', 'upper': 'A-Z', 'lower': 'a-z',
    'space': r'\s', 'word': r'\w', 'xdigit': '0-9A-Fa-f', 'punct': r'!-/:-@\[-`{-~',
}  # fmt: skip


class Context(NamedTuple):
    """The values that conditions refer to, by the first name of their paths, and the time."""

    values: Mapping[str, Any]
    now: datetime


Expression = Callable[[Context], Any]
Step = Union[str, int]


#: The value of a path that does not exist, as distinct from null.
MISSING: Any = object()


def matches(expression: str, context: Context) -> bool:
    """Return whether a condition is true; a value that is not a boolean counts as false.

    :raises ValueError: if the condition is not valid PCL.
    """
    return parse(expression)(context) is True


@lru_cache(maxsize=1000)
def parse(expression: str) -> Expression:
    """Compile a condition to a function.

    :raises ValueError: if the condition is not valid PCL, with the position of the error.
    """
    try:
        return Parser(expression).parse()
    except RecursionError:
        raise ValueError('The condition is nested too deeply') from None


class Token(NamedTuple):
    kind: str
    text: str
    position: int


class Parser:
    """A recursive descent parser, from the lowest operator precedence of a condition up."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._next = 0

    def _split(self) -> list[Token]:
        tokens = []
        position = 0
        while position < len(self._text):
            match = TOKEN.match(self._text, position)
            if match is None:
                self._fail(position)
            position = match.end()
            if match.lastgroup != 'space':
                tokens.append(Token(str(match.lastgroup), match.group(), match.start()))
        return [*tokens, Token('end', '', position)]

    def _fail(self, position: int, reason: str = '') -> NoReturn:
        rest = self._text[position : position + 30]
        where = f'at {rest!r}' if rest else 'at the end'
        raise ValueError(f'Cannot parse {self._text!r}: {reason or "syntax error"} {where}')

    def parse(self) -> Expression:
        expression = self._or()
        if self._peek().kind != 'end':
            self._fail(self._peek().position)
        return expression

    def path(self) -> list[Step]:
        first = self._advance()
        if first.kind != 'name':
            self._fail(first.position)
        steps = [first.text, *self._steps()]
        if self._peek().kind != 'end':
            self._fail(self._peek().position)
        return steps

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._peek()
        if token.kind != 'end':
            self._next += 1
        return token

    def _accept(self, *texts: str) -> bool:
        """Consume the next token if it is one of the texts, and return whether it was."""
        token = self._peek()
        if token.kind in ('name', 'sign') and token.text in texts:
            self._next += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            self._fail(self._peek().position, f'{text!r} is missing')

    def _or(self) -> Expression:
        parts = [self._and()]
        while self._accept('or'):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else lambda c: any(part(c) is True for part in parts)

    def _and(self) -> Expression:
        parts = [self._not()]
        while self._accept('and'):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda c: all(part(c) is True for part in parts)

    def _not(self) -> Expression:
        if self._accept('not'):
            negated = self._not()
            return lambda c: negated(c) is not True
        return self._comparison()

    def _comparison(self) -> Expression:
        token = self._peek()
        left = self._operand()
        if self._accept('exists'):
            # A path to null exists; for other operators, null and a missing path are the same.
            return lambda c: left(c) is not MISSING
        if self._accept('in'):
            if token.text != 'now' or self._peek().kind != 'schedule':
                self._fail(token.position, '"in" needs now and a schedule')
            return schedule(self._advance().text)
        if self._accept('matches'):
            return self._match(left)
        for signs, compare in COMPARISONS.items():
            if self._accept(*signs):
                right = self._operand()
                return lambda c: compare(value(left(c)), value(right(c)))
        return lambda c: value(left(c))

    def _match(self, left: Expression) -> Expression:
        kind = 'regex' if self._accept('regex') else 'part' if self._accept('part') else 'whole'
        exactly = self._accept('exactly')
        if kind == 'regex':
            token = self._advance()
            if token.kind != 'string':
                self._fail(token.position, 'a regular expression in quotes is missing')
            pattern = regex(unquoted(token.text), 'sm' if exactly else 'ism')

            def found(context: Context) -> bool:
                text = as_text(left(context))
                return text is not None and pattern.search(text) is not None

            return found
        right = self._operand()
        compare = TEXT_COMPARISONS[kind]
        fold = str if exactly else str.casefold

        def compared(context: Context) -> bool:
            texts = as_text(left(context)), as_text(right(context))
            return None not in texts and compare(*map(fold, map(str, texts)))

        return compared

    def _operand(self) -> Expression:
        token = self._advance()
        if token.text == '(' and token.kind == 'sign':
            expression = self._or()
            self._expect(')')
            return expression
        if token.kind in ('string', 'number', 'datetime'):
            literal = READERS[token.kind](token.text)
            return lambda c: literal
        if token.kind != 'name' or token.text in KEYWORDS:
            self._fail(token.position)
        if token.text in LITERALS:
            constant = LITERALS[token.text]
            return lambda c: constant
        if token.text == 'now':
            return lambda c: c.now
        if token.text in ('trigger_count', 'resetting_trigger_count'):
            return self._trigger_count()
        steps = [token.text, *self._steps()]
        return lambda c: look_up(c.values, steps)

    def _trigger_count(self) -> Expression:
        self._expect('over')
        self._duration()
        while self._peek().kind == 'number':
            self._duration()
        return lambda c: None

    def _duration(self) -> None:
        number, unit = self._advance(), self._advance()
        if number.kind != 'number' or not UNITS.fullmatch(unit.text):
            self._fail(number.position, 'a duration such as "5 minutes" is missing')

    def _steps(self) -> list[Step]:
        """Parse the rest of a path: names after dots, and names or numbers in brackets."""
        steps: list[Step] = []
        while self._peek().text in ('.', '['):
            sign, step = self._advance(), self._advance()
            if sign.text == '.' and step.kind == 'name':
                steps.append(step.text)
            elif sign.text == '[' and (step.kind == 'string' or step.text.isdecimal()):
                steps.append(unquoted(step.text) if step.kind == 'string' else int(step.text))
                self._expect(']')
            else:
                self._fail(step.position)
        return steps


def path(text: str) -> list[Step]:
    """Parse a path such as ``event.custom_details['a b']``.

    :raises ValueError: if it is not a path.
    """
    return Parser(text).path()


def look_up(values: Any, steps: list[Step]) -> Any:
    """Return the value at a path, or MISSING."""
    for step in steps:
        if isinstance(values, Mapping) and isinstance(step, str):
            values = values.get(step, MISSING)
        elif isinstance(values, list) and isinstance(step, int) and 0 <= step < len(values):
            values = values[step]
        else:
            return MISSING
    return values


def value(found: Any) -> Any:
    return None if found is MISSING else found


def as_text(found: Any) -> str | None:
    """Convert a value for string comparisons; return None for null and missing values."""
    if found is None or found is MISSING or isinstance(found, datetime):
        return None
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def is_number(candidate: Any) -> bool:
    return isinstance(candidate, (int, float)) and not isinstance(candidate, bool)


def ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Return a comparison of two numbers or two times that is false for other values."""

    def compared(left: Any, right: Any) -> bool:
        numbers = is_number(left) and is_number(right)
        moments = isinstance(left, datetime) and isinstance(right, datetime)
        return (numbers or moments) and compare(left, right)

    return compared


def equal(left: Any, right: Any) -> bool:
    # In Python, True == 1.
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


COMPARISONS = {
    ('>',): ordered(lambda left, right: left > right),
    ('>=',): ordered(lambda left, right: left >= right),
    ('<',): ordered(lambda left, right: left < right),
    ('<=',): ordered(lambda left, right: left <= right),
    # "equals" is only in examples of PagerDuty's OpenAPI document.
    ('==', 'equals'): equal,
}
TEXT_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    'whole': lambda text, wanted: text == wanted,
    'part': lambda text, wanted: wanted in text,
}


def unquoted(text: str) -> str:
    return re.sub(r"\\(['\\])", r'\1', text[1:-1])


def number(text: str) -> int | float:
    return float(text) if '.' in text else int(text)


def moment(text: str) -> datetime:
    date, clock_time, name = text.split(' ')
    try:
        return datetime.fromisoformat(f'{date}T{clock_time}').replace(tzinfo=zone(name))
    except ValueError as error:
        raise ValueError(f'{text} is not a date and time: {error}') from None


READERS: dict[str, Callable[[str], Any]] = {
    'string': unquoted,
    'number': number,
    'datetime': moment,
}


def zone(name: str) -> ZoneInfo:
    # The documentation has both Etc/Utc and Etc/UTC.
    for known in available_timezones():
        if known.lower() == name.lower():
            return ZoneInfo(known)
    raise ValueError(f'{name} is not a time zone of the tz database')


def schedule(text: str) -> Expression:
    """Return the condition that the time is within a weekly schedule, in its time zone."""
    days, start_text, _, end_text, name = text.split(' ')
    here = zone(name)
    start, end = time.fromisoformat(start_text), time.fromisoformat(end_text)
    numbers = {DAYS.index(day) for day in days.split(',')}

    def within(context: Context) -> bool:
        local = context.now.astimezone(here)
        clock_time = local.time().replace(microsecond=0)
        today = local.weekday() in numbers
        yesterday = (local - timedelta(days=1)).weekday() in numbers
        if start < end:
            return today and start <= clock_time <= end
        # The hours end on the next day; if both times are equal, after 24 hours.
        return (today and clock_time >= start) or (yesterday and clock_time <= end)

    return within


@lru_cache(maxsize=1000)
def regex(pattern: str, flags: str = '') -> re.Pattern[str]:
    """Compile a regular expression in RE2 syntax with Python's engine.

    :raises ValueError: if the expression is not valid, or not supported by RE2 or Python.
    """
    if NOT_RE2.search(pattern):
        raise ValueError(f'{pattern!r} is not a regular expression of RE2')
    translated = pattern.replace(r'\z', r'\Z')
    for name, characters in POSIX_CLASSES.items():
        translated = translated.replace(f'[:{name}:]', characters)
    leading = LEADING_FLAGS.match(translated)
    if leading:
        # Python can turn flags off for a group only.
        on, off = leading[1].replace('U', ''), (leading[2] or '').replace('U', '')
        switches = on + off if len(off) > 1 else on
        translated = f'(?{switches}:{translated[leading.end() :]})'
    options = sum(re.RegexFlag[flag.upper()] for flag in flags)
    try:
        return re.compile(translated, options)
    except (re.error, RecursionError) as error:
        raise ValueError(f'{pattern!r} is not a regular expression: {error}') from None
