"""Checks of custom roles, teams and rules, before the first call is paid for.

It is imported, made, and asked to write a request about a made-up case: what fails there
would fail at every row. The fault is told once, at the recipe's line that names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fellowship.agents.case import Case
from fellowship.agents.custom_roles import make_role
from fellowship.agents.role import Line, Role
from fellowship.agents.roles import ONE_TITLE, TWO_TITLES, Judge, Reviewer
from fellowship.custom_code import load_named
from fellowship.errors import RecipeError
from fellowship.faults import Place, dotted_place
from fellowship.pipelines.recipe.custom_names import RoleSlot, custom_names, role_slots
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Candidate, Conversation, Message
from fellowship.teams.autogen_systems import AutogenSystem
from fellowship.teams.custom_teams import CustomEvaluator, CustomSystem
from fellowship.teams.settings import (
    AutogenSettings,
    CustomEvaluateSettings,
    CustomSettings,
    FeedbackSettings,
)
from fellowship.teams.stop_rules import try_stop_rule
from fellowship.teams.voting_rules import custom_rule

TRIAL_PROMPT = Conversation(messages=(Message(role="user", content="What is a lake?"),))
TRIAL_LINES = (
    Line("generator", "generator", "A lake is water."),
    Line("reviewer", "reviewer", "Too short.\nScore: 3/10"),
)


def custom_code_faults(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """What is wrong with the user's own code and prompts, one message a name."""
    for place, kind, name in custom_names(recipe):
        try:
            if kind == "rule":
                custom_rule(name)
            elif kind == "stop rule":
                _check_stop(recipe, place)
            elif kind == "team":
                _check_make(recipe, place)
            elif kind == "agent":
                _check_build(recipe, place, name)
        except RecipeError as error:
            yield place, f"{dotted_place(place)}: {error}"
    yield from _files(recipe)
    if recipe.prompts is not None and not recipe.prompts.is_dir():
        return
    library = PromptLibrary(recipe.prompts)
    for slot in role_slots(recipe):
        if not slot.own and slot.base is Judge:
            continue  # its prompt is looked at with the evaluator
        try:
            try_role(slot, library)
        except RecipeError as error:
            place = (*slot.place, "role") if slot.own else slot.place
            yield place, f"{dotted_place(place)}: {error}"


def _files(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """AutoGen components that can't be loaded; a missing file is told elsewhere."""
    for n, system in enumerate(recipe.systems):
        if not isinstance(system, AutogenSettings) or system.build:
            continue
        file = system.component_file
        if file is not None and not file.is_file():
            continue
        try:
            AutogenSystem(system)
        except RecipeError as error:
            yield ("systems", n), f"{dotted_place(('systems', n))}: {error}"


def _check_build(recipe: Recipe, place: Place, name: str) -> None:
    """A function that makes an agent, a team or a client; a client is not made yet."""
    if place[0] == "systems" and isinstance(place[1], int):
        system = recipe.systems[place[1]]
        assert isinstance(system, AutogenSettings)
        AutogenSystem(system).try_build()
    elif not callable(load_named(name, "agent")):
        raise RecipeError(f"{place[-1]} {name!r} is no function")


def _check_stop(recipe: Recipe, place: Place) -> None:
    assert isinstance(place[1], int)
    system = recipe.systems[place[1]]
    assert isinstance(system, FeedbackSettings)
    try_stop_rule(system)


def _check_make(recipe: Recipe, place: Place) -> None:
    if place[0] == "systems" and isinstance(place[1], int):
        system = recipe.systems[place[1]]
        assert isinstance(system, CustomSettings)
        CustomSystem(system)
    else:
        assert isinstance(recipe.evaluate, CustomEvaluateSettings)
        CustomEvaluator(recipe.evaluate)


def try_role(slot: RoleSlot, library: PromptLibrary) -> None:
    """Have the role write a request; `RecipeError` says why it can't."""
    more: dict[str, Any] = (
        {"titles": TWO_TITLES} if issubclass(slot.base, Judge) else {}
    )
    role: Role = make_role(
        slot.base, slot.own, model="m", prompt=slot.prompt, library=library, **more
    )
    drafts = (Candidate(text="Water.", system="a"), Candidate(text="Land.", system="b"))
    titles = ONE_TITLE if isinstance(role, Reviewer) else TWO_TITLES
    case = Case(TRIAL_PROMPT, drafts[: len(titles)])
    try:
        for structured in (True, False):
            role.messages(case, TRIAL_LINES, structured)
            role.repair("nothing", structured)
            role.form(structured)
        role.schema()
    except RecipeError:
        raise
    except Exception as error:  # a user's role may raise anything
        complaint = f"{type(error).__name__}: {error}"
        raise RecipeError(
            f"role {slot.own or slot.base.__name__!r} can't write its request: {complaint}"
        ) from error
