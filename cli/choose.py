"""`fellowship choose`: the evaluator that agrees with people's labels for what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from fellowship.cli.exit_codes import EPILOG
from fellowship.cli.extras import require_extras
from fellowship.cli.fail_if import Condition, check_keys, fail_if_option
from fellowship.cli.label_options import label_options, selection_of
from fellowship.cli.options import (
    as_json,
    complete_recipes,
    complete_runs,
    into_or,
    load_with_options,
    max_calls,
    max_usd,
    max_usd_per_day,
    resamples_option,
    source,
)
from fellowship.records import Strategy

SHARE = click.FloatRange(min=0, max=1, min_open=True, max_open=True)


@click.command("choose", epilog=EPILOG)
@click.argument(
    "recipe",
    required=False,
    type=click.Path(path_type=Path),
    shell_complete=complete_recipes,
)
@click.option(
    "--run",
    "run",
    type=click.Path(path_type=Path),
    shell_complete=complete_runs,
    help="Choose from this run's verdicts, without a call; with RECIPE, have its models"
    " judge the answers of this run.",
)
@into_or("runs/RECIPE-choose")
@label_options
@click.option(
    "--models",
    "models",
    multiple=True,
    metavar="NAME",
    help="A candidate model of RECIPE; may be given several times. All if absent.",
)
@click.option(
    "--strategy",
    "strategies",
    type=click.Choice(get_args(Strategy)),
    multiple=True,
    help="A way to ask; may be given several times. All three if absent.",
)
@click.option(
    "--scale",
    "scales",
    type=click.FloatRange(min=1, min_open=True),
    multiple=True,
    help="A scale of scores, 1 to N; may be given several times. RECIPE's if absent.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Replies in each order; fewer of them are measured too.",
)
@click.option(
    "--order",
    type=click.Choice(["both", "adaptive", "first"]),
    default="both",
    show_default=True,
    help="Orders to ask in; from both, the other two are measured too.",
)
@click.option("--debate", is_flag=True, help="Measure a debate too: many more calls.")
@click.option(
    "--fork",
    type=click.Path(path_type=Path, file_okay=False),
    help="Reuse the replies of this other run where the requests are the same.",
)
@click.option(
    "--at-least",
    "least",
    type=SHARE,
    metavar="SHARE",
    help="Choose a score gap from which on verdicts agree with people at this rate.",
)
@click.option(
    "--risk",
    type=SHARE,
    default=0.1,
    show_default=True,
    help="The chance, over the labels, that --at-least is not kept.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0),
    help="Choose nothing that costs more per label, in the unit of the table.",
)
@click.option(
    "--cost",
    "unit",
    type=click.Choice(["usd", "tokens", "calls"]),
    help="Unit of the cost. USD if every call has a price, else tokens, else calls.",
)
@click.option(
    "--within",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    metavar="SE",
    help="Choose the cheapest within so many standard errors of the best; 0: the best.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.yaml",
    help="Write the recipe with what was chosen.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.svg",
    help="Plot agreement against cost.",
)
@click.option("--all", "every", is_flag=True, help="List every configuration.")
@click.option(
    "--plan", "plan_only", is_flag=True, help="Say what it would cost; no call."
)
@source
@max_usd
@max_usd_per_day
@max_calls
@fail_if_option
@resamples_option
@as_json
def command(
    recipe: Path | None,
    run: Path | None,
    into: Path | None,
    models: tuple[str, ...],
    strategies: tuple[Strategy, ...],
    scales: tuple[float, ...],
    samples: int,
    order: Any,
    debate: bool,
    fork: Path | None,
    least: float | None,
    risk: float,
    max_cost: float | None,
    unit: Any,
    within: float,
    output: Path | None,
    plot: Path | None,
    every: bool,
    plan_only: bool,
    source: tuple[Path, ...],
    max_usd: float | None,
    max_usd_per_day: float | None,
    max_calls: int | None,
    fail_if: tuple[Condition, ...],
    resamples: int,
    as_json: bool,
    **labels: Any,
) -> int:
    """Choose the evaluator of RECIPE on labelled pairs: agreement against cost per label.

    Every model is asked about every labelled pair of the source by every strategy, each
    call once. From that record every judge, order, jury, rule and escalation is decided,
    and the one chosen is valued on prompts that it was not chosen on. With --run RUN and
    no RECIPE the verdicts of RUN are the record and no call is made. At least 50 labelled
    prompts are needed.

    \b
    Examples:
      fellowship choose recipes/jury-of-six.yaml --labels people.csv --plan
      fellowship choose recipes/jury-of-six.yaml --labels people.csv --output chosen.yaml
      fellowship choose mine.yaml --labels people.csv --models small --models large \\
        --strategy combined --samples 3 --max-usd 20
      fellowship choose mine.yaml --run runs/mine --at-least 0.9 --output chosen.yaml
      fellowship choose mine.yaml --labels people.csv --fail-if 'corrected.low<0.4'
      fellowship choose --run runs/paper --only pandalm-eval --plot frontier.svg
    """
    require_extras("stats")
    from fellowship.cli.choose_steps import (
        CHOICE,
        Wanted,
        choose_from_run,
        measure_and_choose,
    )
    from fellowship.pipelines.choosing.choice import ChoiceOptions
    from fellowship.pipelines.choosing.measuring import Candidates
    from fellowship.stats.intervals import Resampling
    from fellowship.stats.selective import Promise

    options = ChoiceOptions(
        max_cost=max_cost,
        within=within,
        unit=unit,
        promise=None if least is None else Promise(least, risk),
        plan=Resampling(resamples),
    )
    check_keys(fail_if, CHOICE)
    selection = selection_of(labels)
    wanted = Wanted(selection, options, output, plot, every, as_json, fail_if)
    if recipe is None:
        if run is None:
            raise click.UsageError(
                "give a RECIPE to measure, or --run RUN to choose by"
            )
        refuse_idle(models, strategies, scales, samples, debate, fork, plan_only)
        return choose_from_run(run, wanted)
    if output is not None and output.resolve() == recipe.resolve():
        raise click.UsageError(
            f"--output {str(output)!r} is RECIPE itself, whose other models and comments"
            " would be gone: name another file"
        )
    asked = load_with_options(
        recipe,
        source=source,
        max_usd=max_usd,
        max_usd_per_day=max_usd_per_day,
        max_calls=max_calls,
    )
    ways = strategies or Candidates().strategies
    candidates = Candidates(models, ways, scales, samples, order, debate)
    folder = into or Path("runs") / f"{recipe.stem}-choose"
    return measure_and_choose(asked, candidates, (run, folder), wanted, plan_only, fork)


def refuse_idle(*given: object) -> None:
    """A usage error for options that need calls, where none is made."""
    names = (
        "--models",
        "--strategy",
        "--scale",
        "--samples",
        "--debate",
        "--fork",
        "--plan",
    )
    idle = [
        name
        for name, value in zip(names, given, strict=True)
        if value not in ((), 1, False, None)
    ]
    if idle:
        raise click.UsageError(
            f"{', '.join(idle)} would do nothing: --run without RECIPE makes no calls;"
            " give RECIPE too, to have its models judge the answers of the run"
        )
