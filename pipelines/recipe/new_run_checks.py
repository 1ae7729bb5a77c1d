"""Checks of a recipe that is to begin a new run: settings that would do nothing.

What contradicts itself is refused whenever a recipe is read (`checks`). What was once
accepted and did nothing is refused here, before a new run has a file, and no run that
began so is kept from going on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fellowship.errors import RecipeError
from fellowship.faults import Place, dotted_place
from fellowship.number_format import counted, score
from fellowship.pipelines.recipe.evaluator_checks import (
    EVALUATE,
    criteria_names,
    voters,
)
from fellowship.pipelines.recipe.pair_settings import SIZES
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.recipe.reviewer_checks import idle_review_order
from fellowship.run_folder import HEADER
from fellowship.suggestions import did_you_mean, quoted_list
from fellowship.teams.meetings import MEETINGS
from fellowship.teams.settings import (
    AutogenSettings,
    FeedbackSettings,
    JudgeSettings,
    JurySettings,
    SingleSettings,
)
from fellowship.teams.vote_counting import score_bounds
from fellowship.teams.voting_rules import ignored_weight, rule_named

Faults = Iterator[tuple[Place, str]]


def check_new_run(recipe: Recipe, into: Path | None, *, own_rows: bool = True) -> None:
    """`RecipeError` with one line a fault, where a run that is to begin ignores settings.

    A run that is there already, in `into`, goes on. `own_rows`: the rows are those of the
    recipe's source, not another run's or the caller's.
    """
    if into is not None and os.path.exists(into / HEADER):
        return
    if found := dict(idle_settings(recipe, own_rows=own_rows)):
        raise RecipeError(
            "\n".join(f"{dotted_place(place)}: {why}" for place, why in found.items())
        )


def idle_settings(recipe: Recipe, *, own_rows: bool = True) -> Faults:
    """Every setting that would do nothing, or ask for what can't be, with the cure."""
    for find in (*SOURCE_CHECKS, *CHECKS) if own_rows else CHECKS:
        yield from find(recipe)


def idle_source(recipe: Recipe) -> Faults:
    """Settings of a Hugging Face dataset beside a file."""
    source = recipe.source
    if source.path is None:
        return
    for name in ("subset", "split"):
        if name in source.model_fields_set and getattr(source, name) is not None:
            where: Place = ("source", name)
            yield where, "a file has none: leave it out, or give source.dataset"


def unnamed_models(recipe: Recipe) -> Faults:
    """Models whose name is empty, which most servers take for any they have."""
    for name, model in recipe.models.items():
        if type(model).model_fields["model"].is_required() and not model.model.strip():
            why = "it is empty: name the model; a server with one takes any name"
            yield ("models", name, "model"), why


def ambiguous_match(recipe: Recipe) -> Faults:
    """Pairs matched by what is a size of the text and a criterion of the evaluator."""
    pairs = recipe.pairs
    given = "match" in pairs.model_fields_set and pairs.match in SIZES
    if given and pairs.match in criteria_names(recipe.evaluate):
        why = (
            f"{pairs.match!r} is measured of the text, and a criterion of the evaluator"
            " has that name: give the criterion another"
        )
        yield ("pairs", "match"), why


def unreachable_accept(recipe: Recipe) -> Faults:
    """More pairs than there are rows."""
    wanted, rows = recipe.limits.accept, recipe.source.limit
    if wanted is not None and rows is not None and wanted > rows:
        yield (
            ("limits", "accept"),
            f"{counted(wanted, 'row')} can't become pairs of the {rows} that"
            " source.limit lets in:"
            f" give at most {rows}, or a larger source.limit",
        )


def repeated_kinds(recipe: Recipe) -> Faults:
    """A kind of dataset that is asked for twice."""
    kinds = recipe.export.kinds
    for n, kind in enumerate(kinds):
        if kind in kinds[:n]:
            yield ("export", "kinds", n), f"{kind!r} is named twice: name it once"


