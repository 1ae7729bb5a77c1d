"""Account of a source before a run: usable rows, and why the others are not."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fellowship.number_format import counted
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.source import Rejected, count_rows, read_items

FIRST_ROWS = 2_000
"""Rows that are looked at; of a smaller source all."""
SHOWN = 3
"""Reasons, and row numbers of each, that a sentence lists."""


class SourceAccount(NamedTuple):
    """Rows that are prompts, and the numbers of the others by reason; `total` if known."""

    usable: int
    reasons: Mapping[str, list[int]]
    total: int | None = None

    @property
    def unusable(self) -> int:
        """How many rows are no prompts."""
        return sum(map(len, self.reasons.values()))

    def sentence(self) -> str:
        """Usable and unusable rows, with the reasons."""
        seen = self.usable + self.unusable
        whole = self.total is not None and self.total <= seen
        among = f"{'all' if whole else 'the first'} {counted(seen, 'row')}"
        told = f"{counted(self.usable, 'usable prompt')} in {among}"
        return f"{told}; {reasons_text(self.reasons)}" if self.reasons else told


def account_of(source: Source) -> SourceAccount:
    """The first rows of a source, counted; `InputError` where it can't be read."""
    rows = itertools.islice(read_items(source), FIRST_ROWS)
    usable, reasons = 0, dict[str, list[int]]()
    for entry in rows:
        if isinstance(entry, Rejected):
            reasons.setdefault(entry.why, []).append(entry.number)
        else:
            usable += 1
    return SourceAccount(usable, reasons, count_rows(source))


def reasons_text(reasons: Mapping[str, Iterable[int]]) -> str:
    """Why rows are not usable, the most frequent reason first, with row numbers."""
    lists = {why: list(numbers) for why, numbers in reasons.items()}
    ordered = sorted(lists.items(), key=lambda each: -len(each[1]))
    told = [
        f"{counted(len(numbers), 'row')} unusable: {why} ({row_numbers(numbers)})"
        for why, numbers in ordered[:SHOWN]
    ]
    rest = sum(len(numbers) for _, numbers in ordered[SHOWN:])
    return "; ".join([*told, *([f"{rest:,} for other reasons"] if rest else [])])


def row_numbers(numbers: list[int]) -> str:
    """`row 3`, or the first few of many."""
    shown = ", ".join(f"{n:,}" for n in numbers[:SHOWN])
    more = ", ..." if len(numbers) > SHOWN else ""
    return f"row{'s' * (len(numbers) > 1)} {shown}{more}"
