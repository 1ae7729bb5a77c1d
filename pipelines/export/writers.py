"""Writers of dataset files, renamed together.

Files appear under their names when all of them are complete, or not at all. Rows go to
temporary files beside their targets, one for each split; `commit` makes them durable
and renames them. Whatever stops an export leaves the old files as they were.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Protocol

from fellowship.database import describe_failure
from fellowship.errors import LedgerError
from fellowship.pipelines.export.examples import json_line
from fellowship.run_folder import (
    PART,
    half_written,
    part_prefix,
    require_writable_file,
    sync_folder,
)

BATCH = 200
"""Rows that a table's writer takes at a time."""


class Writer(Protocol):
    """What writes the rows of one file."""

    def write(self, row: dict[str, Any]) -> None:
        """One row."""

    def close(self) -> None:
        """Complete the file."""


class JsonLines:
    """JSON lines, UTF-8."""

    def __init__(self, path: Path) -> None:
        self._out: IO[str] = open(path, "w", encoding="utf-8", newline="\n")  # noqa: SIM115

    def write(self, row: dict[str, Any]) -> None:
        """One line."""
        self.write_line(json_line(row))

    def write_line(self, line: str) -> None:
        """One line that is JSON already."""
        self._out.write(line + "\n")

    def close(self) -> None:
        """Bring it to the disk."""
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()


class ExportFiles:
    """One export's files. A context: left without `commit`, nothing has happened."""

    def __init__(self, target: Path, make: Callable[[Path], Writer]) -> None:
        if not target.name:  # the current folder, or an empty argument
            require_writable_file(target)
        self.target = target
        self._make = make
        self._open: dict[Path, tuple[Path, Writer]] = {}
        self._writers: dict[tuple[str, str], Writer] = {}

    def path(self, split: str, tail: str = "") -> Path:
        """Where a split goes: pairs.jsonl, or pairs-train.jsonl and so on.

        `tail` is put before the suffix: pairs.facts.jsonl.
        """
        name = f"{self.target.stem}-{split}" if split else self.target.stem
        return self.target.with_name(f"{name}{tail}{self.target.suffix}")

    def open(self, split: str, tail: str = "") -> Writer:
        """The writer of a split, opened at the first call."""
        if (split, tail) not in self._writers:
            path = self.path(split, tail)
            if path not in self._open:
                try:
                    part = half_written(path)
                    self._open[path] = (part, self._make(part))
                except OSError as error:
                    raise LedgerError(f"{path} can't be written: {error}") from error
            self._writers[split, tail] = self._open[path][1]
        return self._writers[split, tail]

    def commit(self) -> None:
        """Complete every file, then give each its name."""
        try:
            for _, writer in self._open.values():
                writer.close()
            for path, (temporary, _) in self._open.items():
                os.replace(temporary, path)
            if self._open:
                sync_folder(self.target.parent)
        except OSError as error:
            raise LedgerError(describe_failure(self.target, error)) from error

    def __enter__(self) -> ExportFiles:
        return self

    def __exit__(self, kind: object, error: object, _: object) -> None:
        for temporary, writer in self._open.values():
            if temporary.exists():
                close_silently(writer.close)
                temporary.unlink(missing_ok=True)


def close_silently(close: Callable[[], None]) -> None:
    """Close what is thrown away: its errors are those of what went before."""
    try:
        close()
    except (OSError, ValueError):
        return


def replace_folder(new: Path, target: Path) -> None:
    """Put a finished folder where another may be; the old one is gone only afterwards."""
    old = Path(tempfile.mkdtemp(PART, part_prefix(target), target.parent))
    if target.exists():
        os.replace(target, old / target.name)
    os.replace(new, target)
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)