def kinds_without_reviews(recipe: Recipe) -> Faults:
    """Data of reviewers where nobody reviews."""
    if any(not isinstance(system, SingleSettings) for system in recipe.systems):
        return  # a feedback loop, or a team of the user's own that may have reviewers
    for n, kind in enumerate(recipe.export.kinds):
        if kind.startswith("multi-agent"):
            yield (
                ("export", "kinds", n),
                f"{kind!r} is made of drafts and their reviews: add a system of"
                " team: feedback, or leave it out",
            )


def idle_filters(recipe: Recipe) -> Faults:
    """Settings of a filter that is off."""
    filters = recipe.export.filters
    if "contamination_words" in filters.model_fields_set and not filters.contamination:
        yield (
            ("export", "filters", "benchmark_overlap_words"),
            "nothing is compared: name files under export.filters.benchmark_overlap",
        )


def unweighted_rule(recipe: Recipe) -> Faults:
    """A rule of weights, where all jurors weigh the same."""
    jury = recipe.evaluate
    if not isinstance(jury, JurySettings) or not rule_named(jury.rule).needs_weights:
        return
    if len({juror.weight for juror in jury.jurors}) == 1:
        yield (
            (*EVALUATE, "rule"),
            f"{jury.rule!r} with equal weights is the rule 'majority': give jurors a"
            " weight, or rule: majority",
        )


def idle_weights(recipe: Recipe) -> Faults:
    """Weights that no rule would read."""
    jury = recipe.evaluate
    if not isinstance(jury, JurySettings):
        return
    for n, juror in enumerate(jury.jurors):
        if why := ignored_weight(jury.rule, juror.weight):
            yield (*EVALUATE, "jurors", n, "weight"), why
    if jury.escalate is not None and jury.escalate.weight != 1:
        yield (
            (*EVALUATE, "escalate", "weight"),
            "the strong judge decides alone, so its weight would do nothing: leave it"
            " out",
        )


def idle_substitute(recipe: Recipe) -> Faults:
    """A substitute of the same model."""
    judge = recipe.evaluate
    if isinstance(judge, JudgeSettings) and judge.stand_in == judge.model:
        yield (
            (*EVALUATE, "stand_in"),
            f"{judge.model!r} would stand in for itself: name a model of another family",
        )


def idle_order(recipe: Recipe) -> Faults:
    """An order that depends on score gaps, where a judge gives none."""
    evaluate = recipe.evaluate
    if not isinstance(evaluate, JudgeSettings | JurySettings):
        return
    if evaluate.order != "adaptive":
        return
    for place, voter in voters(evaluate):
        if voter.strategy == "direct":
            yield (
                (*place, "strategy"),
                "a direct verdict has no score gap for order: adaptive to go by: give"
                " order: both, or strategy: combined",
            )
        if voter.strategy == "independent":
            yield (
                (*place, "strategy"),
                "answers scored alone have no order: leave order: adaptive out, or give"
                " strategy: combined",
            )


def idle_shuffles(recipe: Recipe) -> Faults:
    """Shuffles where nobody ranks a list, and an order of two where somebody does."""
    evaluate = recipe.evaluate
    if not isinstance(evaluate, JudgeSettings | JurySettings):
        return
    listed = MEETINGS[evaluate.meet].listed
    usual = JudgeSettings.model_fields["shuffles"].default
    if not listed and evaluate.shuffles != usual:
        yield (
            (*EVALUATE, "shuffles"),
            f"meet: {evaluate.meet} shuffles nothing: leave it out, or give meet: listwise",
        )
    if listed and evaluate.order != "both":
        yield (
            (*EVALUATE, "order"),
            "meet: listwise asks in `shuffles` random orders: leave it out",
        )


def repeated_expectations(recipe: Recipe) -> Faults:
    """Samples of what is the same each time: their reasons differ only when sampled."""
    for place, voter in voters(recipe.evaluate):
        model = recipe.models.get(voter.model)
        same = model is not None and model.temperature == 0
        if voter.expected and voter.samples > 1 and same:
            yield (
                (*place, "samples"),
                "expected: true takes the mean over all scores from one reply, and at"
                f" temperature 0 {counted(voter.samples, 'sample')} are the same reply:"
                " give the model a temperature, or samples: 1",
            )


