"""Checks of a recipe's parts against one another.

A recipe may be well formed and still mean nothing. Pure but for one question, whether
the files it names are there.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from fellowship.errors import InputError, RecipeError
from fellowship.faults import Place, dotted_place
from fellowship.models.providers.registry import provider_of
from fellowship.pipelines.columns.scales import scale_named
from fellowship.pipelines.recipe.custom_checks import custom_code_faults
from fellowship.pipelines.recipe.evaluator_checks import (
    evaluator_faults,
    evaluators_models,
    unknown_criterion,
)
from fellowship.pipelines.recipe.export_settings import check_format, share_fault
from fellowship.pipelines.recipe.pair_settings import (
    WHOLE_SET,
    faults_of_pairs,
)
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.recipe.reviewer_checks import reviewer_name_faults
from fellowship.pipelines.recipe.scorer_checks import scorer_faults
from fellowship.pipelines.recipe.unwritable_values import unwritable_values
from fellowship.suggestions import did_you_mean, quoted_list
from fellowship.teams.settings import (
    AutogenSettings,
    CustomEvaluateSettings,
    CustomSettings,
    FeedbackSettings,
    RoleRef,
    SingleSettings,
    role_config,
)

SUFFIXES = (".jsonl", ".csv", ".parquet")


def check_recipe(recipe: Recipe, *, own_rows: bool = True) -> None:
    """`RecipeError` with one line a fault, unless the recipe can be run as it is.

    Whoever takes a recipe calls this before anything is written or asked: one that was
    built in code has been checked by nobody. Asks no model and changes nothing.
    `own_rows`: the rows are those of the recipe's source, not another run's or the
    caller's.
    """
    if found := dict(contradictions(recipe, own_rows=own_rows)):
        raise RecipeError("\n".join(found.values()))


def contradictions(
    recipe: Recipe, *, own_rows: bool = True
) -> Iterator[tuple[Place, str]]:
    """What no single value shows: where a recipe's parts don't fit, or files lack."""
    yield from unwritable_values(recipe)
    yield from _no_models(recipe)
    yield from _unknown_models(recipe)
    yield from _repeated_names(recipe)
    yield from reviewer_name_faults(recipe)
    if own_rows:
        yield from _source(recipe)
        yield from _comparable(recipe)
    yield from evaluator_faults(recipe)
    yield from scorer_faults(recipe, named_models(recipe))
    yield from _pairs(recipe, own_rows=own_rows)
    yield from custom_code_faults(recipe)
    if own_rows:
        yield from _missing_source(recipe)
        yield from _label_scale(recipe)
    yield from _missing_files(recipe)
    yield from _exports(recipe)


def _no_models(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """Code of one's own may write and judge without a model; nothing else can."""
    teams = (recipe.evaluate, *recipe.systems)
    own = CustomEvaluateSettings | CustomSettings
    if not recipe.models and not all(isinstance(team, own) for team in teams):
        given = "models" in recipe.model_fields_set
        what = "models has 0 entries" if given else "the recipe needs the key 'models'"
        yield ("models",), f"{what}: give at least 1; only teams of your own need none"


