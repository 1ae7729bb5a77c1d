"""Register of the rows that calls into one folder have asked about, and their turns.

A row keeps its number, so that the same call again finds what it was answered. Calls at
the same time take turns; whoever has the turn has all rows worked on that wait.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

from fellowship.database import describe_failure
from fellowship.errors import LedgerError
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.running.given_rows import ROWS, row_line
from fellowship.pipelines.sources.items import item_of
from fellowship.pipelines.sources.row_files import Row
from fellowship.records import Item

TURN = "asking.lock"
PAUSE = 0.01
"""Seconds between two looks at whether the turn is free."""


def items_of(rows: Sequence[Mapping[str, Any]], source: Source) -> list[Item]:
    """The rows as items, numbered from 1; `InputError` for one that is no question."""
    return [item_of(Row(n, row), source) for n, row in enumerate(rows, 1)]


def register(
    folder: Path, rows: Sequence[Mapping[str, Any]], source: Source
) -> list[Item]:
    """The rows with the numbers they have in this folder; new ones are added."""
    with private_file(folder, ROWS) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lines = (folder / ROWS).read_bytes()
        there = {str(row.get("key")): number for number, row in rows_of(lines)}
        last = lines.count(b"\n")
        if lines and not lines.endswith(b"\n"):
            file.write("\n")  # a process died in the middle of a line
            last += 1
        found = []
        for row, item in zip(rows, items_of(rows, source), strict=True):
            if item.key not in there:
                last += 1
                file.write(row_line({"key": item.key, **row}, last) + "\n")
                there[item.key] = last
            found.append(item.model_copy(update={"number": there[item.key]}))
        file.flush()
    return found


def rows_of(lines: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a register's lines, by number; a torn line is none."""
    for number, line in enumerate(lines.split(b"\n"), 1):
        try:
            row = json.loads(line) if line else None
        except ValueError:
            continue
        if isinstance(row, dict):
            yield number, row


def items_due(folder: Path, source: Source, ended: Collection[int]) -> list[Item]:
    """The rows that were asked about and have not ended."""
    return [
        item_of(Row(number, row), source)
        for number, row in rows_of((folder / ROWS).read_bytes())
        if number not in ended
    ]


@asynccontextmanager
async def turn(
    folder: Path, look: Callable[[], None] = lambda: None
) -> AsyncIterator[None]:
    """The turn to have rows of this folder worked on, waited for as long as it takes.

    `look` is called while it is waited for, and raises where that is of no use.
    """
    with private_file(folder, TURN) as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                look()
                await asyncio.sleep(PAUSE)
        yield


def private_file(folder: Path, name: str) -> IO[str]:
    """A file of the folder to add to, made for the user alone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = open(folder / name, "a", encoding="utf-8", newline="\n")  # noqa: SIM115
    except OSError as error:
        raise LedgerError(describe_failure(folder / name, error)) from error
    (folder / name).chmod(0o600)
    return file
