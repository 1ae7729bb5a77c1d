"""Import of people's labels as a run.

What most annotators chose is a row's pair.
"""

from __future__ import annotations

from pathlib import Path

from fellowship.errors import InputError
from fellowship.hashing import digest
from fellowship.pipelines.imports.imported_rows import (
    imported_outcome,
    jury_comparison,
    single_turn,
)
from fellowship.pipelines.imports.run_writer import (
    ImportReport,
    Watch,
    no_progress,
    report_progress,
    write_import,
)
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.labels.label_rows import Columns, LabelRow
from fellowship.pipelines.pairing.row_state import rejected_row
from fellowship.records import (
    Candidate,
    Item,
    Outcome,
    Verdict,
)

NO_TEXTS = (
    "its texts are not known: name their columns with --prompt, --first, --second"
)


def import_labels(
    path: Path, into: Path, columns: Columns, watch: Watch = no_progress
) -> ImportReport:
    """People's labels as a run: what most of them chose is a row's pair."""
    rows = read_labels(path, columns)
    if any(row.ranked for row in rows.rows):
        raise InputError(
            f"{str(path)!r} ranks several answers of a row: give it to a run that has"
            " them, with `fellowship import labels FILE --into RUN` or `agree --labels`"
        )
    outcomes = sorted(
        [
            *map(_label_outcome, rows.rows),
            *(rejected_row(n, why) for n, why in rows.bad),
        ],
        key=lambda outcome: outcome.number,
    )
    numbered = (o.model_copy(update={"number": n}) for n, o in enumerate(outcomes, 1))
    return write_import(
        report_progress(numbered, len(outcomes), watch), into, "labels", [path], path
    )


def _label_outcome(row: LabelRow) -> Outcome:
    verdicts = [
        Verdict(winner=vote, evaluator=who, strategy="direct")
        for who, vote in row.votes_by_name.items()
    ]
    fault = row.fault or ("" if row.first or row.second else NO_TEXTS)
    item = Item(
        key=row.key or digest([row.id, row.number], 8),
        number=row.number,
        id=row.id,
        conversation=row.talk or single_turn(row.prompt),
        candidates=slot_candidates(row.first, row.second, row.names, row.turns),
        labels=row.votes,
    )
    return imported_outcome(item, 2, [jury_comparison(verdicts)], fault=fault)


def slot_candidates(
    first: str,
    second: str,
    names: tuple[str, str],
    turns: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
) -> tuple[Candidate, Candidate]:
    """The two answers of a row, with their texts turn by turn where there are several."""
    return (
        Candidate(text=first, system=names[0], turns=turns[0]),
        Candidate(text=second, system=names[1], turns=turns[1]),
    )
