"""Source of a run: every row in order, as an item or as rejected with the reason.

Nothing is dropped in silence: items and rejected rows add up to the rows that were read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from pydantic import Field

from fellowship.errors import InputError
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.items import item_of
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
from fellowship.records import Item, Record


class Rejected(Record):
    """A row that is no prompt: where it stands, what is wrong, and its text."""

    number: int = Field(
        description="line number in a .jsonl file, else data row number, from 1"
    )
    why: str
    raw: str


def read_items(source: Source, limit: int | None = None) -> Iterator[Item | Rejected]:
    """The rows of a source one by one, at most `limit` (and the source's own limit).

    Raises `InputError` when the source as a whole can't be read. A file changed while
    it is read is not noticed.
    """
    for row in itertools.islice(_rows(source), _smaller_limit(source, limit)):
        yield _item_or_rejected(row, source)


def _item_or_rejected(row: Row, source: Source) -> Item | Rejected:
    try:
        if not row.fault:
            return item_of(row, source)
        why = row.fault
    except InputError as error:
        why = str(error)
    return Rejected(number=row.number, why=why, raw=row.excerpt())


def count_rows(source: Source, limit: int | None = None) -> int | None:
    """How many rows `read_items` will give, where that is cheap to know; else None."""
    path = source.path
    if path is None:
        return None
    try:
        if path.suffix.lower() == ".parquet":
            with parquet_file(path) as file:
                count = int(file.metadata.num_rows)
        elif path.suffix.lower() == ".csv":
            count = sum(1 for _ in csv_rows(path, ()))
        else:
            count = sum(1 for _ in numbered_lines(path))
    except OSError as error:
        raise _unreadable(source, error) from error
    most = _smaller_limit(source, limit)
    return count if most is None else min(count, most)


def _smaller_limit(source: Source, limit: int | None) -> int | None:
    limits = [most for most in (limit, source.limit) if most is not None]
    return min(limits, default=None)


def _rows(source: Source) -> Iterator[Row]:
    columns = columns_of(source)
    try:
        if source.path is None:
            yield from dataset_rows(source, columns)
        elif source.path.suffix.lower() == ".parquet":
            yield from parquet_rows(source.path, columns)
        elif source.path.suffix.lower() == ".csv":
            yield from csv_rows(source.path, columns)
        else:
            yield from jsonl_rows(source.path)
    except OSError as error:
        raise _unreadable(source, error) from error


def columns_of(source: Source) -> dict[str, str]:
    """The columns a recipe speaks of, each once, with the key that names it."""
    named = [("source.prompt", source.prompt), ("source.id", source.id)]
    named += [("source.candidates", name) for name in source.candidates]
    named += [("source.reference", source.reference), ("source.label", source.label)]
    return {name: key for key, name in reversed(named) if name is not None}


def _unreadable(source: Source, error: OSError) -> InputError:
    name = str(source.path or source.dataset)
    return InputError(f"{name!r} can't be read: {error.strerror or error}")
