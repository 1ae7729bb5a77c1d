"""Team kinds of a recipe, each with the settings that describe it.

Whoever does something else for each kind keeps a table by settings and checks it here, so
that a new kind of team is an error at import wherever nobody has thought of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from fellowship.registry_check import check_registry
from fellowship.teams.settings import BUILT_IN_TEAMS, EvaluateSettings, SystemSettings

SYSTEM_KINDS: tuple[type, ...] = get_args(SystemSettings)
"""The settings of the teams that write answers."""

EVALUATOR_KINDS: tuple[type, ...] = tuple(
    get_args(member)[0] for member in get_args(get_args(EvaluateSettings)[0])
)
"""The settings of the teams that evaluate them."""


def check_kinds(what: str, kinds: Iterable[type], entries: Iterable[type]) -> None:
    """`IncompleteRegistry` unless a table has an entry for each kind of settings."""
    names = [kind.__name__ for kind in kinds]
    check_registry(what, names, [entry.__name__ for entry in entries])


def named_teams() -> list[str]:
    """The names that settings give to teams of ours."""
    fields = (kind.model_fields["team"] for kind in (*SYSTEM_KINDS, *EVALUATOR_KINDS))  # type: ignore[attr-defined]
    return [name for field in fields for name in get_args(field.annotation)]


check_registry("team", BUILT_IN_TEAMS, named_teams())
