"""Rows of a source as they stand: of one file, of several in order, or of a dataset.

Rows of several files are numbered through: a file's first row has the number after the
last of the file before it. Each knows its place, FILE:NUMBER, from the folder that the
files have in common.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fellowship.errors import InputError
from fellowship.pipelines.columns.winner_flags import WINNER, with_flagged
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.parquet import (
    dataset_rows,
    parquet_file,
    parquet_rows,
)
from fellowship.pipelines.sources.row_files import (
    Row,
    csv_rows,
    jsonl_rows,
    numbered_lines,
)


def source_rows(source: Source) -> Iterator[Row]:
    """Every row of a source; `InputError` where a file can't be read as a whole.

    A `winner` that three flags tell stands in a column of its own.
    """
    rows = rows_as_written(source)
    if source.label != WINNER:
        return rows
    return (replace(row, values=with_flagged(row.values)) for row in rows)


def rows_as_written(source: Source) -> Iterator[Row]:
    """Every row of a source, its columns as they are there."""
    columns = columns_of(source)
    if source.path is None:
        try:
            yield from dataset_rows(source, columns)
        except OSError as error:
            raise unreadable(str(source.dataset), error) from error
        return
    paths = source_files(source)
    names = place_names(paths) if len(paths) > 1 else [""]
    before = 0
    for path, name in zip(paths, names, strict=True):
        last = 0
        for row in file_rows(path, columns):
            last = row.number
            yield (
                replace(row, number=before + last, place=f"{name}:{last}")
                if name
                else row
            )
        before += last


def file_rows(path: Path, columns: Mapping[str, str]) -> Iterator[Row]:
    """The rows of one file, by its kind."""
    try:
        if path.suffix.lower() == ".parquet":
            yield from parquet_rows(path, columns)
        elif path.suffix.lower() == ".csv":
            yield from csv_rows(path, columns)
        else:
            yield from jsonl_rows(path)
    except OSError as error:
        raise unreadable(str(path), error) from error


def count_file(path: Path) -> int:
    """How many rows a file has."""
    try:
        if path.suffix.lower() == ".parquet":
            with parquet_file(path) as file:
                return int(file.metadata.num_rows)
        if path.suffix.lower() == ".csv":
            return sum(1 for _ in csv_rows(path, ()))
        return sum(1 for _ in numbered_lines(path))
    except OSError as error:
        raise unreadable(str(path), error) from error


def source_files(source: Source) -> list[Path]:
    """The files of a source, in order: what a pattern fits stands in its place, sorted."""
    return [file for path in source.paths for file in files_of(path)]


def files_of(path: Path) -> list[Path]:
    """The file of a path, or the files of a pattern (`*`, `?`, `[...]`, `**`), sorted."""
    if not glob.has_magic(str(path)) or path.exists():
        return [path]
    found = sorted(glob.glob(str(path), recursive=True))
    return [Path(name) for name in found if os.path.isfile(name)]


def place_names(paths: Sequence[Path]) -> list[str]:
    """The files' names from the folder that they have in common."""
    folder = os.path.commonpath([str(path.parent) for path in paths])
    return [Path(os.path.relpath(path, folder)).as_posix() for path in paths]


def columns_of(source: Source) -> dict[str, str]:
    """The columns a recipe speaks of, each once, with the key that names it."""
    named = [("source.prompt", source.prompt), ("source.id", source.id)]
    named += [("source.candidates", name) for name in source.candidates]
    named += [("source.reference", source.reference), ("source.label", source.label)]
    return {name: key for key, name in reversed(named) if name is not None}


def unreadable(name: str, error: OSError) -> InputError:
    """The error of a file that the system won't read."""
    return InputError(f"{name!r} can't be read: {error.strerror or error}")
