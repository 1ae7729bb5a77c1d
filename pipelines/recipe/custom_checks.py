"""Checks of custom roles, teams and rules, before the first call is paid for.

It is imported, made, and asked to write a request about a made-up case: what fails there
would fail at every row. The fault is told once, at the recipe's line that names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fellowship.agents.case import Case
from fellowship.agents.custom_roles import agent_for_role
from fellowship.agents.role import Line, Role
from fellowship.agents.roles import ONE, TWO, Judge, Reviewer
from fellowship.custom_code import load_named
from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.custom_names import Seat, own_names, seats
from fellowship.pipelines.recipe.faults import dotted
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.recipe.yaml_reader import Place
from fellowship.prompts.library import Library
from fellowship.records import Candidate, Conversation, Message
from fellowship.teams.autogen_systems import AutogenSystem
from fellowship.teams.custom_teams import OwnEvaluator, OwnSystem
from fellowship.teams.settings import (
    AutogenSettings,
    CustomEvaluateSettings,
    CustomSettings,
)
from fellowship.teams.voting_rules import custom_rule

ASKED = Conversation(messages=(Message(role="user", content="What is a lake?"),))
HEARD = (
    Line("generator", "generator", "A lake is water."),
    Line("reviewer", "reviewer", "Too short.\nScore: 3/10"),
)


def own_faults(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """What is wrong with the user's own code and prompts, one message a name."""
    for place, kind, name in own_names(recipe):
        try:
            if kind == "rule":
                custom_rule(name)
            elif kind == "team":
                _made(recipe, place)
            elif kind == "agent":
                _built(recipe, place, name)
        except RecipeError as error:
            yield place, f"{dotted(place)}: {error}"
    yield from _files(recipe)
    if recipe.prompts is not None and not recipe.prompts.is_dir():
        return
    library = Library(recipe.prompts)
    for seat in seats(recipe):
        if not seat.own and seat.base is Judge:
            continue  # its prompt is looked at with the evaluator
        try:
            tried(seat, library)
        except RecipeError as error:
            place = (*seat.place, "role") if seat.own else seat.place
            yield place, f"{dotted(place)}: {error}"


def _files(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """AutoGen components that can't be seated; a missing file is told elsewhere."""
    for n, system in enumerate(recipe.systems):
        if not isinstance(system, AutogenSettings) or system.build:
            continue
        file = system.component_file
        if file is not None and not file.is_file():
            continue
        try:
            AutogenSystem(system)
        except RecipeError as error:
            yield ("systems", n), f"{dotted(('systems', n))}: {error}"


def _built(recipe: Recipe, place: Place, name: str) -> None:
    """A function that makes an agent, a team or a client; it is not called yet."""
    if place[0] == "systems" and isinstance(place[1], int):
        system = recipe.systems[place[1]]
        assert isinstance(system, AutogenSettings)
        AutogenSystem(system)
    elif not callable(load_named(name, "agent")):
        raise RecipeError(f"build {name!r} is no function")


def _made(recipe: Recipe, place: Place) -> None:
    if place[0] == "systems" and isinstance(place[1], int):
        system = recipe.systems[place[1]]
        assert isinstance(system, CustomSettings)
        OwnSystem(system)
    else:
        assert isinstance(recipe.evaluate, CustomEvaluateSettings)
        OwnEvaluator(recipe.evaluate)


def tried(seat: Seat, library: Library) -> None:
    """Have the seat's role write a request; `RecipeError` says why it can't."""
    more: dict[str, Any] = {"titles": TWO} if issubclass(seat.base, Judge) else {}
    role: Role = agent_for_role(
        seat.base, seat.own, model="m", prompt=seat.prompt, library=library, **more
    )
    drafts = (Candidate(text="Water.", system="a"), Candidate(text="Land.", system="b"))
    titles = ONE if isinstance(role, Reviewer) else TWO
    case = Case(ASKED, drafts[: len(titles)])
    try:
        for structured in (True, False):
            role.messages(case, HEARD, structured)
            role.repair("nothing", structured)
            role.form(structured)
        role.schema()
    except RecipeError:
        raise
    except Exception as error:  # a user's role may raise anything
        said = f"{type(error).__name__}: {error}"
        raise RecipeError(
            f"role {seat.own or seat.base.__name__!r} can't write its request: {said}"
        ) from error
