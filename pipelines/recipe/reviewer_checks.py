"""Checks of a feedback loop's reviewers: their names, and an order that somebody reads."""

from __future__ import annotations

from collections.abc import Iterator

from fellowship.faults import Place, dotted_place
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.teams.settings import FeedbackSettings, reviewer_config

RESERVED = ("generator", "user", "system", "fellowship")
"""Who else speaks in a session, or is spoken for."""


def reviewer_name_faults(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """Names of reviewers that somebody else in the loop has."""
    for n, system in enumerate(recipe.systems):
        if not isinstance(system, FeedbackSettings):
            continue
        names = system.reviewer_names
        for at, name in enumerate(names):
            others = (*names[:at], *names[at + 1 :], *RESERVED)
            if name not in others or reviewer_config(system.reviewers[at]).name is None:
                continue
            place: Place = ("systems", n, "reviewers", at, "name")
            yield (
                place,
                f"{dotted_place(place)}: the name {name!r} is taken; give each reviewer"
                " a `name` of its own",
            )


def idle_review_order(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """An order of reviews where there is one reviewer."""
    for n, system in enumerate(recipe.systems):
        if not isinstance(system, FeedbackSettings) or not system.in_order:
            continue
        if len(system.reviewers) == 1:
            yield (
                ("systems", n, "in_order"),
                "one reviewer has none before it: add a reviewer, or leave it out",
            )
