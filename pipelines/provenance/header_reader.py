"""Reader of run headers of any origin.

Of a header only what has the right shape is taken.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def known(header: Json) -> Json:
    """The header with every part that readers look into, empty where it isn't usable."""
    recipe, identity = table(header.get("recipe")), table(header.get("identity"))
    systems = recipe.get("systems")
    if recipe:
        recipe |= {
            "models": tables(recipe.get("models")),
            "systems": [each for each in systems if isinstance(each, dict)]
            if isinstance(systems, list)
            else [],
            "evaluate": table(recipe.get("evaluate")),
            "pairs": table(recipe.get("pairs")),
            "source": table(recipe.get("source")),
        }
    identity["prompts"] = table(identity.get("prompts"))
    packages = table(header.get("packages"))
    return {**header, "recipe": recipe, "identity": identity, "packages": packages}


def table(value: Any) -> Json:
    """A copy of the value if it is a table, else an empty one."""
    return dict(value) if isinstance(value, dict) else {}


def tables(value: Any) -> dict[str, Json]:
    """The tables in a table."""
    return {k: dict(v) for k, v in table(value).items() if isinstance(v, dict)}
