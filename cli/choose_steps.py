"""Steps of `fellowship choose`: the measuring run, the choice, and what is written."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import click

from fellowship.cli import run_summary
from fellowship.cli.choice_view import show
from fellowship.cli.exit_codes import Exit
from fellowship.cli.fail_if import Condition, Keys, exit_by
from fellowship.cli.label_options import warn_of_bad_rows
from fellowship.cli.logs import logs_to_stderr
from fellowship.cli.plan import show as show_plan
from fellowship.cli.run import run_with_progress
from fellowship.cli.terminal import console, print_json
from fellowship.errors import RecipeError
from fellowship.number_format import counted, span, usd
from fellowship.pipelines.choosing.bench_reader import read_bench
from fellowship.pipelines.choosing.choice import (
    ChoiceOptions,
    choose_evaluator,
    require_classes,
)
from fellowship.pipelines.choosing.choice_file import keep_choice
from fellowship.pipelines.choosing.choice_records import Choice
from fellowship.pipelines.choosing.chosen_recipe import (
    Voters,
    chosen_recipe,
    recorded_voters,
    write_recipe,
)
from fellowship.pipelines.choosing.measuring import (
    MEASURED,
    Candidates,
    labelled_items,
    measure_run,
    measuring_recipes,
)
from fellowship.pipelines.choosing.named_figures import (
    CHOICE_KEYS,
    COUNTS,
    choice_figures,
)
from fellowship.pipelines.labels.label_sources import select_labels
from fellowship.pipelines.labels.people_votes import LabelSelection
from fellowship.pipelines.planning.plan import Plan, measure_source, plan
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.replay.recorded_rows import askable_recipe, recorded_recipe
from fellowship.pipelines.running.run_report import RunReport, with_spending
from fellowship.pipelines.running.shared_limits import SharedLimits
from fellowship.records import Item, State
from fellowship.run_folder import atomic_writer, half_written, read_header
from fellowship.stats.codes import encode
from fellowship.stats.intervals import MIN_LABELS


@dataclass(frozen=True)
class Wanted:
    """What is asked of a choice: by which labels, how, and what is written."""

    selection: LabelSelection
    options: ChoiceOptions
    output: Path | None = None
    plot: Path | None = None
    every: bool = False
    as_json: bool = False
    fail_if: tuple[Condition, ...] = ()


CHOICE: Final = Keys(CHOICE_KEYS, COUNTS, open=True)
"""The keys of conditions on a choice: configurations are named by what is measured."""
Base = tuple[Recipe, Voters]
"""A recipe to write the chosen evaluator into, and how its judges were asked."""


def choose_from_run(run: Path, wanted: Wanted) -> int:
    """Choose by the verdicts that a run has."""
    base = None
    require_writable(wanted)
    if wanted.output is not None:
        recipe = measured_recipe(run)
        base = askable_recipe(recipe), recorded_voters(recipe)
    choice = choose_evaluator(read_bench([run], wanted.selection), wanted.options)
    choice = choice.model_copy(update={"only": wanted.selection.only})
    return finish(choice, run, base, wanted)


def require_writable(wanted: Wanted) -> None:
    """Raise what keeps a file from being written, before anything is paid for."""
    for path in filter(None, (wanted.output, wanted.plot)):
        half_written(path).unlink()


def measured_recipe(run: Path) -> Recipe:
    """The recipe that a run was made by. `RecipeError` where it is not one to go on with:
    imported verdicts, and a measuring run of `choose`, which makes no pairs."""
    header = read_header(run)
    if header["identity"].get("origin") == MEASURED:
        raise RecipeError(
            f"{str(run)!r} was measured by `fellowship choose`, and its recipe makes no"
            " pairs: to write one with the systems, pairs and exports of your own, give"
            " that recipe too, as `fellowship choose RECIPE --into"
            f" {shlex.quote(str(run))}` with the options of then: nothing is asked again"
        )
    if not (header.get("recipe") or {}).get("models"):
        raise RecipeError(
            f"{str(run)!r} holds imported verdicts, whose judges no recipe describes: leave"
            " --output out, or measure models of your own with `fellowship choose RECIPE"
            f" --run {shlex.quote(str(run))}`"
        )
    return recorded_recipe(run)


def measure_and_choose(
    recipe: Recipe,
    candidates: Candidates,
    places: tuple[Path | None, Path],
    wanted: Wanted,
    plan_only: bool,
    fork: Path | None = None,
) -> int:
    """Measure what isn't measured yet, then choose.

    `places` are the run whose answers are judged, None: the source's, and the folder.
    """
    answers, into = places
    selection = wanted.selection
    require_writable(wanted)
    labelled = labelled_items(recipe, selection, answers)
    items = labelled.items
    if answers is not None and not selection.labels:
        selection = replace(selection, labels=select_labels([answers]).labels)
    recipes = measuring_recipes(recipe, candidates)
    plans = [plan(one, measure_source(items)) for one in recipes]
    if plan_only:
        return print_plans(plans, wanted.as_json)
    announce(plans, items)
    if missing := max(0, MIN_LABELS - labelled.prompts):
        choice = Choice(
            labels=len(items),
            prompts=MIN_LABELS - missing,
            enough=False,
            missing=missing,
            matched=labelled.matched,
            notes=(*labelled.notes, "no call was made"),
        )
        return finish(choice, None, None, wanted)
    require_classes(encode(labelled.labels))
    folders = [into, into.with_name(f"{into.name}-debate")][: len(recipes)]
    report = measure_all(recipes, items, folders, fork)
    if report.stopped or report.pending:
        return stopped(report, wanted.as_json)
    bench = read_bench(folders, selection, labelled)
    choice = choose_evaluator(bench, wanted.options)
    base = recipe
    if (line := choice.line(choice.written_name)) and line.kind == "team":
        meet = recipe.evaluate.meet
        debate = recipes[-1].evaluate.model_copy(update={"meet": meet})
        base = recipe.model_copy(update={"evaluate": debate})
    known = recorded_voters(recipes[0])
    return finish(choice, into, (base, known), wanted)


def measure_all(
    recipes: Sequence[Recipe],
    items: Sequence[Item],
    folders: Sequence[Path],
    fork: Path | None = None,
) -> RunReport:
    """Every measuring run, one after another, until one stops.

    The report is that of the last that was begun, with what all have spent: they have one
    budget.
    """
    logs_to_stderr()
    resume, reports = resume_line(), list[RunReport]()
    shared = SharedLimits(runs=tuple(folders), day=tuple(folders))
    for recipe, folder in zip(recipes, folders, strict=True):
        go = partial(measure_run, recipe, items, folder, fork=fork, shared=shared)
        report = asyncio.run(run_with_progress(go, resume))
        reports.append(report)
        if failed := report.states.get(State.FAILED):
            click.echo(
                f"fellowship: {counted(failed, 'labelled row')} failed and can't be"
                f" chosen by: the same command asks again; see fellowship show {folder}",
                err=True,
            )
        if report.stopped or report.pending:
            break
    return with_spending(report, reports)


def resume_line() -> str:
    """The command that goes on where this one stops."""
    return f"fellowship {shlex.join(sys.argv[1:])}"


def stopped(report: RunReport, as_json: bool) -> int:
    """Say that the measuring stopped, and how to go on."""
    if as_json:
        print_json(run_summary.report_as_json(report) | {"choice": None})
    else:
        run_summary.show_account(report, resume_line(), console())
    return run_summary.exit_of(report)


def announce(plans: Sequence[Plan], items: Sequence[Item]) -> None:
    """What is about to be asked and what it may cost, on stderr."""
    models = [model for one in plans for model in one.models]
    low, high = (
        sum(getattr(m, f"calls_{end}") for m in models) for end in ("min", "max")
    )
    expected, most = (
        None
        if any(getattr(m, n) is None for m in models)
        else sum(getattr(m, n) for m in models)
        for n in ("usd", "usd_max")
    )
    click.echo(
        f"{counted(len(items), 'labelled pair')}, calls: {span(low, high)};"
        f" {usd(expected)} expected, at most {usd(most)}. What is recorded already is not"
        " asked again",
        err=True,
    )


def print_plans(plans: Sequence[Plan], as_json: bool) -> int:
    """The plans of the measuring runs."""
    if as_json:
        made = [
            one.model_dump() | {"usd": one.usd, "seconds": one.seconds} for one in plans
        ]
        print_json({"plans": made})
    for one in plans if not as_json else ():
        show_plan(one)
    return Exit.DONE


def finish(choice: Choice, run: Path | None, base: Base | None, wanted: Wanted) -> int:
    """Keep, plot, write and print a choice; the exit code it earned."""
    if choice.enough and run is not None and (why := keep_choice(choice, run)):
        click.echo(f"fellowship: {why}", err=True)
    if choice.enough and wanted.plot is not None:
        from fellowship.viewer.report.frontier_plot import frontier_file

        with atomic_writer(wanted.plot) as out:
            out.write(frontier_file(choice))
    if wanted.as_json:
        print_json(choice.as_json())
    else:
        show(choice, console(), wanted.every)
    warn_of_bad_rows(wanted.selection)
    found = is_found(choice)
    if found and wanted.output is not None and base is not None:
        write_recipe(chosen_recipe(choice, *base), choice, wanted.output)
        click.echo(f"written: {wanted.output}", err=True)
    code = Exit.DONE if found else Exit.FAILED
    keys = CHOICE._replace(open=not choice.enough)
    return exit_by(wanted.fail_if, choice_figures(choice), code, keys)


def is_found(choice: Choice) -> bool:
    """Whether there is something to take: a threshold, or what is better than guessing."""
    if not choice.enough:
        return False
    promise = choice.guarantee
    return choice.beyond_chance if promise is None else promise.threshold is not None
