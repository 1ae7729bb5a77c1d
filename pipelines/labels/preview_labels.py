"""Preview of a file of labels: its first rows as every verb understands them."""

from __future__ import annotations

from fellowship.pipelines.columns.preview import Preview, PreviewAnswer, PreviewRow
from fellowship.pipelines.labels.label_rows import LabelFile, LabelRow


def preview_labels(file: LabelFile, rows: int) -> Preview:
    """The first rows of a label file."""
    bad = (PreviewRow(number=number, why=why) for number, why in file.bad)
    found = [*map(preview_label, file.rows[:rows]), *bad]
    found.sort(key=lambda row: row.number)
    return Preview(
        columns=dict.fromkeys(file.columns, file.reading), rows=tuple(found[:rows])
    )


def turns_of(row: LabelRow) -> tuple[tuple[str, str], ...]:
    """The turns of a row's prompt."""
    if row.talk is not None:
        return tuple((m.role, m.content) for m in row.talk.messages)
    return (("user", row.prompt),) if row.prompt else ()


def preview_label(row: LabelRow) -> PreviewRow:
    """One row of labels; a label is of the first or the second of its two answers."""
    answers = zip(row.turns, (row.first, row.second), strict=True)
    texts = zip(row.names, (turns or (text,) for turns, text in answers), strict=True)
    return PreviewRow(
        number=row.number,
        id=row.id,
        why=row.fault,
        turns=turns_of(row),
        answers=tuple(PreviewAnswer(system=n, texts=t) for n, t in texts if t[0]),
        labels={name: str(vote) for name, vote in row.votes_by_name.items()},
    )
