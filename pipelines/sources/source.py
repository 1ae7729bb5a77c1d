"""Source of a run: every row in order, as an item or as rejected with the reason.

Nothing is dropped in silence: items and rejected rows add up to the rows that were read.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator

from pydantic import Field

from fellowship.errors import InputError
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.items import item_of
from fellowship.pipelines.sources.row_files import Row
from fellowship.pipelines.sources.source_columns import SourceColumns, source_columns
from fellowship.pipelines.sources.source_rows import (
    count_file,
    source_files,
    source_rows,
)
from fellowship.records import Item, Record


class Rejected(Record):
    """A row that is no prompt: where it stands, what is wrong, and its text."""

    number: int = Field(
        description="line number in a .jsonl file, else data row number, from 1"
    )
    why: str
    raw: str
    place: str = Field(
        default="", description="file and row there, where a source has several files"
    )


def read_items(
    source: Source, limit: int | None = None, columns: SourceColumns | None = None
) -> Iterator[Item | Rejected]:
    """The rows of a source one by one, at most `limit` (and the source's own limit).

    `columns` say what its cells mean; None: what the first rows say. Raises `InputError`
    when the source as a whole can't be read, or its columns can mean several things. A
    file changed while it is read is not noticed.
    """
    known = source_columns(source) if columns is None else columns
    for row in itertools.islice(source_rows(source), _smaller_limit(source, limit)):
        yield _item_or_rejected(row, source, known)


def _item_or_rejected(
    row: Row, source: Source, columns: SourceColumns
) -> Item | Rejected:
    try:
        if not row.fault:
            return item_of(row, source, columns)
        why = row.fault
    except InputError as error:
        why = str(error)
    return Rejected(number=row.number, why=why, raw=row.excerpt(), place=row.place)


def count_rows(source: Source, limit: int | None = None) -> int | None:
    """How many rows `read_items` will give, where that is cheap to know; else None."""
    if source.path is None:
        return None
    count = sum(map(count_file, source_files(source)))
    most = _smaller_limit(source, limit)
    return count if most is None else min(count, most)


def _smaller_limit(source: Source, limit: int | None) -> int | None:
    limits = [most for most in (limit, source.limit) if most is not None]
    return min([*limits, sys.maxsize]) if limits else None
