"""Header of a run: enough to repeat the run, and no secret."""

from __future__ import annotations

import functools
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import ValidationError

from fellowship import __version__
from fellowship.models.record.secrets import hide_secrets
from fellowship.pipelines.pairing.unusable_answers import (
    UNUSABLE_RULE,
    UNUSABLE_VERSION,
)
from fellowship.pipelines.recipe.custom_names import code_digests
from fellowship.pipelines.recipe.export_settings import LINES_RULE, LINES_VERSION
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.sources.source_columns import COLUMNS_RULE, COLUMNS_VERSION
from fellowship.prompts.library import PromptLibrary
from fellowship.teams.settings import JurySettings
from fellowship.teams.voting_rules import rule_named

PACKAGES = (
    *("autogen-agentchat", "autogen-core", "autogen-ext", "openai", "ollama"),
    *("pydantic", "xllamacpp", "datasets"),
)

MAY_CHANGE = {"limits", "concurrency", "row_deadline", "export"}
"""What of a recipe may change between two goes at one run: it shapes no answer."""

MODEL_MAY_CHANGE = {
    *(
        "concurrency",
        "rpm",
        "tpm",
        "deadline",
        "tries",
        "patience",
        "price",
        "usd_per_hour",
    ),
    *("hosts", "base_urls", "max_loaded", "mode", "batch"),
}
"""What of a model may change likewise. A pool's hosts may: which of them answers shapes
no answer, and their model's name stays."""


RULE_VERSIONS = {
    "dawid-skene": 2,
    UNUSABLE_RULE: UNUSABLE_VERSION,
    COLUMNS_RULE: COLUMNS_VERSION,
    LINES_RULE: LINES_VERSION,
}
"""Rules that have changed: a run is decided by the one it began with."""


def make_header(recipe: Recipe, library: PromptLibrary) -> dict[str, Any]:
    """The header of a run of `recipe`. `identity` is what must not change later."""
    whole = hide_secrets(recipe.model_dump(mode="json"))
    identity = lasting_identity(whole)
    identity["prompts"] = library.digests()
    if code := code_digests(recipe):
        identity["code"] = code
    if has_weights(recipe):
        identity["weights"] = "reach the rule"  # before 2026-11-29 they did not
    return {
        "fellowship": __version__,
        "python": platform.python_version(),
        "packages": {
            name: found for name in PACKAGES if (found := installed_version(name))
        },
        "rules": dict(RULE_VERSIONS),
        "reader": recipe.reader,
        "recipe": whole,
        "identity": identity,
    }


def has_weights(recipe: Recipe) -> bool:
    """Whether a juror's weight reaches a rule that once took every juror as 1."""
    jury = recipe.evaluate
    return (
        isinstance(jury, JurySettings)
        and jury.rule != "weighted"
        and rule_named(jury.rule).weighs
        and any(juror.weight != 1 for juror in jury.jurors)
    )


def lasting_identity(recipe: dict[str, Any]) -> dict[str, Any]:
    """What of a recipe, as JSON, must not change between two goes at one run."""
    kept = {key: value for key, value in recipe.items() if key not in MAY_CHANGE}
    kept["models"] = {
        name: {k: v for k, v in model.items() if k not in MODEL_MAY_CHANGE}
        for name, model in recipe["models"].items()
    }
    kept["source"] = {k: v for k, v in recipe["source"].items() if k != "limit"}
    return kept


def upgraded_identity(old: dict[str, Any], library: PromptLibrary) -> dict[str, Any]:
    """The identity in an old header, as this version would have written it.

    What recipes have learnt since has its default there, and prompts that were not yet
    known are as they are now: neither can have shaped an answer.
    """
    identity: dict[str, Any] = dict(old.get("identity") or {})
    try:
        recipe = Recipe.model_validate(old.get("recipe"))
    except ValidationError:
        return identity
    known = identity.get("prompts") or {}
    identity |= lasting_identity(hide_secrets(recipe.model_dump(mode="json")))
    identity["prompts"] = library.digests() | known
    return identity


@functools.cache
def installed_version(package: str) -> str | None:
    """A package's version, None where it isn't installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
