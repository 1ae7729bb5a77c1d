"""Vote lines: files with one vote a line, brought together by item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from fellowship.errors import InputError
from fellowship.json_values import finite_number
from fellowship.pipelines.columns.sides import Sides
from fellowship.pipelines.labels.label_rankings import TWO_TEXTS, Pair
from fellowship.pipelines.labels.label_rows import Asked, Columns, LabelFile, LabelRow
from fellowship.pipelines.labels.label_text_columns import LineTexts, line_texts
from fellowship.pipelines.labels.label_values import LabelValues
from fellowship.pipelines.sources.row_files import Row
from fellowship.records import Winner

VOTE_KEY = ("question_id", "model_a", "model_b", "turn")
"""What a vote of MT-Bench is about."""

OWN_COLUMNS = ("item", "annotator", "label", "first", "second")
"""The columns of labels that Fellowship wrote; the last two count candidates from 1."""


class Vote(NamedTuple):
    """One line: who said what, how it was asked, and the texts it is about."""

    who: str
    winner: Winner
    asked: Asked
    texts: LineTexts


def group_votes(
    table: Sequence[Row], key: Sequence[str], columns: Columns, sides: Sides
) -> tuple[LabelFile, LabelValues]:
    """One row an item, in order of first appearance; lines that are none by number.

    Lines whose texts differ, or stand the other way round, are rows of their own.
    """
    values = LabelValues(sides)
    by_number = tuple(key) == ("row",)
    found: dict[tuple[tuple[object, ...], Pair, int], list[Vote]] = {}
    bad = []
    for row in table:
        try:
            for place, votes in _parse_votes(row, key, columns, values):
                found.setdefault(place, []).extend(votes)
        except InputError as error:
            bad.append((row.number, str(error)))
    rows = []
    for n, ((about, pair, ranked), votes) in enumerate(found.items(), 1):
        made = _label_row(n, about[: len(key)], votes)
        if by_number and (made.id or "").isdecimal():
            made = replace(made, id=None, at=int(str(made.id)))
        rows.append(replace(made, pair=pair, ranked=ranked) if ranked else made)
    return LabelFile(tuple(rows), tuple(bad)), values


def line_key(columns: Columns) -> str:
    """The column that says what a line is about; `InputError` where none was named."""
    if columns.id is None:
        raise InputError("one vote per line needs --id, the column with the row")
    return columns.id


def _parse_votes(
    row: Row, key: Sequence[str], columns: Columns, labels: LabelValues
) -> Iterator[tuple[tuple[tuple[object, ...], Pair, int], list[Vote]]]:
    """A line's votes by what they are about: an item, two of its answers, a ranking."""
    values = row.values
    if row.fault:
        raise InputError(row.fault)
    texts = line_texts(row, columns)
    about = (*(str(values.get(name, 1)) for name in key), texts)
    who = str(values.get(columns.annotator or "", ""))
    draw = values.get("draw")
    asked = Asked(
        str(values.get("queue") or ""),
        finite_number(draw) if isinstance(draw, int | float) else None,
    )
    told = [(name, values.get(name)) for name in columns.labels[:1]]
    by_pair, ranked = labels.pair_votes(told, row.number)
    if ranked and (texts.first or texts.second):
        raise InputError(TWO_TEXTS)
    for pair, votes in by_pair.items():
        said = [Vote(who, winner, asked, texts) for _, winner in votes]
        yield (about, pair, ranked), said


def _label_row(number: int, key: Sequence[object], votes: Sequence[Vote]) -> LabelRow:
    about = [str(part) for part in key]
    named = about if len(about) == len(VOTE_KEY) else ()
    texts = votes[0].texts if votes else LineTexts()
    return LabelRow(
        number=number,
        votes=tuple(vote.winner for vote in votes),
        id="/".join(about) if named else about[0],
        prompt=named[0] if named else texts.prompt,
        first="" if named else texts.first,
        second="" if named else texts.second,
        key=None if named else texts.key,
        talk=None if named else texts.talk,
        turns=((), ()) if named else texts.turns,
        turn=int(named[3]) if named and named[3].isdigit() else 1,
        names=(named[1], named[2]) if named else ("first", "second"),
        who=tuple(vote.who or f"annotator {n}" for n, vote in enumerate(votes, 1)),
        asked=tuple(vote.asked for vote in votes),
        pair=_pair(about) if len(about) == len(OWN_COLUMNS) - 2 else (0, 1),
    )


def _pair(about: Sequence[str]) -> tuple[int, int]:
    """The answers that a label of ours is about, counted from 1 in the file."""
    first, second = (int(part) - 1 if part.isdigit() else -1 for part in about[1:3])
    return first, second
