"""Reading of a column of labels: sides by name, or a scale that somebody named.

Decided once for a whole column, by its values: what looks like a scale is never taken for
sides (of 1 to 5, 1 and 2 are no sides), and nobody's guess says which end is the first
answer's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fellowship.errors import InputError
from fellowship.number_format import counted
from fellowship.pipelines.columns.list_cells import votes_in
from fellowship.pipelines.columns.scales import (
    Scale,
    as_number,
    scale_named,
    scale_words,
)
from fellowship.pipelines.columns.winner_flags import FLAGS, WINNER
from fellowship.pipelines.columns.winner_words import (
    counts_from_0,
    is_missing,
    normal_word,
    parse_winner,
)
from fellowship.records import Winner
from fellowship.suggestions import quoted_list

GRADED = re.compile(
    r"overall|strength|score|rating|likert|scale|margin|degree|magnitude|differen|slider"
    r"|helpful|harmless|correctness|coheren|verbos|complexity|quality|stars|grade"
)
"""Names of columns that grade: numbers in them say how much, not which."""
MOST_SHOWN = 5
"""Labels that a message lists."""
INDEX = re.compile(r"(?:^|_)(?:id|idx|index)$")
"""Names of columns that count answers, from 0 or from 1."""


class Ways(NamedTuple):
    """How a verb lets its user say what labels mean: by a scale, or value by value.

    `value` is how one is said, what stands between two, and around all. `by_row`: a label
    that isn't understood refuses its row, where most are understood.
    """

    scale: str
    zero_one: str
    values: str
    value: tuple[str, str, str] = ("--value {}={}", " ", "{}")
    by_row: bool = False


FILE_WAYS = Ways(
    "--label-scale {}",
    "`--value 0=first --value 1=second` or `--value 0=tie --value 1=first`",
    "--value SPELLING=MEANING for each",
)
VERDICT_WAYS = FILE_WAYS._replace(
    scale="--preference COLUMN --preference-scale {}", by_row=True
)
SOURCE_WAYS = Ways(
    'source.label_scale: "{}"',
    "`source.label_values: {0: first, 1: second}` or"
    " `source.label_values: {0: tie, 1: first}`",
    "source.label_values: {SPELLING: MEANING, ...}",
    ("'{}': {}", ", ", "source.label_values: {{{}}}"),
    by_row=True,
)


@dataclass(frozen=True)
class Meanings:
    """What somebody said that labels mean, and how more of it is said."""

    values: Mapping[str, Winner] = field(default_factory=dict)
    scale: str | None = None
    ways: Ways = FILE_WAYS


@dataclass(frozen=True)
class Sides:
    """How labels are read: by `values` somebody explained, then a `scale` or by words."""

    values: Mapping[str, Winner] = field(default_factory=dict)
    scale: Scale | None = None
    described: str = "sides by their usual names"

    def winner(self, value: Any) -> Winner:
        """Whom a label names; invalid where somebody said skip.

        `InputError` for a label that has no meaning here.
        """
        if self.scale is None or is_explained(value, self.values):
            return parse_winner(value, self.values)
        number = as_number(value)
        if number is None or not self.scale.holds(number):
            raise InputError(f"the label {value!a} is not on the scale")
        return self.scale.winner(number)


BY_NAME = Sides()
"""Labels that name their side, and nothing that somebody said of them."""


def read_sides(place: str, column: str, cells: Iterable[Any], given: Meanings) -> Sides:
    """How the labels in a column of the file `place` are to be read.

    `InputError` for numbers whose meaning nobody has said and that can have several: 0 and
    1 alone, and whatever is a scale.
    """
    values, scale = given.values, given.scale
    if scale is not None:
        return Sides(values, scale_named(scale), f"a scale: {scale_words(scale)}")
    found = [one for cell in cells for one in labels_in(cell)]
    left = [one for one in found if not is_explained(one, values)]
    given_numbers = [n for one in left if (n := as_number(one)) is not None]
    numbers, words = {*given_numbers}, len(given_numbers) < len(left)
    if numbers and 2 * len(given_numbers) >= len(left):
        refuse_graded(place, column, numbers, given.ways)
    if column in FLAGS and numbers:
        raise InputError(
            f"column {column!r} of {place} is one of three, {quoted_list(FLAGS)}, that say"
            f" the winner together: name {WINNER!r}, which is read from them"
        )
    from_0 = sorted({str(one).strip() for one in left if counts_from_0(one)})
    if from_0:
        raise InputError(
            f"the labels in {place}, column {column!r}, number the answers from 0"
            f" ({from_0[0]!a}), so that 1 is the second: say what each means,"
            f" {given.ways.values}"
        )
    counts = numbers == {1} and bool(INDEX.search(column.lower()))
    if counts or (
        0 in numbers and numbers <= {0, 1} and not (numbers == {0} and words)
    ):
        raise InputError(
            f"the labels in {place} are all 0 or 1, which can mean a tie and the"
            f" first, or the first and the second: say so, {given.ways.zero_one}"
        )
    if given.ways.by_row:
        refuse_unknown(place, column, left, given.ways)
    return Sides(values, None, sides_words(numbers, values))


def refuse_unknown(
    place: str, column: str, labels: Collection[Any], ways: Ways
) -> None:
    """`InputError` where most labels are not understood, with the way to say them."""
    unknown = [one for one in labels if not is_known(one)]
    if not unknown or 2 * len(unknown) < len(labels):
        return
    shown = list(dict.fromkeys(f"{one!a:.60}" for one in unknown))
    one, between, around = ways.value
    sides = zip(shown, ("first", "second"), strict=False)
    spelled = between.join(one.format(n.strip("'\""), side) for n, side in sides)
    more, said = ", ..." * (len(shown) > MOST_SHOWN), around.format(spelled)
    raise InputError(
        f"{len(unknown):,} of {counted(len(labels), 'label')} in {place}, column"
        f" {column!r}, are not understood: {', '.join(shown[:MOST_SHOWN])}{more}. Say"
        f" what each means (first, second, tie or skip), for instance {said}"
    )


def is_known(label: Any) -> bool:
    """Whether a label names a side by its spelling."""
    try:
        parse_winner(label, {})
    except InputError:
        return False
    return True


def sides_words(numbers: Collection[float], values: Mapping[str, Winner]) -> str:
    """How sides are read, in words."""
    told = "sides by their usual names"
    if numbers:
        told += f" (1 is the first, 2 the second{', 0 a tie' * (0 in numbers)})"
    if values:
        named = (f"{name} is {side}" for name, side in values.items())
        told += f", {', '.join(named).replace('invalid', 'no label')} as you said"
    return told


def refuse_graded(
    place: str, column: str, numbers: Collection[float], ways: Ways
) -> None:
    """`InputError` where numbers are a scale: others than 0, 1, 2, or graded by name."""
    as_sides = {*numbers} <= {0, 1, 2} or {*numbers} <= {1, 1.5, 2}
    if as_sides and not GRADED.search(column.lower()):
        return
    seen = " to ".join(dict.fromkeys(f"{n:g}" for n in (min(numbers), max(numbers))))
    low, high = (f"{end:g}" for end in likely_ends(min(numbers), max(numbers)))
    raise InputError(
        f"the labels in {place}, column {column!r}, are numbers ({seen}) that look like a"
        " scale, and not like sides (1, 2, and 0 for a tie): say which end means the first"
        f" answer, {ways.scale.format(f'{low}..{high}')} if the lowest number does,"
        f" {ways.scale.format(f'{high}..{low}')} if the highest does, with the ends that"
        f" the scale has; or what each number means, {ways.values}"
    )


def likely_ends(least: float, most: float) -> tuple[float, float]:
    """Usual ends of a scale that holds these: even about 0, or from 0 or 1 (100: 0) up."""
    if least < 0:
        end = max(-least, most)
        return -end, end
    begin = 0 if least < 1 or most > 10 else 1
    return begin, next((end for end in (1, 3, 5, 7, 10, 100) if most <= end), most)


def labels_in(cell: Any) -> list[Any]:
    """The labels of one cell, which may hold a list of several people's."""
    return [one for one in votes_in(cell) if not is_missing(one)]


def is_explained(value: Any, values: Mapping[str, Winner]) -> bool:
    """Whether somebody said what a value means."""
    word = normal_word(value)
    return bool(word) and word in {normal_word(name) for name in values}
