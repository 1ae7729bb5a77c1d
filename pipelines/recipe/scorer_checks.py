"""Checks of models that give scores: where they may sit, and how they are asked.

A reward model reads a conversation and an answer, and no prompt of ours; it writes no
answer, no review and no argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fellowship.agents.roles import STRATEGIES
from fellowship.faults import Place, dotted_place
from fellowship.models.providers.registry import provider_of
from fellowship.pipelines.recipe.evaluator_checks import EVALUATE, voters
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.teams.meetings import MEETINGS
from fellowship.teams.settings import VoterSettings

UNREAD = ("criteria", "prompt", "role", "expected")
"""What a judge may be told, and a model of scores can't be."""


def scorer_faults(
    recipe: Recipe, named: Iterable[tuple[Place, str]]
) -> Iterator[tuple[Place, str]]:
    """Where a model of scores is asked for what it can't give.

    `named` are all models that the recipe's teams name, with their places.
    """
    scoring = {
        name
        for name, model in recipe.models.items()
        if provider_of(model).scores(model) is not None
    }
    judging = {(*place, "model") for place, _ in voters(recipe.evaluate)}
    judging.add((*EVALUATE, "stand_in"))
    for place, name in named:
        if name in scoring and place not in judging:
            yield (
                place,
                f"{dotted_place(place)}: model {name!r} gives scores, not words: it can"
                " be a judge or a juror",
            )
    for place, asking in voters(recipe.evaluate):
        if asking.model in scoring:
            yield from voter_faults(recipe, place, asking)
            if MEETINGS[recipe.evaluate.meet].listed:
                where = (*EVALUATE, "meet")
                yield (
                    where,
                    f"{dotted_place(where)}: a model of scores ({asking.model!r}) ranks"
                    " no list: give pointwise",
                )


def voter_faults(
    recipe: Recipe, place: Place, asking: VoterSettings
) -> Iterator[tuple[Place, str]]:
    """Where one voter's settings don't fit a model of scores."""
    provider = provider_of(recipe.models[asking.model])
    if not provider.compares and not STRATEGIES[asking.strategy].alone:
        where = (*place, "strategy")
        yield (
            where,
            f"{dotted_place(where)}: model {asking.model!r} scores one answer at a time:"
            " give strategy: independent",
        )
    for field in UNREAD:
        if getattr(asking, field):
            where = (*place, field)
            yield (
                where,
                f"{dotted_place(where)}: model {asking.model!r} gives scores and reads no"
                " instructions: leave it out",
            )
