"""Listing of rows, a page at a time, in SQL.

Ten thousand rows cost what fifty cost.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from fellowship.viewer.filters import PAGE, Filters
from fellowship.viewer.index import Index
from fellowship.viewer.index_tables import BITS, CLOSE, FAULTY, OPEN, text_range


@dataclass(frozen=True)
class ListedRow:
    """One row of the list; `excerpt` is where the search found its words."""

    row: sqlite3.Row
    scores: list[float | None]
    excerpt: str = ""
    who: str = ""


@dataclass(frozen=True)
class Listing:
    """A page of the list: its rows, and how many the filters leave in all."""

    rows: list[ListedRow]
    total: int
    pages: int


@dataclass(frozen=True)
class FilterOptions:
    """What the filters offer: states with their counts, teams, models."""

    states: list[tuple[str, int]]
    teams: list[str]
    models: list[str]
    faulty: int

    @property
    def rows(self) -> int:
        """All rows there are."""
        return sum(count for _, count in self.states)


EXCERPTS = f"""
SELECT rowid >> {BITS}, who, snippet(said, 0, '{OPEN}', '{CLOSE}', '…', 24) FROM said
WHERE said MATCH ? AND rowid BETWEEN ? AND ?
  AND rowid >> {BITS} IN (SELECT value FROM json_each(?))"""


def listing(index: Index, filters: Filters) -> Listing:
    """The rows of one page; a page past the last one is the last."""
    where, values = filters.where()
    total = int(index.first_value(f"SELECT count(*) FROM rows WHERE {where}", values))
    pages = max(1, -(-total // PAGE))
    at = min(filters.page, pages) - 1
    found = index.rows(
        f"SELECT * FROM rows WHERE {where} ORDER BY {filters.order()} LIMIT ? OFFSET ?",
        (*values, PAGE, at * PAGE),
    )
    seen = excerpts(index, filters.match, [row["number"] for row in found])
    listed = [
        ListedRow(row, json.loads(row["scores"]), *seen.get(row["number"], ("", "")))
        for row in found
    ]
    return Listing(listed, total, pages)


def excerpts(
    index: Index, match: str, numbers: list[int]
) -> dict[int, tuple[str, str]]:
    """Row -> the first text the search found in it, and whose it is."""
    if not match or not numbers:
        return {}
    first, last = text_range(min(numbers))[0], text_range(max(numbers))[1]
    found = index.rows(EXCERPTS, (match, first, last, json.dumps(numbers)))
    return {number: (excerpt, who) for number, who, excerpt in reversed(found)}


NAMES = """
WITH RECURSIVE found(name) AS (
  SELECT min(name) FROM {table} UNION ALL
  SELECT (SELECT min(name) FROM {table} WHERE name > found.name)
  FROM found WHERE found.name IS NOT NULL)
SELECT name FROM found WHERE name IS NOT NULL LIMIT 500"""
"""The different names of a table, each found with one step down its index."""


def filter_options(index: Index) -> FilterOptions:
    """What there is to filter by."""
    states = index.rows("SELECT state, count(*) FROM rows GROUP BY state")
    teams, models = (
        [row[0] for row in index.rows(NAMES.format(table=table))]
        for table in ("teams", "models")
    )
    faulty = int(index.first_value(f"SELECT count(*) FROM rows WHERE {FAULTY}"))
    return FilterOptions([(row[0], row[1]) for row in states], teams, models, faulty)


def neighbours(
    index: Index, filters: Filters, number: int
) -> tuple[int | None, int | None]:
    """The rows before and after this one in the filtered list, whatever its order."""
    where, values = filters.where()
    if filters.sort == "row":
        sides = (("max", "<"), ("min", ">"))
        before, after = (
            index.first_value(
                f"SELECT {most}(number) FROM rows WHERE number {side} ? AND {where}",
                (number, *values),
            )
            for most, side in sides
        )
        return (after, before) if filters.down else (before, after)
    found = index.rows(
        "WITH ordered AS (SELECT number, lag(number) OVER w AS before,"
        f" lead(number) OVER w AS after FROM rows WHERE {where}"
        f" WINDOW w AS (ORDER BY {filters.order()}))"
        " SELECT before, after FROM ordered WHERE number = ?",
        (*values, number),
    )
    return tuple(found[0]) if found else (None, None)
