"""`fellowship align`: a judge's prompt improved on some labels, tested on the others."""

from __future__ import annotations

import asyncio
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fellowship.cli import align_view, run_summary
from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.fail_if import (
    Condition,
    Keys,
    check_keys,
    exit_by,
    fail_if_option,
)
from fellowship.cli.label_options import (
    COUNT_UNKNOWN,
    ID,
    LABEL_SCALE,
    LABELS,
    TEXTS,
    VALUE,
    WHOSE,
    selection_of,
    warn_of_bad_rows,
    with_options,
)
from fellowship.cli.logs import logs_to_stderr
from fellowship.cli.options import (
    as_json,
    load_with_options,
    max_calls,
    max_usd,
    max_usd_per_day,
    recipe_argument,
    resamples_option,
)
from fellowship.cli.run import progress_of
from fellowship.cli.terminal import console, print_json
from fellowship.pipelines.recipe.recipe import Recipe

if TYPE_CHECKING:
    from fellowship.pipelines.aligning.align_report import AlignReport
    from fellowship.pipelines.aligning.align_run import Aligning

STEPS = ("criteria", "examples", "tie-band")
SPEND = ("max_usd", "max_usd_per_day", "max_calls")


@click.command("align", epilog=EPILOG)
@recipe_argument
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE|RUN",
    help="People's labels: a file with prompts, both answers and what people said, or a"
    " run with labels; may be given several times.",
)
@with_options(*LABELS[1:], ID, *TEXTS, VALUE, LABEL_SCALE, COUNT_UNKNOWN, *WHOSE[1:])
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the aligned recipe, its prompts and all runs; resumed if there."
    " Default: runs/RECIPE-aligned.",
)
@click.option(
    "--writer",
    metavar="MODEL",
    help="The model that rewrites criteria: a name under `models`, or such as"
    " openai:gpt-4o. Default: the judge's own model.",
)
@click.option(
    "--test",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help="Share of the labelled prompts to test on, at least 25 of them.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the split."
)
@click.option(
    "--step",
    "steps",
    type=click.Choice(STEPS),
    multiple=True,
    help="Only this step; may be given several times. Fewer steps need less evidence"
    " each.",
)
@max_usd
@max_usd_per_day
@max_calls
@fail_if_option
@resamples_option
@as_json
def command(
    recipe: Path,
    fail_if: tuple[Condition, ...],
    as_json: bool,
    resamples: int,
    **options: Any,
) -> int:
    """Improve the prompt of RECIPE's judge on people's labels, and test it on others.

    Labels are split by prompt. On the training part a model rewrites the criteria from
    the judge's disagreements with people, pairs that it got wrong become examples in its
    prompt, and a tie band is fitted; each step is kept only if it is better on folds that
    it has not learnt from. The judge before and after is then asked about the test part,
    once. Where nothing is better the recipe stays as it is. Every call is recorded: the
    same command resumes.

    \b
    Examples:
      fellowship align mine.yaml --labels labels.csv --max-usd 2
      fellowship align mine.yaml --labels runs/best --output aligned --writer openai:gpt-4o
      fellowship align mine.yaml --labels labels.csv --step criteria --json
      fellowship align mine.yaml --labels labels.csv --fail-if 'difference.low<=0'
      fellowship run runs/mine-aligned/recipe.yaml --into runs/mine-2
    """
    require_extras("stats")
    from fellowship.pipelines.aligning.align_cost import align_cost
    from fellowship.pipelines.aligning.aligned_files import finished_report
    from fellowship.pipelines.aligning.named_figures import (
        ALIGN_KEYS,
        COUNTS,
        align_figures,
    )
    from fellowship.pipelines.aligning.recorded_judges import AlignmentStopped

    keys = Keys(ALIGN_KEYS, COUNTS)
    check_keys(fail_if, keys)
    if not options["labels"]:
        raise click.UsageError(
            "give people's labels: --labels FILE, or a run with some"
        )
    spend = {name: options.pop(name) for name in SPEND}
    asked = load_with_options(recipe, own_rows=False, **spend)
    wanted = prepared(asked, recipe.stem, options)
    logs_to_stderr()
    if finished_report(wanted.output) is None:
        click.echo(
            f"{align_view.about(wanted)}: {align_cost(wanted).describe()}", err=True
        )
    resume = f"fellowship {shlex.join(sys.argv[1:])}"
    try:
        report = asyncio.run(align_with_progress(wanted, resamples, resume))
    except AlignmentStopped as stopped:
        return stopped_early(stopped, resume, as_json)
    if as_json:
        print_json(report.model_dump(mode="json") | {"verdict": report.verdict})
    else:
        align_view.show(report, console())
    return exit_by(fail_if, align_figures(report), Exit.DONE, keys)


def prepared(recipe: Recipe, name: str, options: dict[str, Any]) -> Aligning:
    """What the options ask for; raises what makes it impossible."""
    from fellowship.pipelines.aligning.align_run import AlignOptions, prepare
    from fellowship.pipelines.aligning.labelled_pairs import labelled_pairs

    selection = selection_of({**options, "only": None})
    warn_of_bad_rows(selection)
    labels = labelled_pairs(options["labels"], selection, recipe.source)
    for note in labels.notes:
        click.echo(f"fellowship: {note}", err=True)
    asked = AlignOptions(
        test=options["test"],
        seed=options["seed"],
        writer=options["writer"],
        steps=options["steps"],
        limits=recipe.limits.model_copy(update={"accept": None}),
    )
    output = options["output"] or Path("runs") / f"{name}-aligned"
    return prepare(recipe, labels, output, asked)


async def align_with_progress(
    wanted: Aligning, resamples: int, resume: str
) -> AlignReport:
    """The alignment, with the progress of each of its runs on stderr."""
    from fellowship.pipelines.aligning.align_run import align_recipe
    from fellowship.stats.intervals import Resampling

    plan = Resampling(resamples)
    async with progress_of(resume) as (watcher, stop):
        return await partial(align_recipe, wanted, plan)(
            watch=watcher,
            stop=stop,
            tell=lambda name: watcher.announce(align_view.step_words(name)),
        )


def stopped_early(stopped: Any, resume: str, as_json: bool) -> Exit:
    """What is said of an alignment that a limit or a signal ended."""
    if as_json:
        print_json(
            run_summary.report_as_json(stopped.report)
            | {"finished": False, "why": str(stopped)}
        )
    else:
        run_summary.show_account(stopped.report, resume, console())
    return Exit.STOPPED
