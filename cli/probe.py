"""`fellowship probe`: bias probes of a recipe's judges."""

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
from fellowship.cli.attack import announce
from fellowship.cli.exit_codes import EPILOG
from fellowship.cli.extras import require_extras
from fellowship.cli.fail_if import Condition, Keys, check_keys, exit_by, fail_if_option
from fellowship.cli.logs import logs_to_stderr
from fellowship.cli.options import (
    as_json,
    first_rows,
    into_or,
    load_with_options,
    max_calls,
    max_usd,
    max_usd_per_day,
    recipe_argument,
    source,
)
from fellowship.cli.run import run_with_progress
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.number_format import count, counted, figure, limits
from fellowship.pipelines.recipe.evaluator_checks import judge_names

if TYPE_CHECKING:
    from fellowship.pipelines.attacks.probe_records import Estimate, ProbeReport

PROBES = {"pair": "position", "again": "repeatability"}
"""The trials of a probe, where they go by another name."""

BIASES = ("position", "length", "style", "family")


@click.command("probe", epilog=EPILOG)
@recipe_argument
@into_or("runs/RECIPE-probe")
@first_rows(50)
@source
@max_usd
@max_usd_per_day
@max_calls
@fail_if_option
@as_json
def command(
    recipe: Path,
    into: Path | None,
    rows: int,
    source: tuple[Path, ...],
    max_usd: float | None,
    max_usd_per_day: float | None,
    max_calls: int | None,
    fail_if: tuple[Condition, ...],
    as_json: bool,
) -> int:
    """Measure the bias of RECIPE's judges, on its own rows.

    Position: two answers in both orders. Length: an answer against itself with padding.
    Style: an answer against itself without Markdown. Family: whether a judge prefers
    answers of its own model family, beyond people's preference where rows have labels.
    Repeatability: the same question twice. A bias runs from -1 (against) to 1 (for); 0
    is none. The probes are a run of their own, resumed by the same command.

    \b
    Examples:
      fellowship probe recipes/demo.yaml --rows 5
      fellowship probe recipes/judge-combined-10.yaml --source mine.jsonl --rows 200
      fellowship probe mine.yaml --into runs/mine-probe --json
      fellowship probe mine.yaml --fail-if 'position.high>0.2'
    """
    require_extras("stats")
    from fellowship.pipelines.attacks.named_figures import probe_figures, probe_keys
    from fellowship.pipelines.attacks.probe_report import families_of, probe_report
    from fellowship.pipelines.attacks.probes import probe_trials
    from fellowship.pipelines.attacks.trials import run_trials
    from fellowship.pipelines.labels.people_votes import people_votes
    from fellowship.run_outcomes import outcomes

    wanted = load_with_options(
        recipe,
        source=source,
        max_usd=max_usd,
        max_usd_per_day=max_usd_per_day,
        max_calls=max_calls,
    )
    trials = probe_trials(wanted, rows)
    judges = judge_names(wanted.evaluate)
    keys = Keys(probe_keys(judges), open=not judges)
    check_keys(fail_if, keys)
    folder = into or Path("runs") / f"{recipe.stem}-probe"
    logs_to_stderr()
    resume = f"fellowship {shlex.join(sys.argv[1:])}"
    announce(trials)
    report = asyncio.run(run_with_progress(partial(run_trials, trials, folder), resume))
    found = probe_report(outcomes(folder), families_of(wanted), people_votes(folder))
    if as_json:
        print_json(run_summary.report_as_json(report) | {"probes": found.model_dump()})
    else:
        show(found, console())
        run_summary.show_account(report, resume, console())
    return exit_by(fail_if, probe_figures(found), run_summary.exit_of(report), keys)


def show(found: ProbeReport, out: Console) -> None:
    """A line a judge and probe, with its interval and rows."""
    rows = [
        (
            one.judge,
            f"{name} bias" if name in BIASES else "same verdict when asked again",
            *estimate_cells(getattr(one, name), signed=name in BIASES),
        )
        for one in found.judges
        for name in (*BIASES, "repeatability")
    ]
    table(out, ("judge", "probe", "value", "95 %", "rows", ""), rows, right="  rrr")
    for kind, many in found.not_tried.items():
        say(
            out,
            f"{PROBES.get(kind, kind)}: {found.reasons[kind]} (the first of"
            f" {counted(many, 'row')})",
        )
    if found.failed:
        say(out, f"{counted(found.failed, 'trial')} failed")


def estimate_cells(one: Estimate, *, signed: bool) -> tuple[str, str, str, str]:
    """Value, interval, rows and note."""
    value = figure(one.value, sign=signed)
    ends = limits(one.low, one.high, sign=signed)
    return value, ends, count(one.rows), one.note
