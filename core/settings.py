"""Settings: the records that a recipe file is read into, and that code makes by name.

What is wrong with settings made in code is said in the words that a recipe's reader gets,
as a `SettingsError`. Inside a recipe, or by `model_validate`, they are checked as any
record is, by pydantic and with its `ValidationError`: the recipe knows the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ValidationError

from fellowship.errors import SettingsError
from fellowship.faults import faults
from fellowship.records import Record
from fellowship.spellings import names_of


class Settings(Record):
    """A frozen value that is made by name, `fl.Limits(usd=5)`."""

    python_name: ClassVar[str] = ""
    """What it is called in `fellowship`, where that is not the class's own name."""

    def __init__(self, /, *unnamed: Any, **settings: Any) -> None:
        """Check the settings; `SettingsError` has one line per fault."""
        if unnamed:
            raise SettingsError(needs_names(type(self)))
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise settings_error(type(self), error, settings) from error

    # Pydantic calls an __init__ of one's own for nested values too: this one it need not.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


def name_in_python(settings: type[Settings]) -> str:
    """`fl.Limits`."""
    return f"fl.{settings.python_name or settings.__name__}"


def needs_names(settings: type[Settings]) -> str:
    """That settings have no order, and how they are given."""
    name, first = name_in_python(settings), names_of(settings)[0][0]
    return f"{name} takes its settings by name, e.g. {name}({first}=...)"


def settings_error(
    settings: type[Settings], error: ValidationError, given: Mapping[str, Any]
) -> SettingsError:
    """What is wrong with settings made in code, in a recipe's words, a line each."""
    name = name_in_python(settings)
    found = faults(error.errors(include_url=False), given, settings, whole=name)
    told = found.values()
    return SettingsError(
        "\n".join(s if s.startswith(name) else f"{name}: {s}" for s in told)
    )
