"""Reader of files of rows (JSON lines, JSON, CSV, Parquet, saved datasets).

One row at a time, whoever wrote the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from fellowship.errors import InputError
from fellowship.pipelines.labels.label_tables import read_table
from fellowship.pipelines.sources.parquet import parquet_file, parquet_rows
from fellowship.pipelines.sources.row_files import Row, csv_rows, jsonl_rows
from fellowship.suggestions import did_you_mean

KINDS = ".jsonl, .ndjson, .json, .csv, .parquet or a folder saved by datasets"


def require_path(path: Path) -> None:
    """`InputError` with the nearest name where there is no such file or folder."""
    if os.path.exists(path):
        return
    if os.path.islink(path):
        raise InputError(f"{str(path)!r} is a link to nothing")
    folder = path.parent
    beside = [p.name for p in folder.iterdir()] if os.path.isdir(folder) else []
    raise InputError(f"there is no file {str(path)!r}{did_you_mean(path.name, beside)}")


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file of any known kind; `InputError` where it is none of them."""
    require_path(path)
    kind = path.suffix.lower()
    if path.is_dir():
        yield from read_saved_rows(path)
    elif kind in (".jsonl", ".ndjson") or (kind == ".json" and holds_lines(path)):
        yield from jsonl_rows(path)
    elif kind == ".json":
        yield from read_table(path)
    elif kind == ".csv":
        yield from csv_rows(path, ())
    elif kind == ".parquet":
        with parquet_file(path) as file:
            columns = list(file.schema_arrow.names)
        yield from parquet_rows(path, columns)
    else:
        raise InputError(
            f"{str(path)!r} is not a file of rows: give {KINDS}, not compressed"
        )


def holds_lines(path: Path) -> bool:
    """Whether a .json file holds a row a line, and not a list of rows."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            begins = file.read(64).lstrip()
    except OSError:
        return False
    return begins.startswith("{")


def read_saved_rows(folder: Path) -> Iterator[Row]:
    """The rows of a dataset that `save_to_disk` wrote, of all its splits."""
    from fellowship.pipelines.export.context import require_library

    datasets = require_library(
        "datasets", "data", f"reading the folder {folder.name!r}"
    )
    try:
        data = datasets.load_from_disk(str(folder))
    except (OSError, ValueError) as error:
        raise InputError(f"{str(folder)!r} is not a saved dataset: {error}") from error
    splits = data.values() if hasattr(data, "values") else [data]
    number = 0
    for split in splits:
        for values in split:
            number += 1
            yield Row(number, values)
