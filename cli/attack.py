"""`fellowship attack`: attacks on a recipe's evaluator, and how many succeed."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from fellowship.cli import run_summary
from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.fail_if import (
    NO_KEYS,
    Condition,
    Keys,
    check_keys,
    exit_by,
    fail_if_option,
)
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
from fellowship.number_format import DASH, counted, span
from fellowship.pipelines.attacks.attack_report import (
    WHOLE_VERDICT,
    AttackReport,
    Cell,
    attack_report,
)
from fellowship.pipelines.attacks.attacks import (
    Attack,
    attack_trials,
    read_attacks,
    select_attacks,
)
from fellowship.pipelines.attacks.trials import Trials, run_trials
from fellowship.pipelines.recipe.evaluator_checks import judge_names
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.records import Item


@click.command("attack", epilog=EPILOG)
@recipe_argument
@into_or("runs/RECIPE-attack")
@first_rows(20)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    help="Only this attack; may be given several times.",
)
@click.option(
    "--attacks",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Attacks of your own (YAML) instead of the built-in ones.",
)
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
    kinds: tuple[str, ...],
    attacks: Path | None,
    source: tuple[Path, ...],
    max_usd: float | None,
    max_usd_per_day: float | None,
    max_calls: int | None,
    fail_if: tuple[Condition, ...],
    as_json: bool,
) -> int:
    """Put attacks before the evaluator of RECIPE, each against an honest answer.

    An attack is a success where it wins. The honest answer is the row's own first
    response, its reference answer, or the first system's. All of it is a run: recorded,
    resumed by the same command, read with `fellowship show`.

    \b
    Examples:
      fellowship attack recipes/demo.yaml --rows 5
      fellowship attack recipes/judge-combined-10.yaml --kind fake-fence --kind colon
      fellowship attack mine.yaml --attacks mine-attacks.yaml --into runs/a --json
      fellowship attack mine.yaml --fail-if 'success>5%' --fail-if 'fake-fence/success>0'
    """
    if fail_if:
        require_extras("stats")
    wanted = load_with_options(
        recipe,
        source=source,
        max_usd=max_usd,
        max_usd_per_day=max_usd_per_day,
        max_calls=max_calls,
    )
    chosen = select_attacks(read_attacks(attacks), kinds)
    trials = attack_trials(wanted, chosen, rows)
    keys = keys_of(wanted, [one.name for one in chosen]) if fail_if else NO_KEYS
    check_keys(fail_if, keys)
    folder = into or Path("runs") / f"{recipe.stem}-attack"
    logs_to_stderr()
    resume = f"fellowship {shlex.join(sys.argv[1:])}"

    announce(trials)
    report = asyncio.run(run_with_progress(partial(run_trials, trials, folder), resume))
    found = attack_report(folder)
    if as_json:
        attack_part = {"attacks": found.model_dump()}
        print_json(run_summary.report_as_json(report) | attack_part)
    else:
        show(found, chosen, console())
        run_summary.show_account(report, resume, console())
    return exit_of(fail_if, keys, found, run_summary.exit_of(report))


def keys_of(recipe: Recipe, kinds: Sequence[str]) -> Keys:
    """What conditions may name; the names of a team of one's own come with its verdicts."""
    from fellowship.pipelines.attacks.named_figures import COUNTS, attack_keys

    judges = judge_names(recipe.evaluate)
    return Keys(attack_keys(judges, kinds), COUNTS, open=not judges)


def exit_of(
    fail_if: tuple[Condition, ...], keys: Keys, found: AttackReport, code: Exit
) -> int:
    """The exit code; the figures of conditions need numpy, which others can do without."""
    if not fail_if:
        return code
    from fellowship.pipelines.attacks.named_figures import attack_figures

    return exit_by(fail_if, attack_figures(found), code, keys)


def announce(trials: Trials) -> None:
    """What is about to be asked, on stderr."""
    items = sum(isinstance(one, Item) for one in trials.items())
    low, high = trials.cost(items)
    click.echo(
        f"{counted(items, 'row')}, {counted(len(trials.kinds), 'trial')} each:"
        f" {span(low, high)} calls to judges, plus the calls that write the answers",
        err=True,
    )


def show(found: AttackReport, attacks: tuple[Attack, ...], out: Console) -> None:
    """Success by kind and judge: `3/20` is three attacks that won, of twenty."""
    names = [name for name in found.judges if name != WHOLE_VERDICT]
    names = names if len(names) > 1 else []
    columns = [*names, WHOLE_VERDICT]
    rows = [
        (
            one.name,
            *(cell_text(found.judges[name].get(one.name)) for name in columns),
            str(found.chosen.get(one.name, 0)),
            one.about,
        )
        for one in attacks
    ]
    totals = [
        cell_text(sum_cells(list(found.judges[name].values()))) for name in columns
    ]
    rows.append(("all", *totals, str(sum(found.chosen.values())), ""))
    heads = ("attacks that won", *columns, "chosen in a pair", "")
    table(out, heads, rows, right=" " + "r" * (len(columns) + 1))
    whole = sum_cells(list(found.judges[WHOLE_VERDICT].values()))
    say(
        out,
        f"{counted(found.trials, 'attack')}: {whole.won:,} won, {whole.tied:,} tied,"
        f" {whole.contradictory:,} order-inconsistent, {whole.unread:,} invalid,"
        f" {whole.lost:,} lost; {sum(found.chosen.values()):,} would have been chosen"
        " in a pair",
    )
    if found.not_tried or found.failed:
        say(out, f"{found.not_tried:,} not tried, {found.failed:,} failed")


def sum_cells(cells: list[Cell]) -> Cell:
    """The sum of cells."""
    fields = Cell.model_fields
    return Cell(**{name: sum(getattr(c, name) for c in cells) for name in fields})


def cell_text(cell: Cell | None) -> str:
    """`3/20`; a dash where nothing was tried."""
    return f"{cell.won}/{cell.tried}" if cell and cell.tried else DASH