def answers_at_most(recipe: Recipe) -> int | None:
    """The most answers a prompt has; None where a team of the user's own writes some."""
    most = len(recipe.source.candidates)
    for system in recipe.systems:
        if isinstance(system, SingleSettings):
            most += system.samples
        elif isinstance(system, FeedbackSettings):
            most += system.drafts
        else:
            return None
    return most


def uncompared_answers(recipe: Recipe) -> Faults:
    """Answers that are written and never compared."""
    most = answers_at_most(recipe)
    if recipe.evaluate.meet == "two-way" and most is not None and most > 2:
        yield (
            (*EVALUATE, "meet"),
            f"two-way compares the first two of {counted(most, 'answer')} and leaves"
            " the others"
            " unread: give knockout or round-robin",
        )


def largest_gap(recipe: Recipe) -> float | None:
    """The largest score gap there can be; None where it isn't known."""
    evaluate = recipe.evaluate
    if isinstance(evaluate, JurySettings):
        rule = rule_named(evaluate.rule)
        bounds = [(1.0, evaluate.scale)] if rule.gives_scores else [(0.0, 1.0)]
        if rule.gives_scores is None:
            return None
    elif isinstance(evaluate, JudgeSettings):
        bounds = [score_bounds(evaluate.strategy, evaluate.scale)]
    elif hasattr(evaluate, "scale"):
        bounds = [(1.0, evaluate.scale)]
    else:
        return None
    gap = max(high - low for low, high in bounds)
    if evaluate.meet != "knockout":
        return gap
    most = answers_at_most(recipe)  # a knockout's losers stand below one another
    return None if most is None else gap * max(1, most - 1)


def unreachable_gaps(recipe: Recipe) -> Faults:
    """A least score gap that no two answers can have."""
    most = largest_gap(recipe)
    asked: list[tuple[Place, float | None]] = [
        (("pairs", "margin"), recipe.pairs.margin),
        (("export", "filters", "margin"), recipe.export.filters.margin),
    ]
    for place, least in asked:
        if most is not None and least is not None and least > most:
            yield (
                place,
                f"no score gap can be {score(least)}: the evaluator's scores are at most"
                f" {score(most)} apart",
            )


def agent_names(component: Any) -> Iterator[str]:
    """The names in an AutoGen component's configuration, at any depth."""
    if isinstance(component, dict):
        if isinstance(component.get("name"), str):
            yield component["name"]
        for value in component.values():
            yield from agent_names(value)
    if isinstance(component, list):
        for value in component:
            yield from agent_names(value)


def unknown_drafters(recipe: Recipe) -> Faults:
    """Drafts of an agent that is not in the component."""
    for n, system in enumerate(recipe.systems):
        if not isinstance(system, AutogenSettings) or not system.drafts_of:
            continue
        component = system.component
        if system.component_file is not None:
            try:
                component = json.loads(system.component_file.read_bytes())
            except (OSError, ValueError):
                continue  # `checks` says so
        names = list(dict.fromkeys(agent_names(component)))
        if names and system.drafts_of not in names:
            hint = did_you_mean(system.drafts_of, names)
            yield (
                ("systems", n, "drafts_of"),
                f"no agent is called {system.drafts_of!r}{hint or ''};"
                f" there are {quoted_list(names)}",
            )


SOURCE_CHECKS: tuple[Callable[[Recipe], Faults], ...] = (
    idle_source,
    unreachable_accept,
    uncompared_answers,
)
"""What speaks of the recipe's own rows."""

CHECKS: tuple[Callable[[Recipe], Faults], ...] = (
    *(repeated_kinds, kinds_without_reviews, idle_filters, unweighted_rule),
    *(idle_weights, idle_shuffles),
    *(idle_substitute, idle_order, repeated_expectations, unreachable_gaps),
    unknown_drafters,
    unnamed_models,
    ambiguous_match,
    idle_review_order,
)
