"""Soft preferences of imported files: chances, AlpacaEval's 1 to 2, differences, logits.

Each scale says what a number means; the first answer of the row is the one it speaks for.
A scale that nobody named is taken from the values where they allow one reading only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from fellowship.errors import InputError
from fellowship.json_values import finite_number
from fellowship.records import Scores, Winner
from fellowship.registry_check import check_registry
from fellowship.suggestions import quoted_list

ScaleName = Literal["probability", "one-to-two", "difference", "logit"]


class Scale(NamedTuple):
    """One meaning of a number.

    `chance` turns it into the probability that the first answer is the better one, None
    where the scale has no such reading; `low` and `high` are the least and the most it
    can be; `middle` is a tie.
    """

    chance: Callable[[float], float] | None
    middle: float
    low: float = -math.inf
    high: float = math.inf


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
"""`--preference-scale` -> its meaning, all of them for the first answer."""
check_registry("preference scale", get_args(ScaleName), SCALES)


@dataclass(frozen=True)
class Preferences:
    """A column of preferences: its scale, and the band around a tie that is one.

    `band` is in units of the chance, or of the difference where the scale is that.
    """

    column: str
    scale: ScaleName | None = None
    band: float = 0.0

    def described(self) -> str:
        """How the column is read, in words."""
        hard = str(self.scale) == "difference"
        middle = "0" if hard else "a chance of 1/2"
        within = (
            f"within {self.band:g} of {middle}" if self.band else f"exactly {middle}"
        )
        counted = (
            "counts as a win, for it gives no chance" if hard else "stays a chance"
        )
        return (
            f"{self.column!r} read as a {self.scale} in favour of the first answer; each"
            f" {counted}, {within} is a tie"
        )


class Preferred(NamedTuple):
    """What one preference says: who, by which scores, and the chance of the first."""

    winner: Winner
    scores: Scores
    chance: float | None


def read_preference(value: Any, given: Preferences) -> Preferred | None:
    """A cell's preference; None where it is empty.

    `InputError` for what is no number, or none of the scale's.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = finite_number(value)
    scale = SCALES[str(given.scale)]
    if number is None or not scale.low <= number <= scale.high:
        raise InputError(f"the preference {value!a} is no {given.scale}")
    chance = scale.chance(number) if scale.chance else None
    off = number if chance is None else chance - 0.5
    if abs(off) <= given.band + 1e-12:
        return Preferred("tie", Scores(first=0.5, second=0.5), chance)
    if chance is None:
        scores = Scores(first=max(number, 0.0), second=max(-number, 0.0))
    else:
        scores = Scores(first=chance, second=1 - chance)
    return Preferred(scores.winner, scores, chance)


def recognise_scale(column: str, values: Iterable[Any]) -> ScaleName:
    """The one scale that these values can be on; `InputError` where there are several.

    Chances lie in 0 to 1, AlpacaEval's numbers in 1 to 2, on both sides of the middle:
    a difference or a logit would have to favour one side always. 0 and 1 alone may also
    number the better answer, and what goes below 0 or above 2 is a difference or a logit.
    """
    found = {n for value in values if (n := finite_number(value)) is not None}
    fits: list[ScaleName] = []
    if any(0 < n < 1 for n in found):
        fits.append("probability")
    fits.append("one-to-two")
    for name in fits:
        scale = SCALES[name]
        inside = all(scale.low <= n <= scale.high for n in found)
        if (
            inside
            and any(n < scale.middle for n in found)
            and any(n > scale.middle for n in found)
        ):
            return name
    seen = f"from {min(found):g} to {max(found):g}" if found else "no numbers"
    raise InputError(
        f"the values of {column!r} ({seen}) can be read in several ways: say which with"
        f" --preference-scale, one of {quoted_list(SCALES)}, all for the first answer"
    )
