"""Label queues of the page: at random to measure, the most contested first to teach.

The queue to measure, which is the default, asks in the order of the rows' random draw. The
queue to teach asks in the order of the entropy of the verdicts on a row's first two
candidates, the closest margin first among equals, rows without a verdict last: where judges
differ a label says who is right, and its row stands for no other. Everybody has the same
queues, so that people's labels meet.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fellowship.hashing import derived_seed
from fellowship.pipelines.labels.annotators import SWAPPED
from fellowship.pipelines.labels.label_queues import draw_of, last_draw, queue_of
from fellowship.pipelines.labels.label_rows import Asked
from fellowship.pipelines.labels.people_majority import people_majority
from fellowship.pipelines.labels.run_labels import HumanLabel, all_labels
from fellowship.records import Order, Winner
from fellowship.viewer.index import Index

ENOUGH = 50
"""Labelled rows below which `agree` makes no claim."""

TAKEN_BACK = "taken back"
"""The note of a skip that undoes a label: the row is asked about again."""

Asking = Literal["measure", "teach"]
"""A queue that the page asks from."""

ORDER: Mapping[Asking, str] = {
    "measure": "draw, number",
    "teach": "verdict = '', entropy DESC, margin IS NULL, margin, number",
}

NEXT = """
SELECT number FROM rows WHERE labelable
  AND number NOT IN (SELECT number FROM answers WHERE annotator = ?)
ORDER BY {} LIMIT 1"""

CHANCE = """
SELECT draw, (SELECT avg(r.draw <= rows.draw) FROM rows AS r WHERE r.labelable)
FROM rows WHERE number = ?"""

COUNTED = "label NOT IN ('', 'invalid') AND queue IN ('', 'measure', 'unknown')"
"""Rows whose labels enter figures, as `PeopleVotes` says it."""

LEFT = """
SELECT count(*) FROM rows WHERE labelable
  AND number NOT IN (SELECT number FROM answers WHERE annotator = ?)"""


@dataclass(frozen=True)
class Progress:
    """How far labelling is: rows whose labels count, and this annotator's part.

    `apart` rows are labelled, but were contested or picked by somebody.
    """

    rows: int
    own: int
    left: int
    apart: int = 0

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
    last = last_draw(
        (asked_of(x), draw_of(x.item)) for of in by_row.values() for x in of.values()
    )
    for number in {row[0] for row in known} | set(by_row):
        found = link.execute(
            "SELECT item, told, draw FROM rows WHERE number = ?", (number,)
        ).fetchone()
        if found is None:
            continue
        given = [x for x in by_row.get(number, {}).values() if x.item == found["item"]]
        answered = [x for x in given if x.note != TAKEN_BACK]
        link.executemany(
            "INSERT INTO answers VALUES (?, ?)",
            [(x.annotator, number) for x in answered],
        )
        standing = [x for x in answered if x.winner != "skip"]
        votes = [winner_in_row_order(x) for x in standing]
        labels = json.loads(found["told"])
        everybody = [*labels, *votes]
        asked = [*(Asked() for _ in labels), *map(asked_of, standing)]
        queue = "measure" if found["draw"] <= last else queue_of(asked)
        link.execute(
            "UPDATE rows SET label = ?, people = ?, queue = ? WHERE number = ?",
            (
                people_majority(everybody) if everybody else "",
                *(len(votes), queue if standing else "", number),
            ),
        )


def asked_of(label: HumanLabel) -> Asked:
    """How a label was asked for."""
    return Asked(label.queue, label.draw)


def winner_in_row_order(label: HumanLabel) -> Winner:
    """A label's winner with the row's first candidate first; invalid for a skip."""
    winner: Winner = "invalid" if label.winner == "skip" else label.winner
    return SWAPPED.get(winner, winner) if label.first > label.second else winner


def next_row(index: Index, annotator: str, queue: Asking = "measure") -> int | None:
    """The row this annotator should label next; None when all are done."""
    sql = NEXT.format(ORDER[queue])
    number: int | None = index.first_value(sql, (annotator,))
    return number


def how_asked(
    index: Index, annotator: str, number: int, queue: Asking
) -> dict[str, Any]:
    """A label's `queue`, `draw` and `chance`, as it is saved.

    Whatever isn't the next row of the queue to measure was picked: by a link or its
    number. The chance, of any row to be asked up to then, is known of that queue alone.
    """
    found = index.rows(CHANCE, (number,))
    draw, share = found[0] if found else (None, None)
    if queue == "measure" and number == next_row(index, annotator):
        return {"queue": "measure", "draw": draw, "chance": share}
    return {"queue": "teach" if queue == "teach" else "picked", "draw": draw}


def progress(index: Index, annotator: str) -> Progress:
    """How far everybody and this annotator are."""
    own = "SELECT count(*) FROM answers WHERE annotator = ?"
    return Progress(
        rows=index.first_value(f"SELECT count(*) FROM rows WHERE {COUNTED}"),
        own=index.first_value(own, (annotator,)),
        left=index.first_value(LEFT, (annotator,)),
        apart=index.first_value(
            "SELECT count(*) FROM rows WHERE label <> '' AND queue IN ('teach', 'picked')"
        ),
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
