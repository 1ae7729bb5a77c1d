"""Folder of a run's drift checks: its frozen anchors, and one line for each check.

`drift/` lies in the run's own folder. `anchors.json` says which rows are asked again, every
time the same; `history.jsonl` holds the figures of each whole check; each asking is a run
of its own beside them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from fellowship.errors import LedgerError
from fellowship.faults import first_fault
from fellowship.records import Record
from fellowship.run_folder import atomic_writer

FOLDER = "drift"
ANCHORS = "anchors.json"
HISTORY = "history.jsonl"

Kind = TypeVar("Kind", bound=Record)


class Anchors(Record):
    """The rows that are asked again, how they were drawn, and how many of each verdict."""

    run: str
    seed: int
    rows: tuple[int, ...]
    strata: dict[str, int]


class Point(NamedTuple):
    """A figure with its limits, None where there are none."""

    value: float | None
    low: float | None
    high: float | None


class DriftEntry(Record):
    """One check: when it was made, of how many anchors, its runs, its figures."""

    number: int
    when: str
    fellowship: str
    anchors: int
    repeats: int
    runs: tuple[str, ...]
    check: dict[str, Any]

    def point(self, key: str) -> Point:
        """One of its figures."""
        value = (self.check.get("figures") or {}).get(key)
        if isinstance(value, dict):
            return Point(value.get("value"), value.get("low"), value.get("high"))
        return Point(value, None, None)

    @property
    def alarm(self) -> bool | None:
        """Whether it found drift; None where it could not tell."""
        value = self.point("alarm").value
        return None if value is None else bool(value)


def read_anchors(run: Path) -> Anchors | None:
    """The anchors of a run; None before the first check."""
    path = run / FOLDER / ANCHORS
    if not path.is_file():
        return None
    return parse(Anchors, path.read_text(encoding="utf-8"), path)


def write_anchors(run: Path, anchors: Anchors) -> None:
    """Freeze the anchors of a run."""
    (run / FOLDER).mkdir(exist_ok=True)
    with atomic_writer(run / FOLDER / ANCHORS) as out:
        out.write(anchors.model_dump_json(indent=1) + "\n")


def read_history(run: Path) -> list[DriftEntry]:
    """The checks of a run, oldest first; none where it was never checked."""
    path = run / FOLDER / HISTORY
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [parse(DriftEntry, line, path) for line in lines if line.strip()]


def append_history(run: Path, entry: DriftEntry) -> None:
    """Add a check; the file is replaced whole, so that no line is ever half there."""
    entries = [*read_history(run), entry]
    with atomic_writer(run / FOLDER / HISTORY) as out:
        for one in entries:
            out.write(json.dumps(one.model_dump(mode="json")) + "\n")


def parse(kind: type[Kind], text: str, path: Path) -> Kind:
    """A record of a file; `LedgerError` where it is none."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise LedgerError(
            f"{str(path)!r} is not as it was written:"
            f" {first_fault(error, text, kind, whole='it')}"
        ) from error
