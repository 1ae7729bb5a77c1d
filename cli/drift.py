"""`fellowship drift`: the same judge asked again on frozen anchors."""

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
from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.fail_if import Condition, Keys, check_keys, exit_by, fail_if_option
from fellowship.cli.logs import logs_to_stderr
from fellowship.cli.options import (
    as_json,
    max_calls,
    max_usd,
    max_usd_per_day,
    resamples_option,
    run_argument,
)
from fellowship.cli.run import run_with_progress
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.errors import InputError
from fellowship.number_format import (
    counted,
    interval,
    money,
    p_value,
    percent_interval,
)
from fellowship.wording import drift_figure_word

if TYPE_CHECKING:
    from fellowship.pipelines.agreement.drift_check import DriftCheck
    from fellowship.pipelines.agreement.drift_history import DriftEntry
    from fellowship.pipelines.replay.drift_runs import DriftPlan
    from fellowship.pipelines.running.run_report import RunReport


@click.command("drift", epilog=EPILOG)
@run_argument
@click.option(
    "--anchors",
    type=click.IntRange(min=1),
    help="Rows that are asked again: drawn once, the same ever after. Default: 200.",
)
@click.option(
    "--repeats",
    type=click.IntRange(min=1, max=10),
    help="How often each anchor is asked now. Default: 1 where the run's judges have"
    " samples, which show their noise; else 2.",
)
@max_usd
@max_usd_per_day
@max_calls
@fail_if_option
@resamples_option
@as_json
def command(
    run: Path,
    anchors: int | None,
    repeats: int | None,
    max_usd: float | None,
    max_usd_per_day: float | None,
    max_calls: int | None,
    fail_if: tuple[Condition, ...],
    resamples: int,
    as_json: bool,
) -> int:
    """Ask the judge of RUN again, on the same rows every time, and compare.

    The anchors are judged rows, drawn once by chance within each verdict and kept in
    RUN/drift; each asking is a run there, resumed by the same command. Flips are
    verdicts that changed. The alarm is an exact test (level 5 %): record and now differ
    more than the judge differs from itself, by its samples or by asking twice. Every
    whole check is added to the history, which the page and the report plot.

    \b
    Examples:
      fellowship drift runs/best
      fellowship drift runs/best --anchors 100 --max-usd 2
      fellowship drift runs/best --fail-if 'alarm>0' --fail-if 'kappa.low<0.6'
      fellowship drift runs/best --json
    """
    require_extras("stats")
    from fellowship.pipelines.agreement.drift_check import (
        BARE_KEYS,
        FIGURE_KEYS,
        check_drift,
    )
    from fellowship.pipelines.agreement.drift_history import read_history
    from fellowship.pipelines.replay.drift_runs import plan_drift, record_check
    from fellowship.pipelines.running.run_report import with_spending
    from fellowship.stats.intervals import Resampling

    keys = Keys(FIGURE_KEYS, BARE_KEYS)
    check_keys(fail_if, keys)
    given = {"usd": max_usd, "usd_per_day": max_usd_per_day, "calls": max_calls}
    limits = {name: value for name, value in given.items() if value is not None}
    plan = plan_drift(run, anchors, repeats, limits)
    check_noise_is_known(plan, fail_if)
    logs_to_stderr()
    announce(plan)
    resume = f"fellowship {shlex.join(sys.argv[1:])}"
    reports = ask_all(plan, resume)
    whole = with_spending(reports[-1], reports)
    if whole.stopped or whole.pending:
        if as_json:
            print_json(run_summary.report_as_json(whole) | {"drift": None})
        else:
            run_summary.show_account(whole, resume, console())
        return run_summary.exit_of(whole)
    found = check_drift(run, plan.folders, plan.models, Resampling(resamples))
    record_check(plan, found.as_json())
    history = read_history(run)
    if as_json:
        print_json(as_value(found, plan, reports, history))
    else:
        show(found, console())
        show_history(history, console())
        run_summary.show_account(whole, resume, console())
    worst = max((run_summary.exit_of(report) for report in reports), default=Exit.DONE)
    return exit_by(fail_if, found.figures(), worst, keys)


def check_noise_is_known(plan: DriftPlan, fail_if: tuple[Condition, ...]) -> None:
    """`InputError` for a condition on what asking once can't show, before it is paid."""
    from fellowship.pipelines.agreement.drift_check import NOISE_KEYS

    for one in fail_if if not plan.shows_noise else ():
        if one.key.partition(".")[0] in NOISE_KEYS:
            raise InputError(
                f"--fail-if {one.text!r}: asked once, a judge without samples does not"
                f" show how far it differs from itself, and there is no {one.key!r}:"
                " --repeats 2"
            )


