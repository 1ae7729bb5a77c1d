"""Status of a run, read off its folder by anybody, while it goes on.

Nothing is asked of the process that runs it: the ledger has every row and call, the lock
file says who holds it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from fellowship.errors import FellowshipError, LedgerError
from fellowship.ledger import SELECT_STAMP, LedgerReader
from fellowship.models.record.meter import Limits
from fellowship.pipelines.pairing.row_state import count_rows_left
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.report.reply_notices import ReplyNotices, reply_notices
from fellowship.pipelines.running.export_manifest import ExportManifest, read_manifest
from fellowship.pipelines.running.last_go import StopNote, last_stop, read_go
from fellowship.pipelines.sources.source import count_rows
from fellowship.records import Record
from fellowship.run_folder import LEDGER, lock_holder, read_header

RECENT = 60.0
"""Seconds over which the pace is measured."""


class Status(Record):
    """A run at one moment. Times in seconds, `holder` is who works on it, if anybody."""

    holder: str | None
    total: int | None
    states: dict[str, int]
    in_flight: int
    calls: int
    tokens: int
    usd: float
    unpriced: int
    failures: dict[str, int]
    replies: ReplyNotices
    tokens_per_second: float
    seconds: float
    left: float | None
    finished: bool = Field(
        default=False,
        description="when last run, every row that was asked for ended, and none since",
    )
    limit: int | None = Field(
        default=None, description="the --limit of the last go, or of the source"
    )
    limits: Limits = Field(
        default=Limits(), description="where the last go stops, or stopped"
    )
    stop: StopNote | None = Field(
        default=None, description="why the last go stopped early, if it did"
    )

    skipped: int = Field(
        default=0, description="rows that the last go left out, done in other runs"
    )
    rows_left: dict[str, int] = Field(
        default_factory=dict,
        description="rows without an outcome when it stopped, by state or as pending",
    )

    @property
    def done(self) -> int:
        """Rows that have ended in a state."""
        return sum(self.states.values())


def status_of(into: Path) -> Status:
    """How far the run in the folder is. `LedgerError` if it is none."""
    header = read_header(into)
    held = lock_holder(into)
    with LedgerReader(into / LEDGER) as reader:
        states = dict(
            reader.rows("SELECT state, count(*) FROM outcomes GROUP BY state")
        )
        failures = dict(
            reader.rows("SELECT kind, count(*) FROM failures GROUP BY kind")
        )
        in_flight = next(reader.rows("SELECT count(*) FROM sent"))[0]
        spent, replies = reader.spending(), reply_notices(reader)
        first, last = next(
            reader.rows("SELECT min(started), max(started + seconds) FROM calls")
        )
        now = time.time() if held else (last or 0.0)
        sql = (
            "SELECT coalesce(sum(completion_tokens), 0) FROM calls"
            " WHERE started + seconds > ?"
        )
        recent = next(reader.rows(sql, (now - RECENT,)))[0]
        manifest = valid_manifest(read_manifest(into), reader)
    go = read_go(into)
    seconds = max(0.0, now - first) if first else 0.0
    total = count_source_rows(header.get("recipe", {}))
    if total is not None and go is not None:
        total -= go.skipped
    done = sum(states.values())
    return Status(
        holder=held,
        total=total,
        states=states,
        rows_left=count_rows_left(into),
        in_flight=in_flight if held else 0,
        calls=spent.calls,
        tokens=spent.prompt_tokens + spent.completion_tokens,
        usd=spent.usd,
        unpriced=spent.unpriced,
        failures=failures,
        replies=replies,
        tokens_per_second=recent / max(1e-9, min(RECENT, seconds)) if seconds else 0.0,
        seconds=seconds,
        finished=manifest is not None and held is None,
        limit=go.limit if go else manifest.limit if manifest else None,
        skipped=go.skipped if go else 0,
        limits=go.limits if go else recorded_limits(header),
        stop=last_stop(into) if held is None else None,
        left=seconds / done * (total - done) if held and total and done else None,
    )


def recorded_limits(header: dict[str, Any]) -> Limits:
    """The limits of the recipe that a run began with."""
    try:
        return Limits.model_validate((header.get("recipe") or {}).get("limits") or {})
    except ValidationError:
        return Limits()


def valid_manifest(
    manifest: ExportManifest | None, reader: LedgerReader
) -> ExportManifest | None:
    """The manifest if it says that all rows ended and nothing was recorded since."""
    if manifest is None or manifest.source is None:
        return None
    try:
        return manifest if next(reader.rows(SELECT_STAMP)) == manifest.stamp else None
    except LedgerError:
        return None  # an old ledger brought back, which knows no stamp


def count_source_rows(recipe: object) -> int | None:
    """Rows of a header's source; None where it can't be counted from here."""
    try:
        source = Recipe.model_validate(recipe).source
        rows = count_rows(source)
    except (FellowshipError, ValueError, OSError):
        return None
    return rows if rows is None or source.limit is None else min(rows, source.limit)
