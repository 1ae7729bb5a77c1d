"""Import and export of people's labels.

Labels leave a run as lines and enter it from any file, and only what is new is added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fellowship.errors import InputError, LedgerError
from fellowship.pipelines.columns.sides import Sides
from fellowship.pipelines.imports.run_writer import import_header
from fellowship.pipelines.labels.annotators import Unit, units
from fellowship.pipelines.labels.label_account import SourceAccount
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.labels.label_matching import Matching, match_labels
from fellowship.pipelines.labels.label_rows import Columns, LabelFile, LabelRow
from fellowship.pipelines.labels.label_tables import read_table
from fellowship.pipelines.labels.label_text_columns import line_texts
from fellowship.pipelines.labels.label_values import LabelValues
from fellowship.pipelines.labels.run_labels import HumanLabel, add_labels, latest_labels
from fellowship.pipelines.labels.vote_lines import OWN_COLUMNS
from fellowship.pipelines.sources.row_files import Row
from fellowship.records import Outcome, Winner
from fellowship.run_folder import LEDGER, atomic_writer, read_header
from fellowship.run_outcomes import outcomes


@dataclass
class AttachReport:
    """What became of a file of labels: `added` are new, `known` the run had already.

    `unmatched` lines speak of no row of the run; `bad` ones are no label, with the reason;
    `unknown` are values nobody explained, by row; `notes` say all of it in words.
    """

    added: int = 0
    known: int = 0
    matched: str = ""
    annotators: tuple[str, ...] = ()
    unmatched: list[int] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    unknown: dict[str, list[int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


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

    `InputError` where none of the file's rows can be matched with the run's, or where a
    label's value isn't understood and nobody asked to count such values.
    """
    report = AttachReport()
    table = read_table(path)
    there = {name for row in table[:50] for name in row.values}
    found = units(outcomes(run), unjudged=True)
    own = not columns.labels and set(OWN_COLUMNS) <= there
    if own:
        file, lines = own_lines(table, path, columns, report)
    else:
        file, lines = read_labels(path, columns), {}
        report.bad = list(file.bad)
    matching = match_labels(found, file) if file.rows else Matching()
    account = SourceAccount.of(file, matching, 0)
    report.matched, report.notes = account.matched, list(account.notes())
    report.unmatched = [number for number, _ in matching.unmatched]
    report.unknown = {value: list(rows) for value, rows in file.unknown.items()}
    given = [
        label
        for at, rows in sorted(matching.rows.items())
        for row in rows
        for label in _labels_of(found[at], row, lines.get(row.number), annotator)
    ]
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
        "queue": label.queue,
        "draw": label.draw,
        "chance": label.chance,
        "made": label.made,
        "prompt": prompt.question if prompt else "",
        "response1": row.candidates[label.first].text,
        "response2": row.candidates[label.second].text,
    }


def _label_key(label: HumanLabel) -> tuple[int, str, int, int]:
    return label.number, label.annotator, label.first, label.second


def own_lines(
    table: Iterable[Row], path: Path, columns: Columns, report: AttachReport
) -> tuple[LabelFile, dict[int, HumanLabel]]:
    """Labels that Fellowship wrote: rows to match, and what each line says besides."""
    lines: dict[int, HumanLabel] = {}
    rows, values = [], LabelValues(Sides(columns.values))
    for row in table:
        try:
            if row.fault:
                raise InputError(row.fault)
            winner = values.winner(row.values.get("label"), row.number)
            if any(row.number in numbers[-1:] for numbers in values.unknown.values()):
                continue
            label = _parse_label(row.values, winner)
        except (InputError, ValidationError, TypeError) as error:
            why = str(error).splitlines()[0] if str(error) else "not a label"
            report.bad.append((row.number, why))
            continue
        lines[row.number] = label
        texts = line_texts(row, columns)
        rows.append(
            LabelRow(
                number=row.number,
                votes=(winner,),
                id=label.item,
                prompt=texts.prompt,
                first=texts.first,
                second=texts.second,
                who=(label.annotator,),
                pair=(label.first, label.second),
            )
        )
    if not columns.count_unknown:
        values.refuse_unknown(path)
    unknown = {value: tuple(numbers) for value, numbers in values.unknown.items()}
    return LabelFile(tuple(rows), name=path.name, unknown=unknown), lines


def _parse_label(values: Mapping[str, Any], winner: Winner) -> HumanLabel:
    kept = {name: values[name] for name in KEPT if values.get(name) is not None}
    return HumanLabel(
        number=1,
        item=values["item"],
        annotator=values["annotator"],
        winner="skip" if winner == "invalid" else winner,
        first=values["first"] - 1,
        second=values["second"] - 1,
        **kept,
    )


KEPT = ("order", "note", "made", "queue", "draw", "chance")
"""What a line of ours says of how its label was given."""


def _labels_of(
    unit: Unit, row: LabelRow, line: HumanLabel | None, annotator: str | None
) -> Iterator[HumanLabel]:
    """The labels that one row of a file gives one unit."""
    only = annotator if len(row.votes) == 1 and not line else None
    for who, vote in row.votes_by_name.items():
        given = {
            "number": unit.outcome.number,
            "item": unit.outcome.item,
            "annotator": only or who,
            "winner": "skip" if vote == "invalid" else vote,
            "first": unit.pair[0],
            "second": unit.pair[1],
        }
        if line is not None:
            yield line.model_copy(update=given)
        else:
            yield HumanLabel.model_validate(given)
