"""Models named in a call: `ollama:qwen3:8b`, a mapping as in a recipe, or settings.

A name alone is OpenAI's, as `gpt-4o-mini`; what could be another server's is refused until
its provider is named, and so is what no provider has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fellowship.errors import RecipeError
from fellowship.fault_words import MODEL_EXAMPLE, show_value
from fellowship.faults import faults
from fellowship.models.config import AnyModel, ModelBase, ModelConfig
from fellowship.models.providers.registry import PROVIDERS
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.suggestions import quoted_list

ModelSpec = str | Mapping[str, Any] | AnyModel
"""A name, with its provider before it unless it is OpenAI's, or a model's settings."""

SETTINGS: TypeAdapter[AnyModel] = TypeAdapter(ModelConfig)
HERE = ("models", "model")
"""Where a recipe would have the model, for the words of its faults."""


def model_config(spec: ModelSpec) -> AnyModel:
    """The settings of a model; `RecipeError` says what is wrong with them.

    `"gpt-4o-mini"`, `"ollama:qwen3:8b"`, `"llama_cpp"` (the embedded model),
    `"llama_cpp:path/to/file.gguf"`.
    """
    if isinstance(spec, ModelBase):
        return spec
    data: Any = spec_of_name(spec) if isinstance(spec, str) else spec
    if not isinstance(data, Mapping):
        raise RecipeError(
            f"model is {show_value(data)}: give a name such as 'gpt-4o-mini' or"
            f" 'ollama:qwen3:8b', or its keys and values, e.g. {MODEL_EXAMPLE}"
        )
    try:
        return SETTINGS.validate_python(data)
    except ValidationError as error:
        told = [{**one, "loc": (*HERE, *one["loc"])} for one in error.errors()]
        found = faults(told, {HERE[0]: {HERE[1]: data}}, Recipe).values()
        said = "\n".join(found).replace(".".join(HERE), "model")
        raise RecipeError(said) from error


def spec_of_name(name: str) -> dict[str, str]:
    """The settings that a name stands for."""
    provider, colon, rest = name.partition(":")
    if provider in PROVIDERS:
        return {"provider": provider} | ({"model": rest} if rest else {})
    if colon or not name.strip():
        raise RecipeError(
            f"model {name!r}: name its provider, as in 'ollama:{name or 'qwen3:8b'}'; there"
            f" are {quoted_list(PROVIDERS)}"
        )
    return {"provider": "openai", "model": name}


def identifier(name: str) -> str:
    """A model's name as a recipe's key: `ollama:qwen3:8b` is `qwen3_8b`."""
    provider, _, rest = name.partition(":")
    bare = rest if provider in PROVIDERS and rest else name
    key = re.sub(r"\W+", "_", bare.rsplit("/", 1)[-1], flags=re.ASCII).strip("_")
    return key if re.match(r"[A-Za-z_]", key) else f"m_{key}"
