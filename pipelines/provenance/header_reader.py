"""Reader of run headers of any origin.

Of a header only what has the right shape is taken.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def usable_header(header: Json) -> Json:
    """The header with every part that readers look into, empty where it isn't usable."""
    recipe, identity = as_table(header.get("recipe")), as_table(header.get("identity"))
    systems = recipe.get("systems")
    if recipe:
        recipe |= {
            "models": inner_tables(recipe.get("models")),
            "systems": [each for each in systems if isinstance(each, dict)]
            if isinstance(systems, list)
            else [],
            "evaluate": as_table(recipe.get("evaluate")),
            "pairs": as_table(recipe.get("pairs")),
            "source": as_table(recipe.get("source")),
        }
    identity["prompts"] = as_table(identity.get("prompts"))
    packages = as_table(header.get("packages"))
    return {**header, "recipe": recipe, "identity": identity, "packages": packages}


def as_table(value: Any) -> Json:
    """A copy of the value if it is a table, else an empty one."""
    return dict(value) if isinstance(value, dict) else {}


def inner_tables(value: Any) -> dict[str, Json]:
    """The tables in a table."""
    return {k: dict(v) for k, v in as_table(value).items() if isinstance(v, dict)}
