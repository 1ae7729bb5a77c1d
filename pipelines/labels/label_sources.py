"""Sources of labels: files, and runs whose labels are lent to another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from fellowship.pipelines.labels.annotators import candidates_of, units
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.labels.label_rows import Columns, LabelFile, LabelRow
from fellowship.pipelines.labels.people_votes import (
    LabelSelection,
    people_votes,
)
from fellowship.run_outcomes import outcomes


def select_labels(
    paths: Iterable[Path], columns: Columns | None = None, **more: object
) -> LabelSelection:
    """The labels of files and run folders, each a source; the run's own without any.

    `more` are the selection's other fields. `InputError` for a source that can't be read.
    """
    found: list[LabelFile] = []
    for path in paths:
        file = read_run(path) if path.is_dir() else read_labels(path, columns)
        same = sum(one.name == file.name for one in found)
        found.append(replace(file, name=f"{file.name} ({same + 1})") if same else file)
    return LabelSelection(tuple(found), **more)  # type: ignore[arg-type]


def read_run(run: Path) -> LabelFile:
    """The labels of a run, its source's too, as rows with the texts they are about."""
    people = people_votes(run)
    rows = []
    for number, unit in enumerate(units(outcomes(run), unjudged=True), 1):
        votes = people.given(unit.outcome, unit.pair)
        if not votes:
            continue
        first, second = candidates_of(unit)
        prompt = unit.outcome.conversation
        rows.append(
            LabelRow(
                number=number,
                votes=tuple(vote.winner for vote in votes),
                id=unit.outcome.id or unit.outcome.item,
                prompt=prompt.question if prompt else "",
                first=first.text,
                second=second.text,
                who=tuple(vote.who for vote in votes),
                asked=tuple(vote.asked for vote in votes),
                pair=unit.pair,
            )
        )
    return LabelFile(tuple(rows), name=run.resolve().name)
