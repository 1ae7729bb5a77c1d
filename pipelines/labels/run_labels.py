"""Labels kept in a run's ledger.

Nobody's label is ever overwritten. A label is a row of the ledger's table `labels`,
added in a transaction of its own: a page may write there while the run goes on, without
the run's lock. What an annotator said last of the same two candidates counts; what was
said before stays in the table.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from fellowship.database import connect, describe_failure
from fellowship.errors import InputError, LedgerError
from fellowship.ledger import LedgerReader, read_outcome
from fellowship.number_format import counted
from fellowship.records import Order, Record
from fellowship.run_folder import LEDGER

LabelChoice = Literal["first", "second", "tie", "skip"]

INSERT_LABEL = (
    "INSERT INTO labels(item, annotator, label, record, made) VALUES (?, ?, ?, ?, ?)"
)


class HumanLabel(Record):
    """One person's verdict on two candidates of one row, as the row names them.

    `first` and `second` are indices of the outcome's candidates, whatever `order` the
    person saw them in. `skip` takes an earlier label back, or says it can't be said.
    """

    number: int = Field(ge=1, description="the row's number in the source")
    item: str = Field(description="key of the row's item: labels of other texts fail")
    annotator: str = Field(min_length=1, max_length=200)
    winner: LabelChoice
    first: int = Field(default=0, ge=0)
    second: int = Field(default=1, ge=0)
    order: Order = "forward"
    note: str = ""
    queue: Literal["", "measure", "teach", "picked"] = Field(
        default="", description="the queue that asked; empty: not known"
    )
    draw: float | None = Field(
        default=None, ge=0, lt=1, description="the row's place in the random draw"
    )
    chance: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="chance of any row to have been asked up to then; null: not known",
    )
    made: float = Field(default=0.0, description="seconds since 1970; 0: now")


def add_labels(run: Path, labels: Iterable[HumanLabel]) -> int:
    """Keep labels, all or none; when this returns they are durable. Returns how many.

    `InputError` for a label on a row or candidate the run doesn't have; `LedgerError`
    where the ledger can't be written.
    """
    given = [_with_time(label) for label in labels]
    with LedgerReader(run / LEDGER) as reader:
        for label in given:
            _refuse_unknown(label, reader)
    link = connect(run / LEDGER, write=True)
    try:
        link.execute("BEGIN IMMEDIATE")
        link.executemany(INSERT_LABEL, [_label_values(label) for label in given])
        link.execute("COMMIT")
    except sqlite3.Error as error:
        raise LedgerError(describe_failure(run / LEDGER, error)) from error
    finally:
        link.close()
    return len(given)


def all_labels(run: Path) -> list[HumanLabel]:
    """Every label ever given, oldest first. `LedgerError` for one that can't be read."""
    sql = "SELECT id, record FROM labels ORDER BY id"
    with LedgerReader(run / LEDGER) as reader:
        if not any(reader.rows("SELECT 1 FROM sqlite_master WHERE name = 'labels'")):
            return []
        rows = list(reader.rows(sql))
    try:
        return [HumanLabel.model_validate_json(record) for _, record in rows]
    except ValidationError as error:
        raise LedgerError(
            f"a label in {run / LEDGER} can't be read: {error}"
        ) from error


def latest_labels(run: Path) -> list[HumanLabel]:
    """What each annotator said last of each two candidates, by row; no skips."""
    last: dict[tuple[int, str, tuple[int, ...]], HumanLabel] = {}
    for label in all_labels(run):
        about = tuple(sorted((label.first, label.second)))
        last[label.number, label.annotator, about] = label
    kept = [label for label in last.values() if label.winner != "skip"]
    return sorted(kept, key=lambda label: (label.number, label.annotator))


def count_by_annotator(labels: Sequence[HumanLabel]) -> dict[str, int]:
    """Annotator -> labels, in the order of the alphabet."""
    return dict(sorted(Counter(label.annotator for label in labels).items()))


def count_labelable(run: Path) -> int:
    """How many rows of a run have two answers."""
    sql = (
        "SELECT count(*) FROM outcomes"
        " WHERE json_array_length(record, '$.candidates') > 1"
    )
    with LedgerReader(run / LEDGER) as reader:
        return int(next(iter(reader.rows(sql)))[0])


def _with_time(label: HumanLabel) -> HumanLabel:
    return label if label.made else label.model_copy(update={"made": time.time()})


def _label_values(label: HumanLabel) -> tuple[str, str, str, str, float]:
    record = label.model_dump_json()
    return label.item, label.annotator, label.winner, record, label.made


def _refuse_unknown(label: HumanLabel, reader: LedgerReader) -> None:
    record = reader.outcome(label.number)
    if record is None:
        raise InputError(f"row {label.number} isn't finished: it can't be labelled yet")
    outcome = read_outcome(record)
    if outcome.item != label.item:
        raise InputError(f"row {label.number} is not the item {label.item!r}")
    most = len(outcome.candidates)
    if label.first == label.second or max(label.first, label.second) >= most:
        raise InputError(
            f"row {label.number} has {counted(most, 'answer')}: a label can't be"
            " about answers"
            f" {label.first + 1} and {label.second + 1}"
        )
