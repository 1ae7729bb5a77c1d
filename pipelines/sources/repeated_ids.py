"""Repeated ids of a source, with the rows' numbers.

An id that several rows have names none of them. Rows are told apart by their numbers,
so nothing is lost; but a label, a `show` or a join by such an id finds the first of
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fellowship.ledger import LedgerReader
from fellowship.sanitize import single_line

NAMED = 5
"""How many rows that repeat an id are named."""


class Repeated(NamedTuple):
    """Rows whose id an earlier row has: how many, and the first of them by number."""

    many: int = 0
    numbers: tuple[int, ...] = ()
    first: str = ""

    def sentence(self) -> str:
        """In one sentence; '' where there is none."""
        if not self.many:
            return ""
        rows = f"row{'s' * (len(self.numbers) > 1)} {', '.join(map(str, self.numbers))}"
        more = f" and {self.many - len(self.numbers):,} more" * (
            self.many > len(self.numbers)
        )
        verb = "has an id" if self.many == 1 else "have ids"
        return (
            f"{rows}{more} {verb} that an earlier row has"
            f" ({single_line(self.first, 40)!r}):"
            " labels and `show` by id find the first"
        )


def find_repeated(ids: Sequence[tuple[int, str]]) -> Repeated:
    """Which of these (number, id) repeat an id, in their order."""
    seen: set[str] = set()
    twice: list[tuple[int, str]] = []
    for number, name in ids:
        if name in seen:
            twice.append((number, name))
        seen.add(name)
    numbers = tuple(number for number, _ in twice[:NAMED])
    return Repeated(len(twice), numbers, twice[0][1] if twice else "")


def repeated_ids(reader: LedgerReader) -> Repeated:
    """The finished rows of a run that repeat an id; no text but ids is held."""
    sql = (
        "WITH named AS (SELECT number, json_extract(record, '$.id') AS id FROM outcomes),"
        " numbered AS (SELECT number, id, row_number() OVER (PARTITION BY id ORDER BY"
        " number) AS nth FROM named WHERE id IS NOT NULL)"
        " SELECT number, id FROM numbered WHERE nth > 1 ORDER BY number"
    )
    count, numbers, first = 0, [], ""
    for number, name in reader.rows(sql):
        count += 1
        if count <= NAMED:
            numbers.append(number)
        first = first or str(name)
    return Repeated(count, tuple(numbers), first)
