"""Custom roles: a user's class in the place of a built-in role of the same kind.

The team says which kind it needs, because it reads what comes back: verdicts of a judge, a
review of a reviewer. A subclass keeps that promise and may change all the rest.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

from fellowship.agents.role import Role
from fellowship.custom_code import load_named
from fellowship.errors import RecipeError

R = TypeVar("R", bound=Role)


def make_role(base: type[R], own: str, **fields: Any) -> R:
    """A role of the kind `base`, or of the user's subclass that `own` names.

    Empty `prompt` is left to the class. Its name is that of `base`: transcripts, stopping
    rules and filters go by it. Raises `RecipeError` for a class of another kind.
    """
    cls = role_class(own, base) if own else base
    if not fields.get("prompt"):
        fields.pop("prompt", None)
    if own:
        fields |= class_body_fields(cls, fields)
        fields["name"] = base.__dataclass_fields__["name"].default
    try:
        return cls(**fields) if own else built_in_role(cls, fields)
    except TypeError as error:
        raise RecipeError(
            f"role {own!r} can't be made: {error}; its team gives"
            f" {', '.join(sorted(fields))}, so any other field needs a default"
        ) from error


def built_in_role(cls: type[R], fields: Mapping[str, Any]) -> R:
    """A role of ours: the same one for the same fields, all over a run."""
    try:
        return cast(R, _known_role(cls, **fields))
    except TypeError:  # a list, say, by which it can't be known
        return cls(**fields)


@lru_cache(maxsize=256, typed=True)
def _known_role(cls: type[Role], **fields: Any) -> Role:
    return cls(**fields)


def class_body_fields(cls: type[Role], given: dict[str, Any]) -> dict[str, Any]:
    """Fields that a subclass sets by a plain `prompt = "mine"`, without a decorator."""
    set_there = {
        field.name: inspect.getattr_static(cls, field.name, field.default)
        for field in dataclasses.fields(cls)
        if field.init and field.name not in given
    }
    return {
        name: value
        for name, value in set_there.items()
        if value is not cls.__dataclass_fields__[name].default
    }


def role_class(own: str, base: type[R]) -> type[R]:
    """The class a recipe names, if it is of the kind `base`; else `RecipeError`."""
    found = load_named(own, "role")
    wanted = f"its team needs a class that extends {base.__module__}.{base.__name__}"
    if not inspect.isclass(found):
        raise RecipeError(f"role {own!r} is a {type(found).__name__}: {wanted}")
    if not issubclass(found, base):
        kinds = ", ".join(c.__name__ for c in found.__mro__[1:-1]) or "nothing"
        raise RecipeError(f"role {own!r} extends {kinds}: {wanted}")
    if missing := sorted(getattr(found, "__abstractmethods__", ())):
        raise RecipeError(f"role {own!r} lacks the method {missing[0]!r}: {wanted}")
    return found
