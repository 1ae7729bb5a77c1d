"""`fellowship winrate`: win rates of a run's systems, by rule, with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.fail_if import Condition, Keys, exit_by, fail_if_option
from fellowship.cli.label_options import (
    label_options,
    selection_of,
    warn_of_bad_rows,
)
from fellowship.cli.options import as_json, resamples_option, run_argument
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.number_format import count, interval, percent, rating
from fellowship.sanitize import single_line
from fellowship.wording import soft_words

if TYPE_CHECKING:
    from fellowship.pipelines.agreement.win_rates import PairWinRates, WinRates


@click.command("winrate", epilog=EPILOG)
@run_argument
@label_options
@click.option("--judge", metavar="NAME", help="Only verdicts of this judge.")
@fail_if_option
@resamples_option
@as_json
def command(
    run: Path,
    judge: str | None,
    fail_if: tuple[Condition, ...],
    resamples: int,
    as_json: bool,
    **labels: Any,
) -> int:
    """Compare the systems of RUN: every pair of systems, then a rating of all.

    Strict: ties and failures lose (the paper's rule), so both ways round are shown.
    Half-tie: a tie is half a win. Both orders: a verdict that changes with the order is
    half a win; where the second order was asked of some rows only (order: adaptive), it
    is of those alone. At equal lengths: what is left when the judge's preference for
    length, as all its pairs show it, is taken out (docs/agreement.md). People:
    prediction-powered estimate, where 50 rows have labels.

    \b
    Examples:
      fellowship winrate runs/mine
      fellowship winrate runs/paper --only argilla-capybara-prompts-subset
      fellowship winrate runs/paper --judge gpt-4o --json
      fellowship winrate runs/mine --fail-if 'half_tie.low<50%'
    """
    require_extras("stats")
    from fellowship.pipelines.agreement.named_figures import COUNTS, win_rate_figures
    from fellowship.pipelines.agreement.win_rates import win_rates
    from fellowship.stats.intervals import Resampling

    selection = selection_of(labels)
    found = win_rates(run, selection, judge, Resampling(resamples))
    if as_json:
        print_json(found.as_json())
    else:
        show(found, console())
    warn_of_bad_rows(selection)
    return exit_by(fail_if, win_rate_figures(found), Exit.DONE, Keys((), COUNTS))


def show(found: WinRates, out: Console) -> None:
    """Pairs, pairs at equal lengths, then the ladder."""
    heads = (
        "system",
        "against",
        "rows",
        "ties",
        "invalid",
        "strict: wins",
        "strict: loses",
        "half-tie",
        "both orders",
    )
    rows = [pair_cells(pair) for pair in found.pairs]
    table(out, (*heads, "people"), rows, right="  rrrrrrrr")
    if soft := sum(pair.soft for pair in found.pairs):
        say(out, soft_words(soft))
    show_length_control(found, out)
    if found.ratings:
        rated = [(n, *rating(v, a, b)) for n, v, a, b in found.ratings]
        table(out, ("Bradley-Terry", "rating", "95 %"), rated, right=" rr")
    if found.note:
        say(out, found.note)
    for note in found.label_notes:
        say(out, (single_line(note, 600), "yellow"))


def pair_cells(pair: PairWinRates) -> tuple[str, ...]:
    """One pair of systems in a line."""
    from fellowship.pipelines.agreement.agreement_cells import both_orders_text

    return (
        *(pair.first, pair.second, count(pair.rows), count(pair.ties)),
        *(count(pair.invalid), interval(pair.strict), interval(pair.strict_second)),
        interval(pair.half_tie),
        both_orders_text(pair.both_orders),
        interval(pair.people),
    )


def show_length_control(found: WinRates, out: Console) -> None:
    """Rates at equal lengths, and the length effects that they rest on."""
    heads = (
        *("at equal lengths", "against", "rows", "invalid", "win rate"),
        *("length effect", "own rows", "judge's effect"),
    )
    rows = [
        (
            *(pair.first, pair.second, count(one.rows), count(one.invalid)),
            interval(one.controlled),
            interval(one.effect, 2),
            percent(one.own, 0),
            one.source + (", one-sided" if one.one_sided else ""),
        )
        for pair in found.pairs
        if (one := pair.controlled)
    ]
    if rows:
        table(out, heads, rows, right="  rrrrr")
        for judge in found.length_effects:
            say(out, judge.describe())
        if any(pair.controlled and pair.controlled.one_sided for pair in found.pairs):
            say(out, ONE_SIDED)
    for note in found.length_notes:
        say(out, note)


ONE_SIDED = (
    "One-sided: one system was almost always the longer, so equal lengths were not, or"
    " hardly, observed and the rate depends on the judge's effect."
)
