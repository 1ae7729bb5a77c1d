"""`fellowship revote`: the same verdicts by another voting rule, as another run."""

from __future__ import annotations

from pathlib import Path

import click

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.import_ import into, show_report
from fellowship.cli.options import as_json, run_argument
from fellowship.custom_code import add_import_folders
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.pipelines.replay.reparse import Reading
from fellowship.pipelines.replay.revote import revote as vote_again
from fellowship.pipelines.replay.revoted_rows import Revote
from fellowship.teams.settings import is_custom_rule
from fellowship.teams.voting_rules import RULES, rule_named


@click.command("revote", epilog=EPILOG)
@run_argument
@into
@click.option(
    "--rule",
    default="majority",
    show_default=True,
    help=f"{', '.join(RULES)}, or a function of your own: package.module:name.",
)
@click.option(
    "--judge",
    "judges",
    multiple=True,
    metavar="NAME",
    help="Only this judge votes; may be given several times.",
)
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="JUDGE=NUMBER",
    help="A judge's weight in rules weighted and mean, or your own.",
)
@click.option(
    "--reading",
    type=click.Choice(("kept", "again", "stored")),
    default="kept",
    show_default=True,
    help="Which verdicts count: kept: as in RUN; again: imported texts parsed again;"
    " stored: as the imported file has them.",
)
@click.option(
    "--min-gap",
    "--margin",
    "margin",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Least score gap between the answers of a pair.",
)
@as_json
def command(
    run: Path,
    into: Path,
    rule: str,
    judges: tuple[str, ...],
    weights: tuple[str, ...],
    reading: Reading,
    margin: float,
    as_json: bool,
) -> int:
    """Decide the comparisons of RUN again, from its verdicts, without calling a model.

    The new run has the verdicts of the judges that vote, and rankings, states and pairs
    by the new rule. A recipe with another rule can also be run with `run --fork`, which
    reuses the recorded calls.

    \b
    Examples:
      fellowship revote runs/paper --into runs/ds --rule dawid-skene
      fellowship revote runs/paper --into runs/three --judge multi-rater10/gpt-4o \\
        --judge multi-rater10/gpt-4o-mini --judge multi-rater10/gemma-2-27b-it
      fellowship revote runs/paper --into runs/theirs --reading stored
    """
    if rule not in RULES and not is_custom_rule(rule):
        raise click.UsageError(f"--rule {rule!r} is none of {', '.join(RULES)}")
    if rule_named(rule).whole_run:
        require_extras("stats")
    add_import_folders(Path.cwd())
    options = Revote(
        rule=rule,
        judges=judges,
        weights=parse_weights(weights),
        reading=reading,
        pairs=Pairs(margin=margin),
    )
    show_report(vote_again(run, into, options), into, as_json)
    return Exit.DONE


def parse_weights(values: tuple[str, ...]) -> dict[str, float]:
    """`gpt-4o=2` as a mapping; a usage error for anything else."""
    found = {}
    for value in values:
        name, _, number = value.rpartition("=")
        try:
            found[name] = float(number)
        except ValueError as error:
            raise click.UsageError(f"--weight {value!r}: not JUDGE=NUMBER") from error
        if not name or not 0 < found[name] < float("inf"):
            raise click.UsageError(f"--weight {value!r}: not JUDGE=NUMBER above 0")
    return found
