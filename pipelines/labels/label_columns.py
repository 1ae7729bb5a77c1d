"""Columns of a label file that hold a run's own texts or ids, whatever they are called.

A column is known by what is in it: a file with the run's answers in it is never matched by
the place of its lines.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence, Set
from dataclasses import replace
from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.labels.label_rows import LabelFile, LabelRow
from fellowship.pipelines.labels.text_match import normal_text
from fellowship.suggestions import quoted_list

COUNT = re.compile(r"0|[1-9][0-9]*")
NUMBERED = re.compile(r"(\D{0,40})(\d{1,18})")
"""A number, or one behind a word: `17`, `q17`."""


def fill_columns(
    file: LabelFile,
    answers: Collection[str],
    prompts: Collection[str],
    ids: Collection[str],
    notes: list[str],
) -> list[LabelRow]:
    """The rows of a file with the texts and ids that unnamed columns hold.

    What was found is added to `notes`. `InputError` for answers in one column or in more
    than two: which is the first can't be told.
    """
    rows = list(file.rows)
    if is_numbering(rows) and not any(row.id in ids for row in rows):
        rows = [replace(row, id=None) for row in rows]
    if not any(row.first or row.second for row in rows):
        rows = fill_answers(file, rows, answers, notes)
    if not any(row.prompt for row in rows):
        for name in columns_with(rows, prompts)[:1]:
            rows = [replace(row, prompt=text_in(row, name)) for row in rows]
    if not any(row.id or row.at is not None for row in rows):
        for name in columns_with(rows, ids)[:1]:
            notes.append(f"{file.name or 'the labels'}: {name!r} holds the run's ids")
            rows = [replace(row, id=str(row.cells.get(name, ""))) for row in rows]
    return rows


def fill_answers(
    file: LabelFile, rows: list[LabelRow], answers: Collection[str], notes: list[str]
) -> list[LabelRow]:
    """The rows with their answers, where two unnamed columns hold the run's."""
    there = columns_with(rows, answers)
    if not there:
        return rows
    ranked = max(row.ranked for row in rows)
    if ranked and len(there) == ranked:
        notes.append(
            f"{file.name or 'the labels'}: {quoted_list(there)} hold the run's answers, in"
            " the order in which rankings name them"
        )
        return [
            replace(
                row,
                first=text_in(row, there[row.pair[0]]),
                second=text_in(row, there[row.pair[1]]),
            )
            for row in rows
        ]
    if len(there) != 2 or ranked:
        raise InputError(
            f"{file.name or 'the label file'!r} has answers of the run in"
            f" {quoted_list(there)}: "
            + (
                f"a ranking of {ranked} needs {ranked} such columns, or none and an id"
                if ranked
                else "name the two columns with --first and --second"
            )
        )
    first, second = there
    notes.append(
        f"{file.name or 'the labels'}: {first!r} and {second!r} hold the run's answers,"
        f" and {first!r} was taken for the first"
    )
    return [
        replace(row, first=text_in(row, first), second=text_in(row, second))
        for row in rows
    ]


def columns_with(rows: Sequence[LabelRow], known: Collection[str]) -> list[str]:
    """The columns of which at least half of what is not blank is among `known`."""
    found = []
    for name in dict.fromkeys(name for row in rows for name in row.cells):
        there = [text for row in rows if (text := text_in(row, name))]
        hits = sum(text in known for text in there)
        if there and 2 * hits >= len(there):
            found.append(name)
    return found


def text_in(row: LabelRow, name: str) -> str:
    """What a cell says, in normal form; blank for what is neither text nor number."""
    value: Any = row.cells.get(name)
    known = isinstance(value, str | int) and not isinstance(value, bool)
    return normal_text(str(value)) if known else ""


def is_numbering(rows: Sequence[LabelRow]) -> bool:
    """Whether the ids of a file are the numbers of its own lines, from 0 or 1."""
    given = [row.id for row in one_a_line(rows)]
    return given in [[str(n) for n in range(at, at + len(given))] for at in (0, 1)]


def one_a_line(rows: Sequence[LabelRow]) -> list[LabelRow]:
    """The first row of each line: a line with a ranking has one for every two answers."""
    return list({row.number: row for row in reversed(rows)}.values())[::-1]


def refuse_shuffled(file: LabelFile, rows: Sequence[LabelRow]) -> None:
    """`InputError` where a column counts rows in another order than the file's lines.

    It says that the lines were sorted anew, so that their place says nothing.
    """
    rows = one_a_line(rows)
    for name in dict.fromkeys(name for row in rows for name in row.cells):
        found = [NUMBERED.fullmatch(text_in(row, name)) for row in rows]
        there = [match for match in found if match]
        counts = [int(match[2]) for match in there]
        one_kind = len({match[1] for match in there}) == 1
        if len(there) < max(3, len(rows)) or not one_kind or counts == sorted(counts):
            continue
        if sorted(counts) == [*range(min(counts), min(counts) + len(rows))]:
            raise InputError(
                f"column {name!r} of {file.name or 'the label file'!r} counts rows in"
                " another order than its lines, which have neither texts nor ids of the"
                " run: the place of a line can't tell whose label it is. Sort the file by"
                f" {name!r} if that is the run's order, or call the column `row` if it"
                " holds the run's row numbers"
            )


def refuse_shifted(
    file: LabelFile,
    rows: Sequence[LabelRow],
    ids: Collection[str],
    numbers: Collection[int],
) -> None:
    """`InputError` where a file counts from 0 and the run from 1, or the other way round.

    All labels but one would find a row, each its neighbour's. Rows with texts are told by
    those.
    """
    bare = [row for row in rows if not (row.prompt or row.first or row.second)]
    own = {int(name) for name in ids if COUNT.fullmatch(name)}
    named = {row.id for row in bare if row.id}
    counts = {int(name) for name in named if COUNT.fullmatch(name)}
    if len(counts) == len(named) and (at := shifted_by(counts, own)):
        raise InputError(counted_from(file, at, "ids"))
    if shifted_by({row.at for row in bare if row.at is not None}, set(numbers)):
        raise InputError(counted_from(file, 1, "rows"))


def shifted_by(given: Set[int], own: Set[int]) -> int:
    """What must be added to numbers that count from 0 (1) where the run counts from 1 (0).

    0 where it can't be told: the one number that the run doesn't have is not among them.
    """
    for at, first, beyond in ((1, 1, 0), (-1, 0, max(own, default=0) + 1)):
        known = min(own, default=-1) == first and beyond in given
        if known and all(number + at in own for number in given):
            return at
    return 0


def counted_from(file: LabelFile, at: int, own: str) -> str:
    """Why labels that are one off are refused, and the cure."""
    there, here = (0, 1) if at == 1 else (1, 0)
    return (
        f"{file.name or 'the label file'!r} counts {own} from {there}, the run from {here}:"
        " matched so, each label would be its neighbour's. Add"
        f" {at} to each, or give the answers' texts (--first, --second)"
    )
