"""Finalizing of a run: rows, exports, report, manifest.

A run ends the same way however often it is run. What a manifest still vouches for is
taken from it; only the rest is made.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.catalogue import with_local_files
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.evaluator_report import evaluator_report
from fellowship.pipelines.running.export_manifest import (
    ExportManifest,
    Fingerprint,
    about,
    fingerprint_of,
    fingerprints,
    finished,
    manifest_if_current,
    read_by,
    write_manifest,
    written_in,
)
from fellowship.pipelines.running.finalize_rows import finalize_rows
from fellowship.pipelines.running.row_runner import Runner
from fellowship.pipelines.running.run_report import RunReport, report_of
from fellowship.records import State
from fellowship.run_folder import EXPORTS


@dataclass(frozen=True)
class Opened:
    """What was known of a run when this go at it began.

    `source` is how the source's file stood then, None where there is none to go by.
    """

    manifest: ExportManifest | None
    over: bool
    source: os.stat_result | None

    @classmethod
    def of(cls, recipe: Recipe, runner: Runner, into: Path) -> Opened:
        """Look before anything is read or written."""
        manifest = manifest_if_current(recipe, runner.ledger, into)
        whole = runner.origin is None and runner.picked is None
        over = whole and finished(manifest, recipe, runner.limit)
        return cls(manifest, over, standing(recipe.source.path) if whole else None)


def standing(path: Path | None) -> os.stat_result | None:
    """A file's size, place and times; None where there is no such file."""
    try:
        return path.stat() if path is not None else None
    except OSError:
        return None


async def ended(
    recipe: Recipe, runner: Runner, into: Path, opened: Opened
) -> RunReport:
    """Settle, export and account for what is new; the run's report."""
    manifest, fresh = opened.manifest, None
    if manifest is None or runner.ledger.stamp() != manifest.stamp:
        await finalize_rows(recipe, runner.ledger, into)
        manifest = fresh = exported(recipe, runner, into)
    accounts = [placed(account, into / EXPORTS) for account in manifest.accounts]
    report = report_of(runner, accounts, manifest.evaluator, untouched=fresh is None)
    known = {"source": known_source(recipe, report, opened), "limit": runner.limit}
    if fresh or (known["source"] and not opened.over):
        write_manifest(into, manifest.model_copy(update=known))
    return report


def exported(recipe: Recipe, runner: Runner, into: Path) -> ExportManifest:
    """Write the datasets, and what they came of. What was added since isn't in them."""
    stamp, folder = runner.ledger.stamp(), into / EXPORTS
    made = export_run(into, recipe.export)
    return ExportManifest(
        about=about(recipe, into),
        stamp=stamp,
        read=fingerprints(read_by(recipe)),
        written=fingerprints(written_in(into), folder),
        source=None,
        limit=None,
        accounts=tuple(with_local_files(account, folder) for account in made),
        evaluator=evaluator_report(into, recipe.evaluate),
    )


def placed(account: Account, folder: Path) -> Account:
    """The account with its files' names as they are from here."""
    files = tuple(str(folder / name) for name in account.files)
    return account.model_copy(update={"files": files})


def known_source(
    recipe: Recipe, report: RunReport, opened: Opened
) -> Fingerprint | None:
    """The source's file, if all of its rows have ended and it is as it was when read."""
    todo = report.pending or report.stopped or report.states.get(State.FAILED)
    path, was = recipe.source.path, opened.source
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
