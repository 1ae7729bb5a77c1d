"""Types of settings' fields: numbers, names and paths that are what they look like.

Left to itself, pydantic takes true and false (YAML's yes and on) for 1 and 0, and an empty
path for the current folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError, PydanticKnownError


def is_boolean(value: Any) -> bool:
    """Whether a value is true or false, NumPy's too: it gives them as numbers."""
    of_numpy = getattr(getattr(value, "dtype", None), "kind", "") == "b"
    return of_numpy or isinstance(value, bool)


def refuse_boolean_whole(value: Any) -> Any:
    """Any value but true and false, which Python takes for 1 and 0."""
    if is_boolean(value):
        raise PydanticKnownError("int_type")
    return value


def refuse_boolean(value: Any) -> Any:
    """As `refuse_boolean_whole`, where a number need not be whole."""
    if is_boolean(value):
        raise PydanticKnownError("float_type")
    return value


def refuse_empty_path(value: Any) -> Any:
    """Any value but an empty text."""
    if isinstance(value, str) and not value.strip():
        raise PydanticCustomError("path_type", "it is empty")
    return value


WHOLE = BeforeValidator(refuse_boolean_whole)
"""Stands last in an `Annotated[int, ...]`, so that bounds stay in the JSON schema."""
NUMBER = BeforeValidator(refuse_boolean)
"""Stands last in an `Annotated[float, ...]`."""

Whole = Annotated[int, WHOLE]
PositiveInt = Annotated[pydantic.PositiveInt, WHOLE]
NonNegativeInt = Annotated[pydantic.NonNegativeInt, WHOLE]
Number = Annotated[float, NUMBER]
Finite = Annotated[float, Field(allow_inf_nan=False), NUMBER]
PositiveFloat = Annotated[pydantic.PositiveFloat, NUMBER]
NonNegativeFloat = Annotated[pydantic.NonNegativeFloat, NUMBER]

GivenName = Annotated[str, Field(min_length=1)]
GivenPath = Annotated[Path, BeforeValidator(refuse_empty_path)]
