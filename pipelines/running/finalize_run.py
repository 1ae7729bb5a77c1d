"""Finalizing of a run: rows, exports, report, manifest.

A run ends the same way however often it is run. What a manifest still vouches for is
taken from it; only the rest is made.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.catalogue import with_local_files
from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.dataset_passes import DatasetPasses
from fellowship.pipelines.export.exporter import FirstPass, export_run
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.evaluator_report import evaluator_report
from fellowship.pipelines.running.export_manifest import (
    ExportManifest,
    Fingerprint,
    all_rows_ended,
    export_identity,
    files_read,
    files_written,
    fingerprint_of,
    fingerprints,
    manifest_if_current,
    only_file,
    write_manifest,
)
from fellowship.pipelines.running.finalize_rows import finalize_rows
from fellowship.pipelines.running.last_go import end_go
from fellowship.pipelines.running.prepared_exports import RowsTakenIn, read_rows
from fellowship.pipelines.running.row_runner import Runner
from fellowship.pipelines.running.rows_summary import summarize_rows
from fellowship.pipelines.running.run_report import RunReport, make_report
from fellowship.records import State
from fellowship.rows_left import RowsLeft, write_rows_left
from fellowship.run_folder import EXPORTS


@dataclass(frozen=True)
class RunAtStart:
    """What was known of a run when this go at it began.

    `source` is how the source's file stood then, None where there is none to go by.
    """

    manifest: ExportManifest | None
    over: bool
    source: os.stat_result | None

    @classmethod
    def look(cls, recipe: Recipe, runner: Runner, into: Path) -> RunAtStart:
        """Look before anything is read or written."""
        manifest = manifest_if_current(recipe, runner.ledger, into)
        whole = (
            runner.origin is None
            and runner.picked is None
            and not runner.done_elsewhere
        )
        over = whole and all_rows_ended(manifest, recipe, runner.limit)
        if over:
            assert manifest is not None
            runner.skip(manifest.rows.states if manifest.rows else None)
        return cls(manifest, over, file_stat(only_file(recipe)) if whole else None)


def file_stat(path: Path | None) -> os.stat_result | None:
    """A file's size, place and times; None where there is no such file."""
    try:
        return path.stat() if path is not None else None
    except OSError:
        return None


async def finalize_run(
    recipe: Recipe, runner: Runner, into: Path, opened: RunAtStart
) -> RunReport:
    """Settle, export and account for what is new; the run's report."""
    if runner.origin is not None and not runner.origin.whole:
        write_rows_left(into, left := rows_left(runner))
        rows = summarize_rows(runner, left.count)
        report = make_report(runner, (), None, rows=rows, untouched=False)
        end_go(runner, report)
        return report
    manifest, fresh = opened.manifest, None
    if manifest is None or runner.ledger.stamp() != manifest.stamp:
        faulty = runner.tally.faulty(into)
        async for changed in finalize_rows(
            recipe, runner.ledger, into, runner.texts, faulty
        ):
            runner.tally.change(changed)
            runner.exports.retake(changed)
        manifest = fresh = export_datasets(recipe, runner, into)
    accounts = [
        with_full_paths(account, into / EXPORTS) for account in manifest.accounts
    ]
    known_rows = manifest.rows if opened.over and fresh is None else None
    if known_rows is not None and not known_rows.is_whole:
        known_rows = None
    left = rows_left(runner)
    rows = known_rows or summarize_rows(runner, left.count)
    report = make_report(
        runner, accounts, manifest.evaluator, rows=rows, untouched=fresh is None
    )
    write_rows_left(into, left)
    end_go(runner, report)
    known: dict[str, Any] = {
        "source": source_fingerprint(recipe, report, opened),
        "limit": runner.limit,
    }
    known["rows"] = rows if known["source"] else None
    if fresh or (known["source"] and not (opened.over and known_rows)):
        write_manifest(into, manifest.model_copy(update=known))
    return report


def rows_left(runner: Runner) -> RowsLeft:
    """The rows of the source that have no outcome, and why the run stopped."""
    stop = runner.meter.stop
    return RowsLeft(
        reason=stop.reason if stop else None,
        why=stop.why if stop else "",
        ranges=runner.seen.without(runner.ledger.outcome_numbers()),
        stamp=runner.ledger.stamp(),
    )


def export_datasets(recipe: Recipe, runner: Runner, into: Path) -> ExportManifest:
    """Write the datasets, and what they came of. What was added since isn't in them."""
    stamp, folder = runner.ledger.stamp(), into / EXPORTS
    taken: list[RowsTakenIn] = []

    def first(context: ExportContext) -> DatasetPasses:
        taken.append(runner.exports.finished() or read_rows(recipe, context))
        return taken[0].passes

    unlabelled = runner.exports.are_all_unlabelled()
    faults = runner.tally.answer_faults(into)
    made = FirstPass(first, unlabelled, faults)
    accounts = export_run(into, recipe.export, first=made)
    return ExportManifest(
        about=export_identity(recipe, into),
        stamp=stamp,
        read=fingerprints(files_read(recipe)),
        written=fingerprints(files_written(into), folder),
        source=None,
        limit=None,
        accounts=tuple(with_local_files(account, folder) for account in accounts),
        evaluator=evaluator_report(taken[0].votes, recipe.evaluate),
    )


def with_full_paths(account: Account, folder: Path) -> Account:
    """The account with its files' names as they are from here."""
    files = tuple(str(folder / name) for name in account.files)
    return account.model_copy(update={"files": files})


def source_fingerprint(
    recipe: Recipe, report: RunReport, opened: RunAtStart
) -> Fingerprint | None:
    """The source's file, if all of its rows have ended and it is as it was when read."""
    todo = report.pending or report.stopped or report.states.get(State.FAILED)
    path, was = only_file(recipe), opened.source
    capped = State.STOPPED_BY_BUDGET in report.states
    if todo or capped or path is None or was is None:
        return None
    known = fingerprint_of(path)
    times = (was.st_mtime_ns, was.st_ctime_ns)
    unchanged = (known.size, known.node, known.times) == (
        was.st_size,
        was.st_ino,
        times,
    )
    return known if unchanged else None
