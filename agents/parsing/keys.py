"""Mentions of a verdict's fields as keys of JSON objects.

A key of our schema counts wherever it stands: twice is twice, broken is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fellowship.agents.parsing.fields import Mention, Name
from fellowship.agents.parsing.json_objects import FlatObject, blank_out, json_keys
from fellowship.agents.parsing.values import (
    ParsedValue,
    check_range,
    parse_choice,
    parse_score,
    strip_markup,
)

_NAMES: dict[str, Name] = {
    "score_first": "first",
    "score_second": "second",
    "score": "score",
    "winner": "winner",
}


def score_keys(
    text: str, parts: Sequence[FlatObject], keys: Sequence[str], low: float, high: float
) -> Iterator[Mention]:
    """Every mention of the keys of scores; a string is read as a marker's value is."""

    def parse(value: object) -> ParsedValue:
        if isinstance(value, float):
            return check_range(value, low, high)
        if isinstance(value, str):
            return parse_score(strip_markup(value), low, high)
        return ParsedValue(0, problem="not a number")

    return _mentions(text, parts, keys, parse)


def choice_keys(text: str, parts: Sequence[FlatObject]) -> Iterator[Mention]:
    """Every mention of the key of a verdict."""

    def parse(value: object) -> ParsedValue:
        if isinstance(value, str):
            return parse_choice(strip_markup(value))
        return ParsedValue(0, problem="not a verdict")

    return _mentions(text, parts, ("winner",), parse)


def _mentions(
    text: str,
    parts: Sequence[FlatObject],
    keys: Sequence[str],
    read: Callable[[object], ParsedValue],
) -> Iterator[Mention]:
    """The keys' values in sound objects, then the keys that stand in none."""
    for part in parts:
        raw = text[part.start : part.end]
        for key in keys:
            for value in part.values(key):
                answer = read(value)
                if part.nested:
                    answer = ParsedValue(0, problem="inside another JSON object")
                yield Mention(
                    _NAMES[key],
                    part.start,
                    part.end,
                    raw,
                    answer.value,
                    answer.problem,
                    whole=True,
                )
    for key, start, end in json_keys(blank_out(text, parts), keys):
        problem = f"broken JSON at the key {key!r}"
        yield Mention(_NAMES[key], start, end, "", problem=problem, whole=True)