def named_models(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """Every model that a team of the recipe names, with the place where it does."""
    yield from evaluators_models(recipe.evaluate)
    for n, system in enumerate(recipe.systems):
        if isinstance(system, CustomSettings):
            continue
        if isinstance(system, AutogenSettings):
            if system.model:
                yield ("systems", n, "model"), system.model
            for at, name in system.models.items():
                yield ("systems", n, "models", at), name
            continue
        sitting: list[tuple[Place, RoleRef]] = [
            (("systems", n, "generator"), system.generator)
        ]
        if isinstance(system, FeedbackSettings):
            sitting += [
                (("systems", n, "reviewers", at), role_ref)
                for at, role_ref in enumerate(system.reviewers)
            ]
        for place, role_ref in sitting:
            where = place if isinstance(role_ref, str) else (*place, "model")
            yield where, role_config(role_ref).model


def _unknown_models(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    for place, name in named_models(recipe):
        if name not in recipe.models:
            hint = did_you_mean(name, recipe.models)
            known = hint or f"; there are {quoted_list(recipe.models)}"
            yield place, f"{dotted_place(place)}: no model {name!r} under models{known}"


def _repeated_names(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """Candidates are told apart by the name of what wrote them."""
    names = [*recipe.source.candidates]
    for n, name in enumerate(names):
        if name in names[:n]:
            place: Place = ("source", "answers", n)
            yield place, f"{dotted_place(place)}: the column {name!r} is named twice"
    for n, system in enumerate(recipe.systems):
        if system.name in names:
            place = ("systems", n)
            yield (
                place,
                f"{dotted_place(place)}: the name {system.name!r} is taken; "
                "give each system a `name` of its own",
            )
        names.append(system.name)


def _source(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    source = recipe.source
    if (source.path is None) == (source.dataset is None):
        yield ("source",), "source needs exactly one of 'path' and 'dataset'"
    if source.label is not None and len(source.candidates) != 2:
        yield (
            ("source", "label"),
            "source.label compares two answers: name two columns under source.answers",
        )


def _comparable(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    there = len(recipe.source.candidates)
    if not recipe.systems and there < 2:
        yield (
            ("systems",),
            "nothing to compare: name a system, or two columns under source.answers",
        )
    if len(recipe.systems) == 1 and there == 0:
        only = recipe.systems[0]
        if isinstance(only, SingleSettings) and only.samples == 1:
            yield (
                ("systems", 0),
                "nothing to compare: one answer a prompt; set samples: 2 or add a system",
            )


def _pairs(recipe: Recipe, *, own_rows: bool) -> Iterator[tuple[Place, str]]:
    """Settings of pairs that don't fit one another, the systems or the limits."""
    pairs = recipe.pairs
    for name, why in faults_of_pairs(pairs):
        yield ("pairs", name), f"pairs.{name}: {why}"
    if recipe.limits.accept is not None and pairs.rule in WHOLE_SET:
        yield (
            ("limits", "accept"),
            f"limits.accept: {pairs.rule} needs the whole run, so which rows are pairs is"
            " not known while it is running: give source.limit",
        )
    if pairs.rule in WHOLE_SET:
        yield from unknown_criterion(pairs.match, recipe.evaluate)
    known = [*(s.name for s in recipe.systems), *recipe.source.candidates]
    for name in ("stronger", "weaker") if own_rows and pairs.by_system else ():
        system = getattr(pairs, name)
        if system is not None and system not in known:
            hint = did_you_mean(system, known) or f": there is {quoted_list(known)}"
            yield ("pairs", name), f"pairs.{name}: no system is called {system!r}{hint}"


def _missing_source(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    paths = recipe.source.paths
    for n, path in enumerate(paths):
        place: Place = ("source", "path", n) if len(paths) > 1 else ("source", "path")
        if path in paths[:n]:
            yield place, f"{dotted_place(place)}: {str(path)!r} is given twice"
        elif path.suffix.lower() not in SUFFIXES:
            yield (
                place,
                f"{dotted_place(place)} is {path.name!r}: give a {quoted_list(SUFFIXES)}"
                f" file{compression_note(path)}",
            )
        elif not glob.has_magic(str(path)) or path.exists():
            yield from _missing_file(place, path)
        elif not any(map(os.path.isfile, glob.iglob(str(path), recursive=True))):
            yield place, f"{dotted_place(place)}: no file fits {str(path)!r}"


def _label_scale(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    scale = recipe.source.label_scale
    if scale is None:
        return
    try:
        scale_named(scale)
    except InputError as error:
        yield ("source", "label_scale"), f"source.label_scale: {error}"


def _missing_files(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    if recipe.prompts is not None and not recipe.prompts.is_dir():
        yield ("prompts",), f"prompts: there is no folder {str(recipe.prompts)!r}"
    for n, system in enumerate(recipe.systems):
        if isinstance(system, AutogenSettings) and system.component_file is not None:
            yield from _missing_file(
                ("systems", n, "component_file"), system.component_file
            )
    for name, model in recipe.models.items():
        for field in provider_of(model).file_fields(vars(model)):
            if (path := getattr(model, field)) is not None:
                yield from _missing_file(("models", name, field), Path(path))


def compression_note(path: Path) -> str:
    """What is added where a file's name says that it is compressed."""
    if path.suffix.lower() in (".gz", ".zip", ".bz2", ".xz", ".zst", ".7z"):
        return ", which nothing has compressed: unpack it first"
    return ""


def _missing_file(place: Place, path: Path) -> Iterator[tuple[Place, str]]:
    if path.is_file():
        return
    folder = path.parent
    beside = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    hint = did_you_mean(path.name, beside)
    yield place, f"{dotted_place(place)}: there is no file {str(path)!r}{hint}"


def _exports(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """What would fail only when all is paid for: shapes, and files that are not there."""
    if fault := share_fault(recipe.export.splits):
        yield ("export", "splits"), f"export.splits: {fault}"
    for n, kind in enumerate(recipe.export.kinds):
        try:
            check_format(kind, recipe.export)
        except RecipeError as error:
            yield ("export", "kinds", n), f"export.kinds.{n}: {error}"
    if recipe.export.labels is not None:
        yield from _missing_file(("export", "labels"), recipe.export.labels)
    filters = recipe.export.filters
    for n, path in enumerate(filters.contamination):
        yield from _missing_file(("export", "filters", "benchmark_overlap", n), path)
    near = filters.duplicate_settings
    for n, path in enumerate(near.against if near else ()):
        place: Place = ("export", "filters", "near_duplicates", "against", n)
        yield from _missing_file(place, path)
