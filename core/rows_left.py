"""Rows that a run left without an outcome: their numbers, and why it stopped.

The ledger knows only of rows that ended. What a run that stopped leaves is kept beside it
and stands as long as nothing is recorded after it and nobody works on the run.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
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


def ranges_of(numbers: Collection[int]) -> tuple[tuple[int, int], ...]:
    """Numbers as the fewest ranges (first, last) that hold just them."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


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
