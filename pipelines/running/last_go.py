"""Last go at a run: the limits it had, and why it stopped.

Written when a go begins and when it ends, so that a go that was killed has limits and no
reason. Folders of older versions have no such file.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from fellowship.models.record.meter import Limits
from fellowship.pipelines.running.row_runner import Runner
from fellowship.pipelines.running.run_report import RunReport
from fellowship.records import Record
from fellowship.rows_left import read_rows_left
from fellowship.run_folder import atomic_writer
from fellowship.stop_reasons import StopReason

LAST_GO = "last-go.json"


class StopNote(Record):
    """Why a go at a run ended before the last row, and the limit if it was one."""

    reason: StopReason
    why: str
    limit: float | None = None


class LastGo(Record):
    """What the last go at a run was asked for, and how it ended."""

    limits: Limits
    limit: int | None = None
    skipped: int = 0
    stop: StopNote | None = None


def begin_go(runner: Runner) -> None:
    """Note the limits of a go that begins, and that nothing has stopped it."""
    write_go(runner.folder.path, LastGo(limits=runner.meter.limits, limit=runner.limit))


def end_go(runner: Runner, report: RunReport) -> None:
    """Note why a go ended before the last row, if it did."""
    stop = None
    if report.stop_reason is not None:
        stop = StopNote(
            reason=report.stop_reason, why=report.stopped, limit=report.stop_limit
        )
    limits = runner.meter.limits
    go = LastGo(limits=limits, limit=runner.limit, skipped=runner.skipped, stop=stop)
    write_go(runner.folder.path, go)


def write_go(into: Path, go: LastGo) -> None:
    """Keep it, unless it is there already: a run that is left alone is not written to."""
    if read_go(into) != go:
        with atomic_writer(into / LAST_GO) as out:
            out.write(go.model_dump_json() + "\n")


def read_go(into: Path) -> LastGo | None:
    """The last go; None in the folder of an older version."""
    try:
        return LastGo.model_validate_json((into / LAST_GO).read_bytes())
    except (OSError, ValidationError):
        return None


def last_stop(into: Path) -> StopNote | None:
    """Why the last go stopped; of an older version's folder, what its rows left say."""
    go = read_go(into)
    if go is not None:
        return go.stop
    left = read_rows_left(into)
    if left is None or left.reason is None:
        return None
    return StopNote(reason=left.reason, why=left.why)
