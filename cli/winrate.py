"""`fellowship winrate`: win rates of a run's systems, by rule, with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.options import as_json, run_argument
from fellowship.cli.terminal import console, print_json, say, table

if TYPE_CHECKING:
    from fellowship.pipelines.agreement.win_rates import PairWinRates, WinRates
    from fellowship.stats.intervals import Interval


@click.command("winrate", epilog=EPILOG)
@run_argument
@click.option("--only", metavar="NAME", help="Only rows of one imported dataset.")
@click.option("--judge", metavar="NAME", help="Only verdicts of this judge.")
@click.option(
    "--resamples", default=2000, show_default=True, help="Bootstrap resamples."
)
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
        rated = [(n, f"{v:.0f}", f"{a:.0f} to {b:.0f}") for n, v, a, b in found.ratings]
        table(out, ("Bradley-Terry", "rating", "95 %"), rated, right=" rr")
    if found.note:
        say(out, found.note)


def pair_cells(pair: PairWinRates) -> tuple[str, ...]:
    """One pair of systems in a line."""
    both = pair.both_orders
    people = pair.people
    return (
        *(pair.first, pair.second, f"{pair.rows:,}", f"{pair.invalid:,}"),
        rate_text(pair.strict),
        rate_text(pair.half_tie),
        f"{both.rate:.1%}, {both.contradictions:.1%} order-inconsistent"
        if both
        else "",
        rate_text(pair.controlled.controlled) if pair.controlled else "",
        f"{people.value:.1%} [{people.low:.1%}, {people.high:.1%}]" if people else "",
    )


def rate_text(value: Interval) -> str:
    """A rate with its limits."""
    return value.text(".1%")
