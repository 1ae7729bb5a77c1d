"""Vote lines: files with one vote a line, brought together by item."""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.errors import InputError
from fellowship.pipelines.labels.label_rows import Columns, LabelFile, LabelRow
from fellowship.pipelines.labels.label_tables import parse_winner
from fellowship.pipelines.sources.row_files import Row
from fellowship.records import Winner

VOTE_KEY = ("question_id", "model_a", "model_b", "turn")
"""What a vote of MT-Bench is about."""

OWN_COLUMNS = ("item", "annotator", "label", "first", "second")
"""The columns of labels that Fellowship wrote; the last two count candidates from 1."""

Vote = tuple[str, Winner]


def group_votes(
    table: Sequence[Row], key: Sequence[str], columns: Columns
) -> LabelFile:
    """One row an item, in order of first appearance; lines that are none by number."""
    found: dict[tuple[str, ...], list[Vote]] = {}
    bad = []
    for row in table:
        try:
            about, vote = _parse_vote(row, key, columns)
            found.setdefault(about, []).append(vote)
        except InputError as error:
            bad.append((row.number, str(error)))
    rows = (
        _label_row(n, about, votes) for n, (about, votes) in enumerate(found.items(), 1)
    )
    return LabelFile(tuple(rows), tuple(bad))


def line_key(columns: Columns) -> str:
    """The column that says what a line is about; `InputError` where none was named."""
    if columns.id is None:
        raise InputError("one vote per line needs --id, the column with the row")
    return columns.id


def _parse_vote(
    row: Row, key: Sequence[str], columns: Columns
) -> tuple[tuple[str, ...], Vote]:
    values = row.values
    if row.fault:
        raise InputError(row.fault)
    about = tuple(str(values.get(name, 1)) for name in key)
    if key[1:] == OWN_COLUMNS[3:] and about[1:] != ("1", "2"):
        raise InputError(
            f"a label on answers {about[1]} and {about[2]}: bring it into the run"
            " with import labels"
        )
    winner = parse_winner(values.get(columns.labels[0]), columns.values)
    return about, (str(values.get(columns.annotator or "", "")), winner)


def _label_row(number: int, about: tuple[str, ...], votes: Sequence[Vote]) -> LabelRow:
    named = about if len(about) == len(VOTE_KEY) else ()
    return LabelRow(
        number=number,
        votes=tuple(vote for _, vote in votes),
        id="/".join(about) if named else about[0],
        prompt=named[0] if named else "",
        turn=int(named[3]) if named and named[3].isdigit() else 1,
        names=(named[1], named[2]) if named else ("first", "second"),
        who=tuple(who or f"annotator {n}" for n, (who, _) in enumerate(votes, 1)),
    )
