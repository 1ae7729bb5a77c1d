"""Preview of a table of verdicts: its first rows as an import understands them."""

from __future__ import annotations

from pathlib import Path

from fellowship.errors import InputError
from fellowship.pipelines.columns.preview import Preview, PreviewAnswer, PreviewRow
from fellowship.pipelines.imports.import_verdicts import (
    VerdictColumns,
    read_verdict,
    row_texts,
    verdict_table,
)
from fellowship.pipelines.sources.row_files import Row


def preview_verdicts(path: Path, columns: VerdictColumns, rows: int) -> Preview:
    """The first rows of a table of verdicts; `InputError` as for the import."""
    table, known = verdict_table(path, columns)
    given = known.winner or (known.preferences and known.preferences.column)
    read = {given: known.reading} if given else {}
    return Preview(
        columns=read, rows=tuple(preview_row(row, known) for row in table[:rows])
    )


def preview_row(row: Row, columns: VerdictColumns) -> PreviewRow:
    """One row of verdicts, with what its judge said."""
    if row.fault:
        return PreviewRow(number=row.number, why=row.fault)
    values = row.values
    own = str(values.get(columns.id)) if columns.id else None
    try:
        talk, *answers = row_texts(values, columns)
    except InputError as error:
        return PreviewRow(number=row.number, id=own, why=str(error))
    turns = tuple((turn.role, turn.content) for turn in talk.messages)
    known = {
        "number": row.number,
        "id": own,
        "turns": turns if talk.question else (),
        "answers": tuple(
            PreviewAnswer(system=one.system, texts=one.turns or (one.text,))
            for one in answers
        ),
    }
    try:
        verdict = read_verdict(values, columns)
    except InputError as error:
        return PreviewRow(**known, why=str(error))
    return PreviewRow(**known, labels={verdict.evaluator: verdict.winner})
