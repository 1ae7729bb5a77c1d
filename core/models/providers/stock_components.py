"""Models as components of AutoGen's stock clients.

Where a model is and how it samples goes in, its key never.
"""

from __future__ import annotations

from typing import Any

from fellowship.errors import RecipeError
from fellowship.models.config import (
    AutogenModel,
    FunctionModel,
    LlamaCppModel,
    OllamaModel,
    OpenAIModel,
    RewardModel,
)
from fellowship.models.record.secrets import is_secret

INFO = {
    "vision": False,
    "function_calling": False,
    "json_output": True,
    "structured_output": True,
    "family": "unknown",
}
OPENAI = "autogen_ext.models.openai.OpenAIChatCompletionClient"
OLLAMA = "autogen_ext.models.ollama.OllamaChatCompletionClient"


def make_component(provider: str, config: dict[str, Any]) -> dict[str, Any]:
    """A client's component, without what isn't set."""
    return {
        "provider": provider,
        "component_type": "model",
        "version": 1,
        "component_version": 1,
        "config": {k: v for k, v in config.items() if v is not None},
    }


def openai_component(
    name: str, config: OpenAIModel, base_url: str | None = None
) -> dict[str, Any]:
    """OpenAI's stock client; it takes the key from OPENAI_API_KEY itself."""
    keyless = config.api_key_env is None
    return make_component(
        OPENAI,
        {
            "model": config.model,
            "base_url": config.base_url,
            "api_key": "none" if keyless else None,
            "temperature": config.temperature,
            "top_p": config.top_p,
            "max_tokens": config.longest,
            "stop": list(config.stop) or None,
            "timeout": config.deadline or 300.0,
            "model_info": INFO,
        },
    )


def llama_cpp_component(
    name: str, config: LlamaCppModel, base_url: str | None = None
) -> dict[str, Any]:
    """A client of the llama-server at `base_url`; `RecipeError` without one."""
    if base_url is None:
        raise RecipeError(
            f"model {name!r} is embedded, for which AutoGen has no client: serve it"
            " with llama-server and give its address with --base-url"
        )
    served = OpenAIModel(
        provider="openai",
        model=config.model,
        base_url=base_url,
        api_key_env=None,
        temperature=config.temperature,
        top_p=config.top_p,
        max_tokens=config.max_tokens,
        thinking_tokens=config.thinking_tokens,
        stop=config.stop,
    )
    return openai_component(name, served)


def ollama_component(
    name: str, config: OllamaModel, base_url: str | None = None
) -> dict[str, Any]:
    """Ollama's stock client; what it would drop in silence is put into `options`."""
    options = {
        "temperature": config.temperature,
        "top_p": config.top_p,
        "num_predict": config.longest,
        "num_ctx": config.num_ctx,
        "stop": list(config.stop) or None,
        **config.options,
    }
    return make_component(
        OLLAMA,
        {
            "model": config.model,
            "host": config.host,
            "model_info": INFO,
            "options": {k: v for k, v in options.items() if v is not None},
        },
    )


def no_component(
    name: str, config: RewardModel | FunctionModel, base_url: str | None = None
) -> dict[str, Any]:
    """`RecipeError`: AutoGen has no client for what answers with numbers."""
    raise RecipeError(
        f"model {name!r} gives scores, not words: AutoGen has no client for it"
    )


def autogen_component(
    name: str, config: AutogenModel, base_url: str | None = None
) -> dict[str, Any]:
    """A component of the recipe's own, without its secrets."""
    if config.build:
        raise RecipeError(
            f"model {name!r} is built by Python code: it can't be written as JSON"
        )
    from fellowship.models.providers.autogen import load_component

    found = load_component(config)
    if found.get("component_type", "model") != "model":
        raise RecipeError(
            f"model {name!r} is a whole agent or team, not a model client"
        )
    bare: dict[str, Any] = without_secrets(found)
    return bare


def without_secrets(value: Any) -> Any:
    """A configuration without the entries that hold secrets."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if not is_secret(k) or is_plain(v)}
        return {k: without_secrets(v) for k, v in kept.items()}
    return [without_secrets(v) for v in value] if isinstance(value, list) else value


def is_plain(value: Any) -> bool:
    """Whether a value can't hold a secret: a number, a flag, nothing."""
    return value is None or isinstance(value, int | float)
