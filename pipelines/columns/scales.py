"""Scales of preferences: chances, AlpacaEval's 1 to 2, differences, logits, ranges.

Each says what a number means for the first answer of its row. A range `A..B` has the first
answer at A and the second at B, whichever is larger: `-3..3` is HelpSteer3's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, get_args

from fellowship.errors import InputError
from fellowship.json_values import finite_number
from fellowship.records import Winner
from fellowship.registry_check import check_registry
from fellowship.suggestions import quoted_list

ScaleName = Literal["probability", "one-to-two", "difference", "logit"]

RANGE = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*\.\.\s*([+-]?\d+(?:\.\d+)?)\s*")
NEAR = 1e-12
"""What rounding may leave of a tie."""


class Scale(NamedTuple):
    """One meaning of a number.

    `chance` turns it into the probability that the first answer is the better one, None
    where the scale has no such reading; `low` and `high` are the least and the most it
    can be; `middle` is a tie; `sign` is -1 where smaller numbers favour the first.
    """

    chance: Callable[[float], float] | None
    middle: float
    low: float = -math.inf
    high: float = math.inf
    sign: int = 1

    def favour(self, number: float) -> float:
        """How far a number favours the first answer; negative: the second."""
        if self.chance is not None:
            return self.chance(number) - 0.5
        return self.sign * (number - self.middle)

    def holds(self, number: float) -> bool:
        """Whether a number is on the scale."""
        return self.low <= number <= self.high

    def winner(self, number: float) -> Winner:
        """Whom a number names; exactly the middle is a tie."""
        off = self.favour(number)
        return "tie" if abs(off) <= NEAR else "first" if off > 0 else "second"


def logistic(value: float) -> float:
    """1 / (1 + exp(-value)), without overflow."""
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    return math.exp(value) / (1 + math.exp(value))


SCALES: Mapping[str, Scale] = {
    "probability": Scale(lambda p: p, 0.5, 0, 1),
    "one-to-two": Scale(lambda value: 2 - value, 1.5, 1, 2),
    "difference": Scale(None, 0),
    "logit": Scale(logistic, 0),
}
"""Names of scales -> their meaning, all of them for the first answer."""
check_registry("preference scale", get_args(ScaleName), SCALES)


def scale_named(name: str) -> Scale:
    """The scale of a name or of a range `A..B`; `InputError` for anything else."""
    if name in SCALES:
        return SCALES[name]
    found = RANGE.fullmatch(name)
    first, second = (float(end) for end in found.groups()) if found else (0.0, 0.0)
    if first == second:
        raise InputError(
            f"{name!r} is no scale: give one of {quoted_list(SCALES)}, all for the first"
            " answer, or a range with the first answer's end before the second's, such"
            " as -3..3 or 5..1"
        )
    sign = 1 if first > second else -1
    low, high = min(first, second), max(first, second)
    return Scale(None, (first + second) / 2, low, high, sign)


def as_number(value: Any) -> float | None:
    """A finite number of a cell, also one written as text or with %; else None."""
    if isinstance(value, str):
        value = value.strip().removesuffix("%").rstrip()
    return None if isinstance(value, str) and "_" in value else finite_number(value)


def scale_words(scale: str) -> str:
    """What a scale says of its numbers, in words."""
    found = scale_named(scale)
    if found.low == -math.inf:
        return f"above {found.middle:g} is the first, below it the second"
    first, second = (
        (found.high, found.low)
        if found.favour(found.high) > 0
        else (found.low, found.high)
    )
    return f"{first:g} is the first, {second:g} the second, {found.middle:g} a tie"
