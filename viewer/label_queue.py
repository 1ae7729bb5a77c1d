"""Label queue, the most uncertain pair first.

Ordered by the entropy of the verdicts on a row's first two candidates, the closest margin
first among equals, rows without a verdict last: where judges agree a label says what is
known, where they differ it says who is right. Everybody has the same queue, so that
people's labels meet.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from dataclasses import dataclass

from fellowship.hashing import derived_seed
from fellowship.majority import majority
from fellowship.pipelines.labels.run_labels import HumanLabel, all_labels
from fellowship.records import Order
from fellowship.viewer.index import Index

ENOUGH = 50
"""Labelled rows below which `agree` makes no claim."""

TAKEN_BACK = "taken back"
"""The note of a skip that undoes a label: the row is asked about again."""

NEXT = """
SELECT number FROM rows WHERE labelable
  AND number NOT IN (SELECT number FROM answers WHERE annotator = ?)
ORDER BY verdict = '', entropy DESC, margin IS NULL, margin, number LIMIT 1"""

LEFT = """
SELECT count(*) FROM rows WHERE labelable
  AND number NOT IN (SELECT number FROM answers WHERE annotator = ?)"""


@dataclass(frozen=True)
class Progress:
    """How far labelling is: rows with a label of anybody, and this annotator's part."""

    rows: int
    own: int
    left: int

    @property
    def enough(self) -> bool:
        """Whether there are enough labels to say anything."""
        return self.rows >= ENOUGH


def shown_order(annotator: str, number: int) -> Order:
    """Which candidate is on the left: a coin that falls the same way each time."""
    return "swapped" if derived_seed("label", annotator, number) & 1 else "forward"


def index_labels(index: Index) -> bool:
    """Bring people's labels into the index; whether there was anything to bring."""
    if (
        index.first_value("SELECT 1 FROM run.sqlite_master WHERE name = 'labels'")
        is None
    ):
        return False
    stamp = index.rows("SELECT count(*), coalesce(max(id), 0) FROM run.labels")[0]
    if index.labels_read == tuple(stamp):
        return False
    given = all_labels(index.run)
    by_row: dict[int, dict[str, HumanLabel]] = defaultdict(dict)
    for label in given:
        if {label.first, label.second} == {0, 1}:
            by_row[label.number][label.annotator] = label
    with index.connection() as link:
        link.execute("BEGIN IMMEDIATE")
        try:
            _write_labels(link, by_row)
            link.execute("COMMIT")
        except BaseException:
            link.rollback()
            raise
    index.labels_read = (stamp[0], stamp[1])
    return True


def _write_labels(
    link: sqlite3.Connection, by_row: dict[int, dict[str, HumanLabel]]
) -> None:
    """Say of each row what people's labels come to, and who has had it."""
    link.execute("DELETE FROM answers")
    known = link.execute("SELECT number FROM rows WHERE people > 0").fetchall()
    for number in {row[0] for row in known} | set(by_row):
        found = link.execute(
            "SELECT item, told FROM rows WHERE number = ?", (number,)
        ).fetchone()
        if found is None:
            continue
        last = [x for x in by_row.get(number, {}).values() if x.item == found["item"]]
        answered = [x for x in last if x.note != TAKEN_BACK]
        link.executemany(
            "INSERT INTO answers VALUES (?, ?)",
            [(x.annotator, number) for x in answered],
        )
        votes = [winner_in_row_order(x) for x in answered if x.winner != "skip"]
        everybody = [*json.loads(found["told"]), *votes]
        link.execute(
            "UPDATE rows SET label = ?, people = ? WHERE number = ?",
            (majority(everybody) if everybody else "", len(votes), number),
        )


def winner_in_row_order(label: HumanLabel) -> str:
    """A label's winner with the row's first candidate first."""
    if label.first > label.second:
        return {"first": "second", "second": "first"}.get(label.winner, label.winner)
    return label.winner


def next_row(index: Index, annotator: str) -> int | None:
    """The row this annotator should label next; None when all are done."""
    number: int | None = index.first_value(NEXT, (annotator,))
    return number


def progress(index: Index, annotator: str) -> Progress:
    """How far everybody and this annotator are."""
    own = "SELECT count(*) FROM answers WHERE annotator = ?"
    return Progress(
        rows=index.first_value(
            "SELECT count(*) FROM rows WHERE label NOT IN ('', 'invalid')"
        ),
        own=index.first_value(own, (annotator,)),
        left=index.first_value(LEFT, (annotator,)),
    )


def last_label(index: Index, annotator: str) -> HumanLabel | None:
    """The newest of an annotator's labels that isn't taken back."""
    last: dict[int, HumanLabel] = {}
    for label in all_labels(index.run):
        if label.annotator == annotator:
            last.pop(label.number, None)
            last[label.number] = label
    standing = [label for label in last.values() if label.note != TAKEN_BACK]
    return standing[-1] if standing else None
