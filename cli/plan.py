"""`fellowship plan`: cost of a run before it is made, by arithmetic or a pilot."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.logs import logs_to_stderr
from fellowship.cli.options import (
    as_json,
    limit,
    load_with_options,
    max_usd_per_day,
    recipe_argument,
    source,
)
from fellowship.cli.run import run_with_progress
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.errors import BudgetStop
from fellowship.models.providers.registry import provider_of
from fellowship.models.registry import ModelRegistry
from fellowship.models.server_notes import server_notes
from fellowship.number_format import count, counted, duration, span, usd
from fellowship.pipelines.planning.forecast import Forecast
from fellowship.pipelines.planning.pilot import (
    forecast_rest,
    prompt_numbers,
    spread_rows,
)
from fellowship.pipelines.planning.plan import ModelPlan, Plan, measure_source, plan
from fellowship.pipelines.planning.predictive import Estimate
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.runner import run_recipe
from fellowship.pipelines.sources.source import read_items
from fellowship.pipelines.sources.source_account import reasons_text
from fellowship.sanitize import single_line

FEW = 20
"""Rows of a pilot under which its ranges are called wide."""


@click.command("plan", epilog=EPILOG)
@recipe_argument
@limit
@source
@click.option(
    "--pilot",
    type=click.IntRange(min=2),
    help="Run N rows, spread over the source, and extrapolate from them.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --pilot: its run folder. Default: runs/RECIPE-pilot.",
)
@click.option(
    "--max-usd", type=click.FloatRange(min=0), help="Stop the pilot at this spend."
)
@max_usd_per_day
@as_json
def command(
    recipe: Path,
    limit: int | None,
    source: tuple[Path, ...],
    pilot: int | None,
    into: Path | None,
    max_usd: float | None,
    max_usd_per_day: float | None,
    as_json: bool,
) -> int:
    """Estimate what a run of RECIPE would cost: calls, tokens, money and time.

    The prompts are read and counted; no model is called, but servers are asked what they
    say of it: context, thinking, the day it leaves. With --pilot a few rows are
    run first, and the cost of all rows is estimated from them, with an interval. The
    pilot is a run: continue it, or reuse its replies with `run --fork`.

    \b
    Examples:
      fellowship plan recipes/paper-best.yaml
      fellowship plan recipes/paper-best.yaml --limit 100 --json
      fellowship plan recipes/paper-best.yaml --pilot 12 --into runs/best
    """
    if pilot is None and {into, max_usd, max_usd_per_day} != {None}:
        raise click.UsageError(
            "--into, --max-usd and --max-usd-per-day need --pilot: nothing else is run"
        )
    wanted = load_with_options(
        recipe, source=source, max_usd=max_usd, max_usd_per_day=max_usd_per_day
    )
    entries = read_items(wanted.source, limit or wanted.source.limit)
    if pilot is not None:
        folder = into or Path("runs") / f"{recipe.stem}-pilot"
        return run_pilot(wanted, folder, pilot, prompt_numbers(entries), as_json)
    estimated = plan(wanted, measure_source(entries))
    said = asyncio.run(look_up(wanted))
    estimated = estimated.model_copy(update={"servers": tuple(said)})
    if as_json:
        print_json(
            estimated.model_dump()
            | {"usd": estimated.usd, "seconds": estimated.seconds}
        )
    else:
        show(estimated)
    return Exit.DONE if estimated.rows.prompts else Exit.FAILED


async def look_up(wanted: Recipe) -> list[str]:
    """What the servers of the recipe's models say of them, in sentences."""
    asked = {n: c for n, c in wanted.models.items() if provider_of(c).address}
    registry = ModelRegistry(asked)
    try:
        return await server_notes(registry.bare)
    finally:
        await registry.close()


def run_pilot(
    wanted: Recipe, into: Path, many: int, numbers: list[int], as_json: bool
) -> int:
    """Run the pilot, or finish it, and print the forecast."""
    logs_to_stderr()
    picked = spread_rows(numbers, many)
    again = f"fellowship {shlex.join(sys.argv[1:])}"
    report = asyncio.run(
        run_with_progress(partial(run_recipe, wanted, into, picked=picked), again)
    )
    try:
        estimated = forecast_rest(wanted, into, picked, len(numbers))
    except ValueError as error:
        why = report.stopped or "the source has too few prompts"
        raise BudgetStop(f"no forecast: {error}, and {why}") from error
    if as_json:
        print_json(
            estimated.model_dump() | {"run": str(into), "stopped": report.stopped}
        )
    else:
        show_forecast(estimated, into, report.stopped)
    return Exit.STOPPED if report.stopped else Exit.DONE


