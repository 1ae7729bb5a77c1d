"""`fellowship rejudge`: another judge for the same candidates, and the drift."""

from __future__ import annotations

import asyncio
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from fellowship.cli import run_summary
from fellowship.cli.exit_codes import EPILOG
from fellowship.cli.extras import require_extras
from fellowship.cli.logs import logs_to_stderr
from fellowship.cli.options import as_json, resamples_option, run_argument
from fellowship.cli.run import run_with_progress
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.number_format import counted, interval, percent, percent_interval
from fellowship.sanitize import single_line
from fellowship.wording import drift_word

if TYPE_CHECKING:
    from fellowship.pipelines.agreement.drift import Drift


@click.command("rejudge", epilog=EPILOG)
@run_argument
@click.option(
    "--judge",
    required=True,
    metavar="MODEL|RECIPE",
    help="A model of the run's recipe, or a recipe (.yaml) whose evaluator is used.",
)
@click.option(
    "--into",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The new run's folder: made if absent, resumed if not.",
)
@resamples_option
@as_json
def command(run: Path, judge: str, into: Path, resamples: int, as_json: bool) -> int:
    """Have another judge compare the answers of RUN; report agreement and drift.

    RUN is left as it is: the new verdicts are a run of their own, whose header names the
    old judge and the new. No answer is generated; rows that were never judged keep their
    state. A model's name changes only the judge's model; a recipe replaces `evaluate`,
    `models`, `prompts` and `limits`.

    \b
    Examples:
      fellowship rejudge runs/best --judge gpt5.yaml --into runs/best-by-gpt5
      fellowship rejudge runs/demo --judge reviewer --into runs/demo-2 --json
    """
    require_extras("stats")
    from fellowship.pipelines.agreement.drift import drift
    from fellowship.pipelines.replay.rejudge import rejudge_recipe, rejudge_run
    from fellowship.stats.intervals import Resampling

    recipe = rejudge_recipe(run, judge)
    logs_to_stderr()
    resume = f"fellowship {shlex.join(sys.argv[1:])}"
    report = asyncio.run(
        run_with_progress(partial(rejudge_run, run, recipe, into), resume)
    )
    whole = not (report.stopped or report.pending)
    found = drift(run, into, Resampling(resamples)) if whole else None
    if as_json:
        drift_part = found.as_json() if found else None
        print_json(run_summary.report_as_json(report) | {"drift": drift_part})
        return run_summary.exit_of(report)
    run_summary.show(report, resume, console())
    if found:
        show(found, console())
    return run_summary.exit_of(report)


def show(found: Drift, out: Console) -> None:
    """Agreement, then what moved, then what became of the pairs."""
    out.print()
    say(
        out,
        f"old judge and new on {counted(found.comparisons, 'comparison')} of"
        f" {counted(found.prompts, 'prompt')}, {found.both_read:,} decided by both",
    )
    rows = [(name, interval(value)) for name, value in found.agreement.items()]
    table(out, ("old against new", "value [95 %]"), rows, right=" r")
    if not found.enough:
        say(out, ("fewer than 50 prompts: too few to draw conclusions", "yellow"))
    moved = [
        (
            drift_word(c.name),
            percent(c.old),
            percent(c.new),
            percent_interval(c.change, sign=True),
        )
        for c in (*found.changes, *found.labels)
    ]
    table(out, ("share", "old", "new", "change [95 %]"), moved, right=" rrr")
    if found.scores:
        moved_by = interval(found.scores, sign=True)
        say(out, f"scores moved by {moved_by} points on average (95 %)")
    for note in found.label_notes:
        say(out, (single_line(note, 600), "yellow"))
    counts = "; ".join(f"{drift_word(k)} {n:,}" for k, n in found.pairs.items())
    say(out, f"pairs by row: {counts}")
    if any(found.only.values()):
        old, new = found.only["old"], found.only["new"]
        say(out, f"compared by one judge only: {old:,} old, {new:,} new")
