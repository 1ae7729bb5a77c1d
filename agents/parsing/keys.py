"""A key of our schema counts wherever it stands: twice is twice, broken is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fellowship.agents.parsing.fields import Found, Name
from fellowship.agents.parsing.json_objects import Object, keys_in, without
from fellowship.agents.parsing.values import (
    Answer,
    choice_in,
    number_in,
    score_in,
    unmarked,
)

_NAMES: dict[str, Name] = {
    "score_first": "first",
    "score_second": "second",
    "score": "score",
    "winner": "winner",
}


def score_keys(
    text: str, parts: Sequence[Object], keys: Sequence[str], low: float, high: float
) -> Iterator[Found]:
    """Every mention of the keys of scores; a string is read as a marker's value is."""

    def read(value: object) -> Answer:
        if isinstance(value, float):
            return number_in(value, low, high)
        if isinstance(value, str):
            return score_in(unmarked(value), low, high)
        return Answer(0, problem="not a number")

    return _mentions(text, parts, keys, read)


def choice_keys(text: str, parts: Sequence[Object]) -> Iterator[Found]:
    """Every mention of the key of a verdict."""

    def read(value: object) -> Answer:
        if isinstance(value, str):
            return choice_in(unmarked(value))
        return Answer(0, problem="not a verdict")

    return _mentions(text, parts, ("winner",), read)


def _mentions(
    text: str,
    parts: Sequence[Object],
    keys: Sequence[str],
    read: Callable[[object], Answer],
) -> Iterator[Found]:
    """The keys' values in sound objects, then the keys that stand in none."""
    for part in parts:
        raw = text[part.start : part.end]
        for key in keys:
            for value in part.all(key):
                answer = read(value)
                if part.nested:
                    answer = Answer(0, problem="inside another JSON object")
                yield Found(
                    _NAMES[key],
                    part.start,
                    part.end,
                    raw,
                    answer.value,
                    answer.problem,
                    whole=True,
                )
    for key, start, end in keys_in(without(text, parts), keys):
        problem = f"broken JSON at the key {key!r}"
        yield Found(_NAMES[key], start, end, "", problem=problem, whole=True)