def show_forecast(estimated: Forecast, into: Path, stopped: str) -> None:
    """The forecast from the pilot, as a table, and how to continue."""
    out = console()
    say(
        out,
        (counted(estimated.rows, "prompt"), "bold"),
        f", estimated from a pilot of {estimated.piloted}",
    )
    heads = ("model", "calls", "prompt tokens", "cached", "reply tokens", "USD")
    rows = [
        (
            m.model,
            *map(interval_text, (m.calls, m.prompt_tokens, m.cached_tokens)),
            interval_text(m.completion_tokens),
            interval_text(m.usd, usd),
        )
        for m in estimated.models
    ]
    table(out, heads, rows, right=" rrrrr")
    tokens, cost = interval_text(estimated.tokens), interval_text(estimated.usd, usd)
    say(
        out,
        ("total: ", "bold"),
        f"{interval_text(estimated.calls)} calls, {tokens} tokens, {cost}",
    )
    say(out, ("time: ", "bold"), interval_text(estimated.seconds, duration))
    say(out, ("pairs: ", "bold"), interval_text(estimated.pairs))
    if stopped:
        say(out, ("the pilot stopped early: ", "bold yellow"), stopped)
    say(out, "95 % intervals, if the other rows are like these")
    if estimated.piloted < FEW:
        few = f"{counted(estimated.piloted, 'row')} of {FEW} or more: ranges are wide"
        say(out, ("the pilot is small: ", "yellow"), few)
    here = shlex.quote(str(into))
    say(out, f"to reuse the pilot's replies: run with --into {here}, or --fork {here}")


def interval_text(
    estimate: Estimate | None, spell: Callable[[float], str] = "{:,.0f}".format
) -> str:
    """An estimated count, cost or time with its interval."""
    if estimate is None:
        return "unknown"
    low, high = spell(estimate.low), spell(estimate.high)
    return f"{spell(estimate.expected)} ({low} to {high})"


APART = 10.0
"""How far a guess at a server's speed may be off, either way: machines differ so much."""


def show(estimated: Plan) -> None:
    """The plan as a table, with what it assumes."""
    out = console()
    for what in estimated.not_counted:
        say(
            out,
            ("not known before it runs: ", "bold yellow"),
            f"{what}; --pilot 12 measures it",
        )
    reasons = reasons_text(estimated.rows.reasons)
    rejected = (
        f", and {counted(estimated.rows.rejected, 'row')} without a usable prompt;"
        f" {single_line(reasons, 600)}"
        if estimated.rows.rejected
        else ""
    )
    say(out, (counted(estimated.rows.prompts, "prompt"), "bold"), rejected)
    if estimated.rows.repeated:
        say(out, (estimated.rows.repeated, "yellow"))
    heads = (
        "model",
        "calls",
        "prompt tokens",
        "reply tokens",
        "USD",
        "at most",
        "time",
    )
    table(
        out,
        heads,
        (model_cells(m, bool(estimated.not_counted)) for m in estimated.models),
        right=" rrrrrr",
    )
    say(out, ("expected total: ", "bold"), usd(estimated.usd))
    low, high = (
        duration(estimated.seconds / APART),
        duration(estimated.seconds * APART),
    )
    guess = "the speed of your models is a guess; --pilot 12 measures it"
    say(out, ("time: ", "bold"), f"{low} to {high}: {guess}")
    for warning in estimated.warnings:
        say(out, ("too long: ", "bold yellow"), warning)
    for sentence in estimated.servers:
        say(out, ("server: ", "bold"), single_line(sentence, 400))
    say(out, ("assumptions", "bold"))
    for sentence in estimated.assumptions:
        say(out, f"  - {sentence}")


def model_cells(model: ModelPlan, some_unknown: bool = False) -> tuple[str, ...]:
    """One model's row of the table; no figure where a team's own calls may be all."""
    if some_unknown and not model.calls_max:
        return (model.model, *["unknown"] * 6)
    return (
        model.model,
        span(model.calls_min, model.calls_max),
        count(model.prompt_tokens),
        count(model.completion_tokens),
        usd(model.usd),
        usd(model.usd_max),
        duration(model.seconds),
    )
