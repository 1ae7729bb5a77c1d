"""Credential checks before a run begins.

A run that can't ask its models is refused before there is anything of it on a disk.
Only keys in the environment and the embedded engine are looked for. Whether a key is a
good one, the provider says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from fellowship.errors import RecipeError, install_command
from fellowship.models.providers.registry import provider_of
from fellowship.pipelines.recipe.checks import named_models
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.run_folder import HEADER
from fellowship.teams.settings import CustomEvaluateSettings, CustomSettings


def check_credentials(recipe: Recipe, into: Path) -> None:
    """`RecipeError` where a run that is to begin in `into` lacks a key or the engine.

    A run that is there already goes on: what it has to ask may be on record.
    """
    if os.path.exists(into / HEADER):
        return
    lacking: dict[str, list[str]] = {}
    for name in models_used(recipe):
        config = recipe.models.get(name)
        if config is None:
            continue
        provider = provider_of(config)
        if provider.needs and find_spec(provider.needs.module) is None:
            raise RecipeError(
                f"model {name!r} runs on the {provider.needs.extra} engine, which is not"
                f" installed: {install_command(provider.needs.extra)}"
            )
        variable = provider.key_variable(config)
        if variable is not None and not os.environ.get(variable):
            lacking.setdefault(variable, []).append(name)
    for variable, names in lacking.items():
        raise RecipeError(
            f"no API key for model{'s' * (len(names) > 1)} {', '.join(names)}: the"
            f" environment variable {variable} is not set; `export {variable}=...`, or"
            " `api_key_env: null` under the model where its server wants none"
        )


def models_used(recipe: Recipe) -> Iterator[str]:
    """The models that a recipe's teams name; all where a team of one's own may ask any."""
    own = (CustomSettings, CustomEvaluateSettings)
    if any(isinstance(team, own) for team in (*recipe.systems, recipe.evaluate)):
        yield from recipe.models
        return
    yield from dict.fromkeys(name for _, name in named_models(recipe))
