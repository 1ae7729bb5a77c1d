"""Preferences of imported files, as numbers on a scale.

Each scale says what a number means; the first answer of the row is the one it speaks for.
A scale that nobody named is taken from the values where they allow one reading only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from fellowship.errors import InputError
from fellowship.pipelines.columns.scales import (
    NEAR,
    SCALES,
    ScaleName,
    as_number,
    scale_named,
    scale_words,
)
from fellowship.pipelines.columns.sides import GRADED
from fellowship.pipelines.columns.winner_words import is_missing
from fellowship.records import Scores, Winner
from fellowship.suggestions import quoted_list

SECONDS = re.compile(
    r"(?:^|_)(?:second|b|2|rejected|baseline|reference)(?:_|$)|(?:model|response|answer|output)_?[b2]\b"
)
"""Names of columns that speak of the second answer."""


@dataclass(frozen=True)
class Preferences:
    """A column of preferences: its scale, and the band around a tie that is one.

    `band` is in units of the chance, or of the difference where the scale is that.
    """

    column: str
    scale: str | None = None
    band: float = 0.0

    def described(self) -> str:
        """How the column is read, in words."""
        scale = scale_named(str(self.scale))
        hard = scale.chance is None
        middle = f"{scale.middle:g}" if hard else "a chance of 1/2"
        within = (
            f"within {self.band:g} of {middle}" if self.band else f"exactly {middle}"
        )
        counted = (
            "counts as a win, for it gives no chance" if hard else "stays a chance"
        )
        return (
            f"{self.column!r} read as {self._scale_words()}; each"
            f" {counted}, {within} is a tie"
        )

    def _scale_words(self) -> str:
        if self.scale in SCALES:
            return f"a {self.scale} in favour of the first answer"
        return f"a scale, {scale_words(str(self.scale))}"


class Preferred(NamedTuple):
    """What one preference says: who, by which scores, and the chance of the first."""

    winner: Winner
    scores: Scores
    chance: float | None


def read_preference(value: Any, given: Preferences) -> Preferred | None:
    """A cell's preference; None where it is empty.

    `InputError` for what is no number, or none of the scale's.
    """
    if is_missing(value):
        return None
    number = as_number(value)
    scale = scale_named(str(given.scale))
    if number is None or not scale.holds(number):
        raise InputError(f"the preference {value!a} is no {given.scale}")
    chance = scale.chance(number) if scale.chance else None
    off = scale.favour(number)
    if abs(off) <= given.band + NEAR:
        return Preferred("tie", Scores(first=0.5, second=0.5), chance)
    if chance is None:
        scores = Scores(first=max(off, 0.0), second=max(-off, 0.0))
    else:
        scores = Scores(first=chance, second=1 - chance)
    return Preferred(scores.winner, scores, chance)


def recognise_scale(column: str, values: Iterable[Any]) -> ScaleName:
    """The one scale that these values can be on; `InputError` where there are several.

    Chances lie in 0 to 1, AlpacaEval's numbers in 1 to 2, on both sides of the middle:
    a difference or a logit would have to favour one side always. 0 and 1 alone may also
    number the better answer, and what goes below 0 or above 2 is a difference or a logit.
    """
    found = {n for value in values if (n := as_number(value)) is not None}
    if not found:
        raise InputError(
            f"column {column!r} holds no numbers: name it with --winner, and say with"
            " --value what its values mean"
        )
    if found <= {1, 1.5, 2} and GRADED.search(column.lower()):
        raise InputError(
            f"the values of {column!r} are {', '.join(f'{n:g}' for n in sorted(found))},"
            " of a column that grades: they may be part of a longer scale. Say which with"
            " --preference-scale: one-to-two, or a range with the first answer's end"
            " before the second's, such as -3..3 or 5..1"
        )
    if SECONDS.search(column.lower()):
        raise InputError(
            f"{column!r} is named for one answer, and scales are for the first: say which"
            " with --preference-scale, 0..1 for chances of the second, 1..0 for those of"
            " the first, or another range with the first answer's end before the second's"
        )
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
    seen = f"from {min(found):g} to {max(found):g}"
    raise InputError(
        f"the values of {column!r} ({seen}) can be read in several ways: say which with"
        f" --preference-scale, one of {quoted_list(SCALES)}, all for the first answer, or"
        " a range with the first answer's end before the second's, such as -3..3 or 5..1"
    )
