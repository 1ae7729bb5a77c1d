"""Import and export of people's labels.

Labels leave a run as lines and enter it from any file, and only what is new is added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fellowship.errors import InputError, LedgerError
from fellowship.pipelines.imports.run_writer import import_header
from fellowship.pipelines.labels.annotators import (
    Unit,
    match_label_rows,
    units,
)
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.pipelines.labels.label_tables import read_table
from fellowship.pipelines.labels.run_labels import HumanLabel, add_labels, latest_labels
from fellowship.pipelines.labels.vote_lines import OWN_COLUMNS
from fellowship.pipelines.sources.row_files import Row
from fellowship.records import Outcome, Winner
from fellowship.run_folder import LEDGER, atomic_writer, read_header
from fellowship.run_outcomes import outcomes


@dataclass
class AttachReport:
    """What became of a file of labels: `added` are new, `known` the run had already.

    `unmatched` lines speak of no row of the run; `bad` ones are no label, with the reason.
    """

    added: int = 0
    known: int = 0
    matched: str = ""
    annotators: tuple[str, ...] = ()
    unmatched: list[int] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)


def accepts_labels(run: Path, path: Path) -> bool:
    """Whether `run` holds rows of its own, not those that this file was once made into."""
    if not (run / LEDGER).exists():
        return False
    try:
        identity = read_header(run).get("identity")
    except LedgerError:
        return True
    return bool(identity != import_header("labels", [path], path)["identity"])


def attach_labels(
    path: Path, run: Path, columns: Columns, annotator: str | None = None
) -> AttachReport:
    """Put a file's labels beside the rows of a run; `annotator` names a nameless one.

    `InputError` where the file's rows can't be matched with the run's.
    """
    report = AttachReport()
    table = read_table(path)
    there = {name for row in table[:50] for name in row.values}
    if not columns.labels and set(OWN_COLUMNS) <= there:
        report.matched = "item"
        given = list(_own_labels(table, run, report))
    else:
        found = units(outcomes(run), unjudged=True)
        given = list(_foreign_labels(path, found, columns, annotator, report))
    had = {_label_key(label): label.winner for label in latest_labels(run)}
    new = [label for label in given if had.get(_label_key(label)) != label.winner]
    report.known = len(given) - len(new)
    report.added = add_labels(run, new)
    report.annotators = tuple(sorted({label.annotator for label in given}))
    return report


def write_labels(run: Path, to: Path) -> int:
    """A run's labels as JSON lines with their texts; what was said last, a line each."""
    labels = latest_labels(run)
    wanted = {label.number for label in labels}
    rows = {o.number: o for o in outcomes(run) if o.number in wanted}
    with atomic_writer(to) as out:
        for label in labels:
            line = _label_line(label, rows[label.number])
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return len(labels)


def _label_line(label: HumanLabel, row: Outcome) -> dict[str, Any]:
    prompt = row.conversation
    return {
        "row": label.number,
        "id": row.id,
        "item": label.item,
        "annotator": label.annotator,
        "label": label.winner,
        "first": label.first + 1,
        "second": label.second + 1,
        "order": label.order,
        "note": label.note,
        "made": label.made,
        "prompt": prompt.question if prompt else "",
        "response1": row.candidates[label.first].text,
        "response2": row.candidates[label.second].text,
    }


def _label_key(label: HumanLabel) -> tuple[int, str, int, int]:
    return label.number, label.annotator, label.first, label.second


def _own_labels(
    table: Iterable[Row], run: Path, report: AttachReport
) -> Iterator[HumanLabel]:
    """Labels that Fellowship wrote: the item is the same, whatever its number here."""
    at = {o.item: o.number for o in outcomes(run)}
    for row in table:
        try:
            if row.fault:
                raise InputError(row.fault)
            number = at.get(str(row.values.get("item")))
            if number is None:
                report.unmatched.append(row.number)
                continue
            yield _parse_label(row.values, number)
        except (InputError, ValidationError, TypeError) as error:
            why = str(error).splitlines()[0] if str(error) else "not a label"
            report.bad.append((row.number, why))


def _parse_label(values: Any, number: int) -> HumanLabel:
    kept = {name: values[name] for name in ("order", "note", "made") if name in values}
    return HumanLabel(
        number=number,
        item=values["item"],
        annotator=values["annotator"],
        winner=values["label"],
        first=values["first"] - 1,
        second=values["second"] - 1,
        **kept,
    )


def _foreign_labels(
    path: Path,
    found: list[Unit],
    columns: Columns,
    annotator: str | None,
    report: AttachReport,
) -> Iterator[HumanLabel]:
    file = read_labels(path, columns)
    report.bad = list(file.bad)
    rows, report.matched = match_label_rows(found, file.rows)
    met = {row.number for row in rows if row is not None}
    report.unmatched = [row.number for row in file.rows if row.number not in met]
    for unit, row in zip(found, rows, strict=True):
        votes = row.votes_by_name if row else {}
        named = dict.fromkeys(votes, annotator) if len(votes) == 1 and annotator else {}
        for who, vote in votes.items():
            yield _human_label(unit, named.get(who) or who, vote)


def _human_label(unit: Unit, who: str, vote: Winner) -> HumanLabel:
    return HumanLabel(
        number=unit.outcome.number,
        item=unit.outcome.item,
        annotator=who,
        winner="skip" if vote == "invalid" else vote,
        first=unit.pair[0],
        second=unit.pair[1],
    )
