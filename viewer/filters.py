"""Filters of the list of rows, as part of the address.

What you look at can be bookmarked, sent and undone. Whatever stands in an address, the
answer is a page: a value that isn't one of those offered is left out, and nothing of it
becomes SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from fellowship.records import State
from fellowship.sanitize import sanitize
from fellowship.viewer.index_tables import BITS, space_letters
from fellowship.wording import state_of

STATES = tuple(state.value for state in State)
PAGE = 50
"""Rows on one page of the list."""

DISAGREE = {
    "jurors": ("jurors disagree", "jurors_differ"),
    "orders": ("verdict changes with the order", "orders_differ"),
    "any": ("either", "(jurors_differ OR orders_differ)"),
}
LABELLED = {
    "against": (
        "label differs from verdict",
        "label NOT IN ('', 'invalid', verdict) AND verdict <> ''",
    ),
    "with": ("label agrees with verdict", "label <> '' AND label = verdict"),
    "labelled": ("labelled", "label NOT IN ('', 'invalid')"),
    "unlabelled": ("not labelled", "label IN ('', 'invalid')"),
}
SORTS = {
    "row": "number",
    "state": "state",
    "margin": "margin",
    "agreement": "agreement",
    "tokens": "tokens",
    "cost": "usd",
    "drafts": "drafts",
    "time": "seconds",
}
LARGEST_FIRST = {"margin", "tokens", "cost", "drafts", "time"}
"""Columns whose largest value comes first when they are sorted by."""

WORD = re.compile(r'"([^"]*)"?|([^\s"]+)')


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to, as an address says it."""

    q: str = ""
    state: str = ""
    team: str = ""
    model: str = ""
    disagree: str = ""
    invalid: str = ""
    low: str = ""
    high: str = ""
    label: str = ""
    sort: str = "row"
    down: str = ""
    page: int = 1

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Filters:
        """The filters of an address's query; what isn't offered is left out."""
        values = {f.name: str(query.get(f.name, ""))[:300].strip() for f in fields(cls)}
        page = values.pop("page")
        filters = cls(
            **values, page=int(page) if re.fullmatch("[0-9]{1,7}", page) else 1
        )
        return replace(
            filters,
            state=state_of(filters.state) or "",
            disagree=filters.disagree if filters.disagree in DISAGREE else "",
            label=filters.label if filters.label in LABELLED else "",
            low=plain_number(filters.low),
            high=plain_number(filters.high),
            sort=filters.sort if filters.sort in SORTS else "row",
            page=max(1, filters.page),
        )

    def query(self, **changes: Any) -> str:
        """The address's query with some filters changed; any change leads to page 1."""
        new = replace(self, **{"page": 1, **changes})
        plain = Filters()
        values = {f.name: getattr(new, f.name) for f in fields(new)}
        kept = {k: v for k, v in values.items() if v != getattr(plain, k)}
        return urlencode(kept)

    def sort_query(self, column: str) -> str:
        """The query that sorts by a column, or turns its order round."""
        if column == self.sort:
            return self.query(down="" if self.down else "1")
        return self.query(sort=column, down="1" if column in LARGEST_FIRST else "")

    @property
    def count(self) -> int:
        """How many filters are set."""
        names = ("q", "state", "team", "model", "disagree", "invalid", "low", "high")
        return sum(bool(getattr(self, name)) for name in (*names, "label"))

    def where(self) -> tuple[str, tuple[Any, ...]]:
        """The SQL condition on `listed`, with its values."""
        parts: list[str] = []
        values: list[Any] = []

        def add(sql: str, *given: Any) -> None:
            parts.append(sql)
            values.extend(given)

        if match := self.match:
            add(
                f"number IN (SELECT rowid >> {BITS} FROM said WHERE said MATCH ?)",
                match,
            )
        if self.state:
            add("state = ?", self.state)
        for table, name in (("teams", self.team), ("models", self.model)):
            if name:
                add(f"number IN (SELECT number FROM {table} WHERE name = ?)", name)
        if self.disagree:
            add(DISAGREE[self.disagree][1])
        if self.invalid:
            add("invalid > 0")
        if self.low:
            add("margin >= ?", float(self.low))
        if self.high:
            add("margin <= ?", float(self.high))
        if self.label:
            add(LABELLED[self.label][1])
        return " AND ".join(parts) or "1", tuple(values)

    def order(self) -> str:
        """The SQL order: the column, rows without a value last, then the row's number."""
        column = SORTS[self.sort]
        return f"{column} IS NULL, {column}{' DESC' if self.down else ''}, number"

    @property
    def match(self) -> str:
        """The search as FTS5 says it: every word, the last as a beginning."""
        return full_text_query(self.q)


def plain_number(text: str) -> str:
    """The text if it is a plain number, else nothing."""
    return text if re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{1,6})?", text) else ""


def full_text_query(words: str) -> str:
    """A full-text query of quoted words: "in quotes" a phrase, the last may go on.

    No word of it is an operator, whatever it is.
    """
    found = []
    for phrase, word in WORD.findall(words):
        plain = space_letters(sanitize(phrase or word)).replace('"', "").strip()
        if re.search(r"\w", plain):
            found.append((f'"{plain}"', bool(word)))
    if found and found[-1][1]:
        found[-1] = (f"{found[-1][0]}*", True)
    return " ".join(quoted for quoted, _ in found)
