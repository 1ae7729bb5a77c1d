"""`fellowship winrate`: win rates of a run's systems, by rule, with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.options import as_json, resamples_option, run_argument
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.number_format import count, figure, interval, limits, percent

if TYPE_CHECKING:
    from fellowship.pipelines.agreement.win_rates import PairWinRates, WinRates


@click.command("winrate", epilog=EPILOG)
@run_argument
@click.option("--only", metavar="NAME", help="Only rows of one imported dataset.")
@click.option("--judge", metavar="NAME", help="Only verdicts of this judge.")
@resamples_option
@as_json
def command(
    run: Path, only: str | None, judge: str | None, resamples: int, as_json: bool
) -> int:
    """Compare the systems of RUN: every pair of systems, then a rating of all.

    Strict: ties and failures lose (the paper's rule). Half-tie: a tie is half a win.
    Both orders: a verdict that changes with the order is half a win. Length-controlled:
    AlpacaEval 2's model, at equal lengths. People: prediction-powered estimate, where 50
    rows have labels.

    \b
    Examples:
      fellowship winrate runs/mine
      fellowship winrate runs/paper --only argilla-capybara-prompts-subset
      fellowship winrate runs/paper --judge gpt-4o --json
    """
    require_extras("stats")
    from fellowship.pipelines.agreement.win_rates import win_rates
    from fellowship.stats.intervals import Resampling

    found = win_rates(run, only, judge, Resampling(resamples))
    if as_json:
        print_json(found.as_json())
    else:
        show(found, console())
    return Exit.DONE


def show(found: WinRates, out: Console) -> None:
    """Pairs, then the ladder."""
    heads = (
        *("system", "against", "rows", "invalid", "strict", "half-tie", "both orders"),
        *("length-controlled", "people"),
    )
    table(out, heads, [pair_cells(pair) for pair in found.pairs], right="  rrrrrrr")
    if found.ratings:
        rated = [(n, figure(v, 0), limits(a, b, 0)) for n, v, a, b in found.ratings]
        table(out, ("Bradley-Terry", "rating", "95 %"), rated, right=" rr")
    if found.note:
        say(out, found.note)


def pair_cells(pair: PairWinRates) -> tuple[str, ...]:
    """One pair of systems in a line."""
    both = pair.both_orders
    return (
        *(pair.first, pair.second, count(pair.rows), count(pair.invalid)),
        interval(pair.strict),
        interval(pair.half_tie),
        f"{figure(both.rate)}, {percent(both.contradictions)} order-inconsistent"
        if both
        else "",
        interval(pair.controlled.controlled) if pair.controlled else "",
        interval(pair.people),
    )