def announce(plan: DriftPlan) -> None:
    """What is about to be asked and what it may cost, on stderr."""
    from fellowship.pipelines.replay.drift_runs import recorded_spending

    calls, usd, unpriced = recorded_spending(plan)
    again = "once" if plan.repeats == 1 else f"{plan.repeats} times"
    cost, calls = (
        money(plan.repeats * usd, plan.repeats * unpriced),
        plan.repeats * calls,
    )
    click.echo(
        f"{counted(len(plan.anchors.rows), 'anchor')}, asked {again}: about"
        f" {counted(calls, 'call')}, {cost}, by what judging them took in the run",
        err=True,
    )


def ask_all(plan: DriftPlan, resume: str) -> list[RunReport]:
    """Every asking, one after another, until one of them stops early."""
    from fellowship.pipelines.replay.drift_runs import ask_again

    reports: list[RunReport] = []
    for asking in range(plan.repeats):
        go = partial(ask_again, plan, asking)
        reports.append(asyncio.run(run_with_progress(go, resume)))
        if reports[-1].stopped or reports[-1].pending:
            break
    return reports


def as_value(
    found: DriftCheck,
    plan: DriftPlan,
    reports: list[RunReport],
    history: list[DriftEntry],
) -> dict[str, object]:
    """The check with its runs and the history, as JSON."""
    return {
        "drift": found.as_json(),
        "compared": found.compared.as_json(),
        "anchors": plan.anchors.model_dump(mode="json"),
        "repeats": plan.repeats,
        "runs": [run_summary.report_as_json(report) for report in reports],
        "history": [entry.model_dump(mode="json") for entry in history],
    }


SHARES = ("flips", "reversals", "agreed", "noise", "apart", "excess")
"""The figures that are shares of comparisons or of pairs of replies."""


def show(found: DriftCheck, out: Console) -> None:
    """Flips, agreement, noise and the alarm, then what serves the judge now."""
    compared, figures = found.compared, found.figures()
    out.print()
    say(
        out,
        f"record and now on {counted(compared.comparisons, 'comparison')} of"
        f" {counted(compared.prompts, 'prompt')}, {compared.both_read:,} decided in both",
    )
    rows = []
    for key, value in figures.items():
        if value is None or key in ("p", "alarm"):
            continue
        share = key in SHARES or key.endswith("_change") or key.startswith("other_")
        sign = key.endswith("_change") or key in ("excess", "score_shift")
        write = percent_interval if share else interval
        assert not isinstance(value, float)
        rows.append((drift_figure_word(key), write(value, sign=sign)))
    table(out, ("record against now", "value [95 %]"), rows, right=" r")
    if found.failed:
        many = counted(found.failed, "anchor")
        say(out, (f"{many} without a verdict in some asking: in no test", "yellow"))
    if not compared.enough:
        say(out, ("fewer than 50 prompts: too few to draw conclusions", "yellow"))
    show_alarm(found, out)
    for what, sides in (
        ("model", found.served.names),
        ("fingerprint", found.served.fingerprints),
    ):
        for model, one in sides.items():
            before, now = (", ".join(one[side]) or "none" for side in ("record", "now"))
            if before != now:
                say(out, (f"{model}: {what} was {before}, is {now}", "yellow"))
    for note in compared.label_notes:
        say(out, (note, "yellow"))


def show_alarm(found: DriftCheck, out: Console) -> None:
    """What the exact test says, and what it rests on."""
    from fellowship.pipelines.agreement.drift_check import LEVEL

    test = found.test
    if test is None or found.no_alarm:
        say(out, (found.no_alarm, "yellow"))
        return
    said = "drift" if found.alarm else "no sign of drift"
    source = "its samples" if found.noise_from == "samples" else "asking it twice"
    say(
        out,
        (f"{said}: p {p_value(test.p)}", "bold red" if found.alarm else "green"),
        f" (exact, level {LEVEL:g}; noise from {source}; replies differ in"
        f" {test.telling:,} of {counted(test.blocks, 'group')})",
    )


def show_history(history: list[DriftEntry], out: Console) -> None:
    """One line for each check."""
    from fellowship.pipelines.agreement.drift_cells import (
        HISTORY_HEADS,
        HISTORY_RIGHT,
        history_cells,
    )

    table(out, HISTORY_HEADS, [*map(history_cells, history)], right=HISTORY_RIGHT)
