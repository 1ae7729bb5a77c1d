"""Reader of Parquet files and Hugging Face datasets, through the `data` extra.

Rows are streamed.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from fellowship.errors import InputError, install_command
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.row_files import Row, require_columns
from fellowship.suggestions import did_you_mean, quoted_list

BATCH = 64
EXTRA = f"needs the data extra: {install_command('data')}"


def _library(name: str, what: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(f"{what} {EXTRA}") from error


def parquet_rows(path: Path, columns: Collection[str]) -> Iterator[Row]:
    """The rows of a Parquet file, of the named columns, a few at a time."""
    with parquet_file(path) as file:
        read = require_columns(columns, file.schema_arrow.names, path)
        number = 0
        for batch in file.iter_batches(batch_size=BATCH, columns=read):
            for at in range(batch.num_rows):
                number += 1
                yield _decode_row(number, batch.slice(at, 1))


def parquet_file(path: Path) -> Any:
    """An open `pyarrow.parquet.ParquetFile`; `InputError` for any other file."""
    parquet = _library("pyarrow.parquet", f"reading {path.name!r}")
    try:
        return parquet.ParquetFile(path)
    except ValueError as error:  # pyarrow's errors are ValueErrors or OSErrors
        raise InputError(f"{str(path)!r} is not a Parquet file: {error}") from error


def _decode_row(number: int, one: Any) -> Row:
    try:
        return Row(number, one.to_pylist()[0])
    except UnicodeDecodeError:
        return Row(number, raw="", fault="a text is not UTF-8")


def dataset_rows(source: Source, columns: Collection[str]) -> Iterator[Row]:
    """The rows of a Hugging Face dataset: a folder saved to disk, or a name on the hub."""
    data = _dataset(source)
    read = require_columns(columns, data.column_names, source.dataset)
    for number, values in enumerate(data.select_columns(read), 1):
        yield Row(number, values)


def _dataset(source: Source) -> Any:
    name = str(source.dataset)
    datasets = _library("datasets", f"the dataset {name!r}")
    try:
        if Path(name).is_dir() and _is_saved_dataset(Path(name)):
            return _split(datasets.load_from_disk(name), source)
        return datasets.load_dataset(name, source.subset, split=source.split)
    except (
        OSError,
        ValueError,
        ImportError,
        datasets.exceptions.DatasetsError,
    ) as error:
        why = " ".join(str(error).split())
        raise InputError(f"the dataset {name!r} can't be read: {why}") from error


def _is_saved_dataset(folder: Path) -> bool:
    names = ("dataset_info.json", "dataset_dict.json", "state.json")
    return any((folder / name).is_file() for name in names)


def _split(saved: Any, source: Source) -> Any:
    """The asked-for split of what was saved; a dataset saved alone is its only one."""
    if not isinstance(saved, dict):
        return saved
    if source.split not in saved:
        hint = did_you_mean(source.split, saved) or f"; it has {quoted_list(saved)}"
        raise InputError(f"{source.dataset!r} has no split {source.split!r}{hint}")
    return saved[source.split]
