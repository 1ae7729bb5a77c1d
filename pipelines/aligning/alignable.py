"""Evaluators that can be aligned, and the steps that each of them allows.

What can't be aligned is refused with the cure before anything is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.agents.roles import STRATEGIES
from fellowship.errors import RecipeError
from fellowship.faults import dotted_place
from fellowship.models.providers.registry import provider_of
from fellowship.pipelines.aligning.steps import ALL_STEPS, StepName
from fellowship.pipelines.recipe.evaluator_checks import voters
from fellowship.pipelines.recipe.model_specs import identifier, model_config
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.teams.settings import (
    DebateSettings,
    JudgeSettings,
    JurySettings,
)
from fellowship.teams.voting_rules import rule_named


def require_alignable(recipe: Recipe) -> None:
    """`RecipeError` with the cure for an evaluator that has no prompt to be aligned."""
    settings = recipe.evaluate
    if isinstance(settings, DebateSettings):
        raise RecipeError(
            "a debate's personas argue by prompts of their own, so there is no one judge"
            " to align: align a recipe with evaluate: {team: judge}, then give the debate"
            " its criteria"
        )
    if not isinstance(settings, JudgeSettings | JurySettings):
        raise RecipeError(
            f"evaluate.team {settings.team!r} is your own and has no prompt that can be"
            " aligned: align a recipe with evaluate: {team: judge}"
        )
    for place, voter in voters(settings):
        if voter.role:
            where = dotted_place((*place, "role"))
            raise RecipeError(
                f"{where}: {voter.role!r} is a role of your own, whose prompt is its own"
                " affair: leave it out to align a built-in judge"
            )
    if isinstance(settings, JurySettings):
        require_shared_criteria(settings)


def require_shared_criteria(jury: JurySettings) -> None:
    """`RecipeError` for a jury whose jurors can't be given one and the same prompt."""
    if rule_named(jury.rule).whole_run:
        raise RecipeError(
            f"evaluate.rule: {jury.rule} weighs the votes of a whole run, so no pair has a"
            " decision of its own to learn from: align with rule: majority"
        )
    if len({voter.criteria for _, voter in voters(jury)}) > 1:
        raise RecipeError(
            "the jurors have criteria of their own, and an alignment gives all of them the"
            " same: give each the same criteria, or align each as a judge"
        )


def steps_for(recipe: Recipe, wanted: Sequence[StepName]) -> tuple[StepName, ...]:
    """The steps to take, in their order; all that the evaluator allows if none is named.

    `RecipeError` for one that is named and not allowed.
    """
    why = {"tie-band": no_band(recipe)}
    why |= dict.fromkeys(("criteria", "examples"), no_prompt(recipe))
    for step in wanted:
        if why[step]:
            raise RecipeError(f"--step {step}: {why[step]}")
    allowed = tuple(step for step in ALL_STEPS if not why[step])
    if not allowed:
        raise RecipeError(f"nothing can be aligned: {why['criteria']}")
    return tuple(step for step in allowed if not wanted or step in wanted)


def no_prompt(recipe: Recipe) -> str:
    """Why the evaluator has no prompt to change; empty where it has one."""
    for _, voter in voters(recipe.evaluate):
        config = recipe.models[voter.model]
        if provider_of(config).scores(config) is not None:
            return (
                f"model {voter.model!r} gives scores and is told nothing: align a judge"
                " whose model writes words"
            )
    return ""


def no_band(recipe: Recipe) -> str:
    """Why the evaluator can have no tie band; empty where it can."""
    settings = recipe.evaluate
    if not isinstance(settings, JudgeSettings):
        return (
            "a jury decides by votes: align each juror as a judge for a band of its own"
        )
    if not STRATEGIES[settings.strategy].scored:
        return "a direct verdict has no score gap: give strategy: combined"
    return ""


def writer_of(recipe: Recipe, writer: str | None) -> tuple[Recipe, str]:
    """The recipe with the model that writes criteria, and its name there.

    By default the judge's own (a jury's first juror's); else a name under `models`, or a
    model as such, such as `openai:gpt-4o`, which is added for the writer alone.
    """
    if writer is None:
        return recipe, next(voter.model for _, voter in voters(recipe.evaluate))
    if writer in recipe.models:
        return recipe, writer
    key = f"writer_{identifier(writer)}"
    models = {**recipe.models, key: model_config(writer)}
    return recipe.model_copy(update={"models": models}), key
