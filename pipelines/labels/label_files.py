"""Reader of files of people's labels.

A row is matched by what it says, not by its place. Known without being told: PandaLM's
test set (`annotator1` ...), votes as MT-Bench has them (one line a vote, `model_a`,
`model_b`, `winner`, `turn`), and a label a line as FairEval has them. Any other JSON,
JSON lines or CSV file is read by the names of its columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.labels.label_rows import (
    Columns,
    LabelFile,
    LabelRow,
    text_key,
)
from fellowship.pipelines.labels.label_tables import (
    parse_winner,
    read_table,
    refuse_ambiguous,
)
from fellowship.pipelines.labels.vote_lines import (
    OWN_COLUMNS,
    VOTE_KEY,
    group_votes,
    line_key,
)
from fellowship.pipelines.sources.row_files import Row
from fellowship.records import Winner
from fellowship.suggestions import did_you_mean, quoted_list

LABEL_NAMES = ("label", "labels", "winner", "preference", "human", "vote", "verdict")
NUMBER = re.compile(r"\d{1,18}")
PANDALM = re.compile(r"annotator\d+")


def read_labels(path: Path, columns: Columns | None = None) -> LabelFile:
    """The labels of a file. `InputError` where the file or a named column isn't there."""
    columns = columns or Columns()
    table = read_table(path)
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
        return group_votes(
            table,
            VOTE_KEY,
            Columns(("winner",), annotator="judge", values=columns.values),
        )
    if not columns.labels and set(OWN_COLUMNS) <= set(there):
        columns = Columns(("label",), annotator="annotator")
        return group_votes(table, ("item", "first", "second"), columns)
    if columns.annotator:
        labels = columns.labels or _label_columns(there, columns, path)
        refuse_ambiguous(path, table, labels, columns.values)
        by = replace(columns, labels=labels)
        return group_votes(table, (line_key(columns),), by)
    labels = _label_columns(there, columns, path)
    refuse_ambiguous(path, table, labels, columns.values)
    return _wide_rows(table, columns, labels)


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
    table: list[Row], columns: Columns, labels: tuple[str, ...]
) -> LabelFile:
    rows, bad = [], []
    for row in table:
        try:
            if row.fault:
                raise InputError(row.fault)
            given = [(name, row.values.get(name)) for name in labels]
            flat = [
                (name, one)
                for name, value in given
                for one in (value if isinstance(value, list) else [value])
                if one not in (None, "")
            ]
            votes = tuple(parse_winner(v, columns.values) for _, v in flat)
            who = tuple(name for name, _ in flat) if len(labels) > 1 else ()
            rows.append(replace(_label_row(row, votes, columns), who=who))
        except InputError as error:
            bad.append((row.number, str(error)))
    return LabelFile(tuple(rows), tuple(bad))


def _label_row(row: Row, votes: tuple[Winner, ...], columns: Columns) -> LabelRow:
    values = row.values
    prompt = _first_value(values, columns.prompt, "prompt", "instruction", "question")
    given = _first_value(values, None, "input") if "instruction" in values else None
    if isinstance(prompt, str) and isinstance(given, str) and given.strip():
        prompt = f"{prompt}\n\n{given}"
    first = _first_value(values, columns.first, "response1", "response_1", "output_1")
    second = _first_value(values, columns.second, "response2", "response_2", "output_2")
    has_texts = first is not None and second is not None
    named = _first_value(values, columns.id, "id", "idx", "question_id")
    pair = str(values.get("cmp_key", "")).split("_")
    return LabelRow(
        number=row.number,
        votes=votes,
        id=None if named is None else str(named),
        prompt=_text(prompt),
        first=_text(first),
        second=_text(second),
        key=text_key(prompt, first, second) if has_texts else None,
        names=(pair[0], pair[1]) if len(pair) == 2 else ("first", "second"),
        fault=_text_fault(prompt, first, second) if has_texts else "",
        at=int(at) if NUMBER.fullmatch(at := str(values.get("row", ""))) else None,
    )


def _first_value(values: Mapping[str, Any], named: str | None, *guesses: str) -> Any:
    for name in (named,) if named else guesses:
        if name in values:
            return values[name]
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _text_fault(prompt: Any, first: Any, second: Any) -> str:
    named = (("the prompt", prompt), ("response1", first), ("response2", second))
    for name, value in named:
        if not isinstance(value, str):
            return f"{name} is {json.dumps(value)[:40]}, not a text"
    return ""
