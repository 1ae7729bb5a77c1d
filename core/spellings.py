"""Second spellings of recipe keys.

A key that has been given a plainer name is read in both and stored under the older one,
so that `run.json`, and with it a run's identity, is the same whichever a recipe has.
"""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, BaseModel

OLDER = {
    "answers": "candidates",
    "min_gap": "margin",
    "substitute": "stand_in",
    "abstain": "recuse",
    "benchmark_overlap": "contamination",
    "benchmark_overlap_words": "contamination_words",
}
"""The name to use -> the name that is stored, which older recipes have."""


def either(name: str) -> AliasChoices:
    """Validation alias of a field that is stored under `OLDER[name]`; not both at once."""
    return AliasChoices(name, OLDER[name])


def other_spelling(key: object) -> str | None:
    """The other name of a key; None where it has one name."""
    newer = {old: new for new, old in OLDER.items()}
    return OLDER.get(str(key)) or newer.get(str(key))


def preferred_name(key: str) -> str:
    """The name of a key to use: the newer one of two."""
    return {old: new for new, old in OLDER.items()}.get(key, key)


def names_of(model: type[BaseModel]) -> list[tuple[str, ...]]:
    """The names of each field, the one to use first."""
    found = []
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        both = alias.choices if isinstance(alias, AliasChoices) else [name]
        found.append(tuple(map(str, both)))
    return found


def with_older_names(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Add the older names to a JSON schema, marked as deprecated."""
    for name, *older in names_of(model):
        for old in older:
            known = schema["properties"][name]
            note = {"deprecated": True, "description": f"older name of `{name}`"}
            schema["properties"][old] = known | note
