"""Rows that a run left without an outcome: their numbers, and why it stopped.

The ledger knows only of rows that ended. What a run that stopped leaves is kept beside it
and stands as long as nothing is recorded after it and nobody works on the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from fellowship.errors import LedgerError
from fellowship.ledger import SELECT_STAMP, LedgerReader
from fellowship.records import Record
from fellowship.run_folder import LEDGER, atomic_writer, is_running
from fellowship.stop_reasons import StopReason

ROWS_LEFT = "rows-left.json"


class RowsLeft(Record):
    """Numbers of rows as ranges (first, last), the stop, and the ledger's stamp then."""

    reason: StopReason | None
    why: str
    ranges: tuple[tuple[int, int], ...]
    stamp: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many rows these are."""
        return sum(last - first + 1 for first, last in self.ranges)

    def numbers(self) -> Iterator[int]:
        """The rows' numbers in the source."""
        for first, last in self.ranges:
            yield from range(first, last + 1)


class NumberRanges:
    """A set of numbers as ranges: of a source's rows, which come in order, there is one."""

    def __init__(self) -> None:
        self._ranges: list[list[int]] = []
        self._early: set[int] = set()

    def add(self, number: int) -> None:
        """Take in a number."""
        if not self._ranges or number > self._ranges[-1][1] + 1:
            self._ranges.append([number, number])
        elif number == self._ranges[-1][1] + 1:
            self._ranges[-1][1] = number
        elif number < self._ranges[-1][0]:
            self._early.add(number)

    def update(self, numbers: Iterable[int]) -> None:
        """Take in many."""
        for number in numbers:
            self.add(number)

    def without(self, others: Iterable[int]) -> tuple[tuple[int, int], ...]:
        """The fewest ranges (first, last) of the numbers that are not among `others`.

        Those come in ascending order.
        """
        rest, found = iter(others), list[tuple[int, int]]()
        other = next(rest, None)
        for first, last in self._merged():
            while other is not None and other <= last:
                if other > first:
                    found.append((first, other - 1))
                first = max(first, other + 1)
                other = next(rest, None)
            if first <= last:
                found.append((first, last))
        return tuple(found)

    def _merged(self) -> Iterator[tuple[int, int]]:
        """The ranges in order, no two of them touching."""
        singles = ([number, number] for number in self._early)
        held: list[int] = []
        for first, last in sorted((*self._ranges, *singles)):
            if held and first <= held[1] + 1:
                held[1] = max(held[1], last)
                continue
            if held:
                yield held[0], held[1]
            held = [first, last]
        if held:
            yield held[0], held[1]


def write_rows_left(into: Path, left: RowsLeft) -> None:
    """Keep what a run left, or that it left nothing."""
    path = into / ROWS_LEFT
    if left.ranges:
        with atomic_writer(path) as out:
            out.write(left.model_dump_json() + "\n")
    elif os.path.exists(path):
        path.unlink()


def read_rows_left(into: Path) -> RowsLeft | None:
    """What the run left; None where it left nothing, goes on, or has gone on since."""
    try:
        left = RowsLeft.model_validate_json((into / ROWS_LEFT).read_bytes())
        with LedgerReader(into / LEDGER) as reader:
            stamp = tuple(next(reader.rows(SELECT_STAMP)))
    except (OSError, ValidationError, LedgerError):
        return None
    return left if stamp == left.stamp and not is_running(into) else None
