"""The list is a page of an SQL query: ten thousand rows cost what fifty cost."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from fellowship.viewer.filters import PAGE, Filters
from fellowship.viewer.index import Index
from fellowship.viewer.index_tables import CLOSE, OPEN, span


@dataclass(frozen=True)
class Listed:
    """One row of the list; `excerpt` is where the search found its words."""

    row: sqlite3.Row
    scores: list[float | None]
    excerpt: str = ""
    who: str = ""


@dataclass(frozen=True)
class Listing:
    """A page of the list: its rows, and how many the filters leave in all."""

    rows: list[Listed]
    total: int
    pages: int


@dataclass(frozen=True)
class Offered:
    """What the filters offer: states with their counts, teams, models."""

    states: list[tuple[str, int]]
    teams: list[str]
    models: list[str]

    @property
    def rows(self) -> int:
        """All rows there are."""
        return sum(count for _, count in self.states)


def listing(index: Index, filters: Filters) -> Listing:
    """The rows of one page; a page past the last one is the last."""
    where, values = filters.where()
    total = int(index.one(f"SELECT count(*) FROM rows WHERE {where}", values))
    pages = max(1, -(-total // PAGE))
    at = min(filters.page, pages) - 1
    found = index.rows(
        f"SELECT * FROM rows WHERE {where} ORDER BY {filters.order()} LIMIT ? OFFSET ?",
        (*values, PAGE, at * PAGE),
    )
    match = filters.match
    return Listing([listed(index, row, match) for row in found], total, pages)


def listed(index: Index, row: sqlite3.Row, match: str) -> Listed:
    """One row with its scores, and the first text the search found in it."""
    scores = json.loads(row["scores"])
    if not match:
        return Listed(row, scores)
    found = index.rows(
        "SELECT who, snippet(said, 0, ?, ?, '…', 24) FROM said"
        " WHERE said MATCH ? AND rowid BETWEEN ? AND ? LIMIT 1",
        (OPEN, CLOSE, match, *span(row["number"])),
    )
    who, excerpt = found[0] if found else ("", "")
    return Listed(row, scores, excerpt, who)


def offered(index: Index) -> Offered:
    """What there is to filter by."""
    states = index.rows("SELECT state, count(*) FROM rows GROUP BY state")
    teams, models = (
        [row[0] for row in index.rows(f"SELECT DISTINCT name FROM {table} LIMIT 500")]
        for table in ("teams", "models")
    )
    return Offered([(row[0], row[1]) for row in states], teams, models)


def neighbours(
    index: Index, filters: Filters, number: int
) -> tuple[int | None, int | None]:
    """The rows before and after this one in the filtered list, whatever its order."""
    where, values = filters.where()
    found = index.rows(
        "WITH ordered AS (SELECT number, lag(number) OVER w AS before,"
        f" lead(number) OVER w AS after FROM rows WHERE {where}"
        f" WINDOW w AS (ORDER BY {filters.order()}))"
        " SELECT before, after FROM ordered WHERE number = ?",
        (*values, number),
    )
    return tuple(found[0]) if found else (None, None)
