"""JSON objects of a reply, sound or mended, and where they stand.

An object that Python's own decoder reads is sound. One it does not, and that has a field
of a verdict, is mended by json-repair; whoever reads a mended field holds it against the
text (`json_fields.py`), for a mended object may say what was never written.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import json_repair

from fellowship.agents.parsing.problems import Unreadable, UnreadableReply
from fellowship.json_values import finite_number
from fellowship.lazy_pattern import lazy_pattern

MOST_TRIES = 100
"""Braces that begin no object, after which a reply is a runaway."""
MOST_MENDED = 10_000
"""Characters of an object that are worth mending: an answer in our form has 600."""
MOST_NESTED = 50
_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_int=float, strict=False)
_OPENS = lazy_pattern(
    r"(?<!\\text)(?<!\\boxed)(?<!\\text\w\w)(?<!\\math\w\w)\{\s{0,40}(?:[\"'“”‘’\\]|\w{1,40}\s{0,4}:|/[/*])"
)
"""What an object begins with; `{n}` of mathematics and `\\text{...}` do not."""
FIELD = lazy_pattern(
    r"[\"'“”‘’]?\b(?:score|rating|winner|verdict|grade|prefer|better|decision|first|second"
    r"|overall)[\w ]{0,30}[\"'“”‘’]?\s*[:=]",
    re.IGNORECASE,
)
_QUOTES = str.maketrans("“”‘’", "\"\"''")

Pairs = tuple[tuple[str, object], ...]


class Span(NamedTuple):
    """An object from `start` to `end`: its `pairs`, duplicates kept where it is sound.

    `source` is the text it was read from; `closed` is false where its brace is missing.
    """

    pairs: Pairs
    start: int
    end: int
    source: str
    sound: bool
    closed: bool = True


@lru_cache(maxsize=1)
def json_spans(text: str) -> tuple[Span, ...]:
    """The objects of a text, in order, the outermost of nested ones.

    The last text is remembered: a reply is read for its reason and then for its verdict.
    """
    return tuple(_spans(text))


def _spans(text: str) -> Iterator[Span]:
    at, tries = 0, 0
    while match := _OPENS.search(text, at):
        span = _sound(text, match.start()) or _mended(text, match.start())
        if span is None:
            tries += 1
            if tries > MOST_TRIES:
                found = f"found more than {MOST_TRIES} braces that begin no object"
                raise UnreadableReply(
                    Unreadable.RUNAWAY, f"{found}, expected a verdict"
                )
        else:
            yield span
        at = span.end if span else match.start() + 1


def _sound(text: str, at: int) -> Span | None:
    """The object at `at`, if Python reads it."""
    try:
        pairs, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    return Span(pairs, at, end, text[at:end], True)


def _mended(text: str, at: int) -> Span | None:
    """The object at `at` as json-repair mends it; None where no verdict can be in it."""
    end, closed = _closing(text, at)
    source = text[at:end]
    nested = source.count("{") + source.count("[")
    plain = source.replace('\\"', '"') if source.startswith('{\\"') else source
    plain = plain.translate(_QUOTES)
    if len(source) > MOST_MENDED or nested > MOST_NESTED or not FIELD.search(plain):
        return None
    try:
        value = json_repair.loads(plain, skip_json_loads=True)
    except (ValueError, RecursionError):
        value = None
    pairs = pairs_of(value) if isinstance(value, dict) else ()
    return Span(pairs, at, end, plain, False, closed)


def pairs_of(value: dict[str, object]) -> Pairs:
    """A mended object in the form of a sound one."""
    return tuple((str(key), _value(inner)) for key, inner in value.items())


def _value(value: object) -> object:
    if isinstance(value, dict):
        return pairs_of(value)
    if isinstance(value, list):
        return [_value(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):
        number = finite_number(value)
        return math.inf if number is None else number  # beyond any scale
    return value


def _closing(text: str, at: int) -> tuple[int, bool]:
    """Where the object at `at` ends, and whether a brace says so.

    Braces in strings are passed over; where the quotes don't match, all are counted.
    """
    window = text[at : at + MOST_MENDED + 1]
    for marks in (r'"(?:[^"\\\n]|\\.)*"|[{}]', r"[{}]"):
        depth = 0
        for match in re.finditer(marks, window):
            if match[0] == "{":
                depth += 1
            elif match[0] == "}":
                depth -= 1
                if depth == 0:
                    return at + match.end(), True
    return len(text), False
