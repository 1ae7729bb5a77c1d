"""Reader of files of people's labels.

A row is matched by what it says, not by its place. Known without being told: PandaLM's
test set (`annotator1` ...), votes as MT-Bench has them (one line a vote, `model_a`,
`model_b`, `winner`, `turn`), and a label a line as FairEval has them. Any other JSON,
JSON lines or CSV file is read by the names of its columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fellowship.errors import InputError
from fellowship.pipelines.columns.list_cells import unwrapped
from fellowship.pipelines.columns.sides import (
    GRADED,
    Sides,
    is_explained,
    read_sides,
)
from fellowship.pipelines.columns.winner_flags import WINNER, with_flagged
from fellowship.pipelines.labels.label_rankings import (
    TWO_TEXTS,
    ranking_in,
    refuse_unclear,
)
from fellowship.pipelines.labels.label_rows import (
    Columns,
    LabelFile,
    LabelRow,
)
from fellowship.pipelines.labels.label_tables import read_table
from fellowship.pipelines.labels.label_text_columns import (
    first_value,
    line_texts,
    read_text_cells,
)
from fellowship.pipelines.labels.label_values import LabelValues
from fellowship.pipelines.labels.vote_lines import (
    OWN_COLUMNS,
    VOTE_KEY,
    group_votes,
    line_key,
)
from fellowship.pipelines.sources.row_files import Row
from fellowship.suggestions import did_you_mean, quoted_list

LABEL_NAMES = ("label", "labels", "winner", "preference", "human", "vote", "verdict")
NUMBER = re.compile(r"\d{1,18}")
PANDALM = re.compile(r"annotator\d+")


def read_labels(path: Path, columns: Columns | None = None) -> LabelFile:
    """The labels of a file.

    `InputError` where the file or a named column isn't there, or where a label's value is
    not understood and nobody asked to count such values.
    """
    columns = columns or Columns()
    table = with_winner(read_text_cells(read_table(path), columns))
    if columns.cells is None:
        table = unwrap_texts(table)
    file, values = _read_rows(path, table, columns)
    if not columns.count_unknown:
        values.refuse_unknown(path)
    return replace(
        file,
        name=path.name,
        unknown={value: tuple(rows) for value, rows in values.unknown.items()},
        unlabelled=tuple(values.unlabelled),
    )


def unwrap_texts(table: list[Row]) -> list[Row]:
    """The rows with the texts of columns that hold a list of one text in every cell."""
    names = list(dict.fromkeys(name for row in table for name in row.values))
    for name in names:
        texts = unwrapped([row.values.get(name) for row in table])
        if texts is not None:
            table = [
                replace(row, values={**row.values, name: text})
                for row, text in zip(table, texts, strict=True)
            ]
    return table


def with_winner(table: list[Row]) -> list[Row]:
    """The rows with a `winner`, where a file has all three flags and no such column."""
    names = {name for row in table for name in row.values}
    if WINNER in names:
        return table
    return [replace(row, values=with_flagged(row.values)) for row in table]


def _read_rows(
    path: Path, table: list[Row], columns: Columns
) -> tuple[LabelFile, LabelValues]:
    there = [name for row in table[:50] for name in row.values]
    texts = (columns.prompt, columns.first, columns.second)
    for name in (*columns.labels, columns.id, columns.annotator, *texts):
        if name is not None and name not in there:
            hint = (
                did_you_mean(name, there)
                or f"; it has {quoted_list(sorted(set(there)))}"
            )
            raise InputError(f"{str(path)!r} has no column {name!r}{hint}")
    if not columns.labels and set(VOTE_KEY[:3]) <= set(there):
        by = replace(columns, labels=("winner",), annotator="judge")
        return _labels_by(table, by, path, VOTE_KEY)
    if not columns.labels and set(OWN_COLUMNS) <= set(there):
        by = replace(columns, labels=("label",), annotator="annotator")
        return _labels_by(table, by, path, ("item", "first", "second"))
    labels = columns.labels or _label_columns(there, columns, path)
    by = replace(columns, labels=labels)
    line = (line_key(columns),) if columns.annotator else ()
    return _labels_by(table, by, path, line)


def _labels_by(
    table: list[Row], columns: Columns, path: Path, key: Sequence[str]
) -> tuple[LabelFile, LabelValues]:
    """The labels of known columns: by vote lines where there is a key, else by row."""
    sides = sides_of(path, table, columns)
    file, values = (
        group_votes(table, key, columns, sides)
        if key
        else _wide_rows(table, columns, sides)
    )
    return replace(file, columns=columns.labels, reading=sides.described), values


def sides_of(path: Path, table: Sequence[Row], columns: Columns) -> Sides:
    """How the labels of a file are read, all of its label columns by one rule."""
    for name in columns.labels:
        refuse_unclear(name, [row.values.get(name) for row in table])
    every = (row.values.get(name) for row in table for name in columns.labels)
    said = columns.values
    cells = (one for one in every if is_explained(one, said) or not ranking_in(one))
    graded = sorted(columns.labels, key=lambda name: not GRADED.search(name.lower()))
    return read_sides(repr(str(path)), graded[0], cells, columns.meanings)


def _label_columns(
    there: Sequence[str], columns: Columns, path: Path
) -> tuple[str, ...]:
    if columns.labels:
        return columns.labels
    several = sorted(
        {n for n in there if PANDALM.fullmatch(n)}, key=lambda n: int(n[9:])
    )
    named = [n for n in LABEL_NAMES if n in there][:1]
    if not there:
        raise InputError(f"{str(path)!r} has no row that could be read")
    if not several and not named:
        raise InputError(
            f"{str(path)!r} has no column that looks like a label, but"
            f" {quoted_list(sorted(set(there)))}: name it with --label"
        )
    return tuple(several or named)


def _wide_rows(
    table: list[Row], columns: Columns, sides: Sides
) -> tuple[LabelFile, LabelValues]:
    rows, bad, values = [], [], LabelValues(sides)
    labels = columns.labels
    for row in table:
        if row.fault:
            bad.append((row.number, row.fault))
            continue
        given = [(name, row.values.get(name)) for name in labels]
        by_pair, ranked = values.pair_votes(given, row.number)
        known = _label_row(row, columns, labels)
        if ranked and (known.first or known.second):
            bad.append((row.number, TWO_TEXTS))
            continue
        for pair, votes in by_pair.items():
            who = tuple(name for name, _ in votes) if len(labels) > 1 else ()
            said = tuple(v for _, v in votes)
            rows.append(replace(known, votes=said, who=who, pair=pair, ranked=ranked))
    return LabelFile(tuple(rows), tuple(bad)), values


def _label_row(row: Row, columns: Columns, labels: tuple[str, ...]) -> LabelRow:
    values = row.values
    texts = line_texts(row, columns)
    named = first_value(values, columns.id, "id", "idx", "question_id")
    pair = str(values.get("cmp_key", "")).split("_")
    return LabelRow(
        number=row.number,
        votes=(),
        id=None if named in (None, "") else str(named),
        prompt=texts.prompt,
        first=texts.first,
        second=texts.second,
        key=texts.key,
        names=(pair[0], pair[1]) if len(pair) == 2 else ("first", "second"),
        fault=texts.fault,
        talk=texts.talk,
        turns=texts.turns,
        at=int(at) if NUMBER.fullmatch(at := str(values.get("row", ""))) else None,
        cells={name: value for name, value in values.items() if name not in labels},
    )
