"""Names of custom code in a recipe, with the place where each stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fellowship.agents.debater import Debater
from fellowship.agents.role import Role
from fellowship.agents.roles import Generator, Judge, Reviewer
from fellowship.custom_code import Kind, load_named, source_digest
from fellowship.faults import Place
from fellowship.models.providers.registry import provider_of
from fellowship.pipelines.recipe.evaluator_checks import EVALUATE, voters
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.teams.settings import (
    AutogenSettings,
    CustomEvaluateSettings,
    CustomSettings,
    DebateSettings,
    FeedbackSettings,
    JurySettings,
    RoleRef,
    SingleSettings,
    is_custom_rule,
    role_config,
)


class RoleSlot(NamedTuple):
    """A role that a recipe fills: where it stands, what kind it needs, and what it got."""

    place: Place
    base: type[Role]
    own: str = ""
    prompt: str = ""


def role_slots(recipe: Recipe) -> Iterator[RoleSlot]:
    """Every role a recipe's teams will have."""
    for n, system in enumerate(recipe.systems):
        if isinstance(system, SingleSettings | FeedbackSettings):
            yield role_slot(("systems", n, "generator"), Generator, system.generator)
        if isinstance(system, FeedbackSettings):
            for at, role_ref in enumerate(system.reviewers):
                yield role_slot(("systems", n, "reviewers", at), Reviewer, role_ref)
    for place, asking in voters(recipe.evaluate):
        yield RoleSlot(place, Judge, asking.role, asking.prompt)
    if isinstance(recipe.evaluate, DebateSettings):
        for n, persona in enumerate(recipe.evaluate.personas):
            yield RoleSlot((*EVALUATE, "personas", n), Debater, persona.role)


def role_slot(place: Place, base: type[Role], role_ref: RoleRef) -> RoleSlot:
    """The slot of a role that is given by name or at length."""
    who = role_config(role_ref)
    return RoleSlot(place, base, who.role, who.prompt)


def custom_names(recipe: Recipe) -> Iterator[tuple[Place, Kind, str]]:
    """Every role, team and rule that is the user's own."""
    for slot in role_slots(recipe):
        if slot.own:
            yield (*slot.place, "role"), "role", slot.own
    for n, system in enumerate(recipe.systems):
        if isinstance(system, CustomSettings):
            yield ("systems", n, "team"), "team", system.team
        if isinstance(system, FeedbackSettings) and system.stop:
            yield ("systems", n, "stop"), "stop rule", system.stop
        if isinstance(system, AutogenSettings) and system.build:
            yield ("systems", n, "build"), "agent", system.build
    for name, model in recipe.models.items():
        if build := provider_of(model).build(model):
            field = "build" if "build" in type(model).model_fields else "function"
            yield ("models", name, field), "agent", build
    evaluate = recipe.evaluate
    if isinstance(evaluate, CustomEvaluateSettings):
        yield (*EVALUATE, "team"), "team", evaluate.team
    if isinstance(evaluate, JurySettings) and is_custom_rule(evaluate.rule):
        yield (*EVALUATE, "rule"), "rule", evaluate.rule


def code_digests(recipe: Recipe) -> dict[str, str]:
    """Name -> digest of the file it stands in, for all code that a recipe names."""
    return {
        name: source_digest(load_named(name, kind))
        for _, kind, name in custom_names(recipe)
    }
