"""Notes that a judge leaves about its scale: `{"max": 5}`, `"scale": "1-5"`, `(out of 5)`.

A note of a scale other than the one asked for makes every score beside it unreadable:
nothing is rescaled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fellowship.agents.parsing.json_fields import plain_key
from fellowship.agents.parsing.json_spans import Span
from fellowship.lazy_pattern import lazy_pattern

_LIMITS = frozenset(
    {"max", "maximum", "maxscore", "scoremax", "maxrating", "outof", "maximumscore"}
    | {"scale", "range", "scorescale", "scorerange", "ratingscale", "scalemax"}
)
"""Keys of a scale beside or around a score."""
_NUMBERS = lazy_pattern(r"\d{1,9}(?:\.\d{1,9})?")
_ENDS = r"(\d{1,9})[ \t]*(?:-|–|—|to)[ \t]*(\d{1,9})"
_IN_WORDS = lazy_pattern(
    rf"\b(?:on|using|with|in)[ \t]+an?[ \t]+(?:scale[ \t]+(?:of|from)[ \t]+{_ENDS}"
    rf"|{_ENDS}[ \t]+scale)\b",
    re.IGNORECASE,
)
_EACH = lazy_pattern(
    r"\b(?:each|all|both|scores?|ratings?)\b[^.\n\d]{0,24}\b(?:out[ \t]+of|up[ \t]+to"
    r"|max(?:imum)?(?:[ \t]+of)?)[ \t]*(\d{1,9})\b(?![ \t]+(?!points?|stars?)[a-z])",
    re.IGNORECASE,
)
_ON_A_LINE = lazy_pattern(
    r"^[ \t(]*(?:max(?:imum|\.)?(?:[ \t]+score)?[ \t]*[:=]|out[ \t]+of\b[ \t]*:?)"
    r"[ \t]*(\d{1,9})[ \t.)]*$",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED = lazy_pattern(
    rf"^[ \t(*]*(?:(?:score|rating)[ \t]+)?scale[ \t*]*(?:[:=]|is|of|from)?[ \t*]*{_ENDS}"
    r"[ \t.)*]*$",
    re.IGNORECASE | re.MULTILINE,
)
_REVERSED = lazy_pattern(
    r"(?:^[ \t(*]*|\b(?:where|note:|so)[ \t]+)(?:a[ \t]+)?(?:lower|smaller)"
    r"(?:[ \t]+(?:scores?|numbers?|ratings?))?"
    r"[ \t]+(?:is|are|means?|=)[ \t]+(?:the[ \t]+)?better"
    r"|\b1[ \t]*(?:=|is|being|means)[ \t]*(?:the[ \t]+)?(?:best|highest|top)\b"
    r"[ \t.,;)*]*(?:$|and\b|10)",
    re.IGNORECASE | re.MULTILINE,
)
"""A scale on which the best has the lowest number."""


def other_scale(spans: Sequence[Span], plain: str, high: float) -> str:
    """The first note of a scale whose top is not `high`, as it is written; '' for none."""
    for span in spans:
        for key, value in _fields(span.pairs):
            if plain_key(key) in _LIMITS and (top := _top(value)) not in (None, high):
                return f"{key}: {top:g}"
    if not plain:
        return ""
    for pattern in (_IN_WORDS, _EACH, _ON_A_LINE, _NAMED):
        for match in pattern.finditer(plain):
            if float([end for end in match.groups() if end][-1]) != high:
                return match[0].strip()
    upside_down = _REVERSED.search(plain)
    return upside_down[0].strip() if upside_down else ""


def _fields(pairs: Sequence[tuple[str, object]]) -> Iterator[tuple[str, object]]:
    """The fields of an object and of those in it."""
    left = [*pairs]
    while left:
        key, value = left.pop(0)
        yield key, value
        if isinstance(value, tuple):
            left += value
        elif isinstance(value, list):
            left += [pair for one in value if isinstance(one, tuple) for pair in one]


def _top(value: object) -> float | None:
    """The highest number that a scale's field names; None where it names none."""
    if isinstance(value, float):
        return value
    if isinstance(value, str):
        found = [float(number) for number in _NUMBERS.findall(value)]
    elif isinstance(value, list):
        found = [one for one in value if isinstance(one, float)]
    else:
        return None
    return max(found, default=None)
