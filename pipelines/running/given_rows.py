"""Rows given in a call, in place of a recipe's source: mappings, data frames, datasets.

They are kept in the run's folder, so that the run is resumed and read like any other. A
value that JSON can't hold is refused by row and column.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from math import isfinite, isnan
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from fellowship.database import describe_failure
from fellowship.errors import InputError, LedgerError, RecipeError
from fellowship.pipelines.export.recipe_checks import check_exports
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.new_run_checks import check_new_run
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.credentials import check_credentials
from fellowship.run_folder import RunFolder, atomic_writer, half_written

ROWS = "rows.jsonl"
BEFORE = "rows.before.jsonl"
"""The rows that a run had, while it is asked whether it takes others."""

NO_ROWS = (
    "rows holds no row, and the run has some: give a list, or an iterator that was not"
    " read before"
)


@runtime_checkable
class PandasFrame(Protocol):
    """A pandas data frame, known by what it can do: pandas need not be installed."""

    def to_dict(self, orient: str) -> Any: ...
    def itertuples(self) -> Any: ...


@runtime_checkable
class PolarsFrame(Protocol):
    """A polars data frame."""

    def iter_rows(self, *, named: bool) -> Any: ...


GivenRows = Iterable[Mapping[str, Any]] | PandasFrame | PolarsFrame
"""Mappings from columns to values, a data frame, or a `datasets.Dataset`."""


def check_given(recipe: Recipe, into: Path, *, own_rows: bool) -> None:
    """`RecipeError` before the run's folder has a file, where it could not begin."""
    check_recipe(recipe, own_rows=own_rows)
    check_new_run(recipe, into, own_rows=own_rows)
    check_exports(recipe, into)
    check_credentials(recipe, into)


@contextlib.contextmanager
def with_rows(
    recipe: Recipe, rows: GivenRows | None, into: Path
) -> Iterator[tuple[Recipe, RunFolder | None]]:
    """The recipe with these rows for its source, and the run's folder, which is locked.

    A row is a mapping from the source's columns (`prompt`, `candidates`, ...) to values.
    They are kept in the folder: whoever else works on the run reads its own, and is
    refused before a row is written. Where the run is refused with these rows, those that
    it had are put back. Without `rows` the recipe stays, and nothing is locked.
    """
    if rows is None:
        yield recipe, None
        return
    path = into.absolute() / ROWS
    with RunFolder(into) as folder, replaced_rows(path) as had_rows:
        with atomic_writer(path) as out:
            number = 0
            for number, row in enumerate(mappings(rows), 1):
                out.write(row_line(row, number) + "\n")
            if had_rows and not number:
                raise InputError(NO_ROWS)
        source = recipe.source.model_copy(update={"path": path, "dataset": None})
        yield recipe.model_copy(update={"source": source}), folder


@contextlib.contextmanager
def replaced_rows(path: Path) -> Iterator[bool]:
    """Whether a run has rows, which are kept beside `path` until it has taken others."""
    before = path.with_name(BEFORE)
    try:
        had_rows = keep_rows(path, before)
    except OSError as error:
        raise LedgerError(describe_failure(before, error)) from error
    try:
        yield had_rows
    except (RecipeError, InputError, LedgerError):
        if had_rows:
            os.replace(before, path)
        raise
    finally:
        before.unlink(missing_ok=True)


def keep_rows(path: Path, before: Path) -> bool:
    """Copy the rows that a run has to `before`; whether it has any.

    What a process that was killed left there is what the run had, and goes on being it,
    unless it had begun to take the same rows and more.
    """
    if before.exists() and not (path.exists() and begins_with(path, before)):
        return True
    if not path.exists():
        return False
    part = half_written(before)
    shutil.copyfile(path, part)
    os.replace(part, before)
    return True


def begins_with(path: Path, start: Path) -> bool:
    """Whether the bytes of a file begin with those of another."""
    with path.open("rb") as whole, start.open("rb") as first:
        pieces = iter(partial(first.read, 1 << 20), b"")
        return all(whole.read(len(piece)) == piece for piece in pieces)


def mappings(rows: GivenRows) -> Iterator[Mapping[str, Any]]:
    """The rows one by one, whatever holds them; `InputError` for what holds none."""
    if isinstance(rows, PandasFrame):
        rows = rows.to_dict("records")
    elif isinstance(rows, PolarsFrame):
        rows = rows.iter_rows(named=True)
    if isinstance(rows, str | Mapping) or not isinstance(rows, Iterable):
        raise InputError(
            f"rows is {type(rows).__name__!r}: give a list of mappings, a data frame or"
            " one split of a dataset"
        )
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise InputError(f"row {number} is {row!r:.60}, not a mapping from columns")
        yield row


def row_line(row: Mapping[str, Any], number: int) -> str:
    """One row as a line of JSON; half a character, which no file holds, as its escape."""
    values = {
        str(name): _json_value(value, f"row {number}: {name!r}")
        for name, value in row.items()
    }
    line = json.dumps(values, ensure_ascii=False, allow_nan=False)
    with contextlib.suppress(UnicodeEncodeError):
        line.encode()
        return line
    return json.dumps(values, allow_nan=False)


def _json_value(value: Any, place: str) -> Any:
    """A value as JSON: arrays as lists, missing numbers as null."""
    if isinstance(value, Mapping):
        return {str(key): _json_value(inner, place) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(inner, place) for inner in value]
    if isinstance(value, float) and isnan(value):
        return None  # what a data frame has where a cell is empty
    if isinstance(value, float) and not isfinite(value):
        raise InputError(f"{place} is {value}, which JSON can't hold")
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "tolist"):  # a NumPy array or scalar, a Series
        return _json_value(value.tolist(), place)
    raise InputError(f"{place} is a {type(value).__name__}, which JSON can't hold")
