"""Facts of a model on Ollama: what it can do, its context, how it thinks, where it runs.

As `/api/show` states them; what a server doesn't name is None, and nothing is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fellowship.models.config import OllamaModel
from fellowship.models.providers.reasoning import ollama_think


@dataclass(frozen=True)
class OllamaFacts:
    """What a server says of one model. `capabilities` is None where it names none.

    `context` is the longest the model was made for, in tokens. `levels` and `level`: the
    levels of thinking it has and the one it takes by itself. `remote`: where it runs, if
    that is not on the server.
    """

    capabilities: tuple[str, ...] | None = None
    context: int | None = None
    levels: tuple[str, ...] | None = None
    level: str | None = None
    remote: str = ""

    @property
    def thinks(self) -> bool | None:
        """Whether it can think; None where nobody says."""
        return None if self.capabilities is None else "thinking" in self.capabilities


def read_facts(show: Mapping[str, Any]) -> OllamaFacts:
    """The facts in a reply of `/api/show`."""
    info = show.get("model_info")
    info = info if isinstance(info, Mapping) else {}
    context = info.get(f"{info.get('general.architecture')}.context_length")
    named = show.get("capabilities")
    thinking = show.get("thinking")
    thinking = thinking if isinstance(thinking, Mapping) else {}
    values, level = thinking.get("values"), thinking.get("default")
    remote = (show.get("remote_model"), show.get("remote_host"))
    return OllamaFacts(
        capabilities=texts(named) if isinstance(named, list) else None,
        context=context if type(context) is int and context > 0 else None,
        levels=texts(values) if isinstance(values, list) else None,
        level=str(level) if level is not None else None,
        remote=" at ".join(str(part) for part in remote if part),
    )


def texts(values: Sequence[object]) -> tuple[str, ...]:
    """A list's values as texts."""
    return tuple(str(value).lower() for value in values)


def is_cloud_name(model: str) -> bool:
    """Whether a model runs at Ollama's own service, by its tag: `:cloud`, `:120b-cloud`."""
    return model.rpartition(":")[2].endswith("cloud") and ":" in model


def runs_in_cloud(config: OllamaModel) -> bool:
    """Whether a model runs at Ollama's own service, by its name or by its address."""
    hosts = (config.host or "", *config.hosts)
    names = (urlsplit(host).hostname or host.partition(":")[0] for host in hosts)
    return is_cloud_name(config.model) or any(
        name == "ollama.com" or name.endswith(".ollama.com") for name in names
    )


def describe_facts(facts: OllamaFacts) -> str:
    """The facts as a phrase, e.g. `context 32,768 tokens, thinks (by default medium)`."""
    parts = []
    if facts.remote:
        parts.append(f"runs remotely: {facts.remote}, at a price that is not known")
    if facts.context is not None:
        parts.append(f"context {facts.context:,} tokens")
    if facts.thinks:
        levels = f" ({', '.join(facts.levels)})" if facts.levels else ""
        usual = f", by default {facts.level}" if facts.level else ""
        parts.append(f"can think{levels}{usual}")
    elif facts.thinks is False:
        parts.append("does not think")
    return ", ".join(parts)


def contradictions(config: OllamaModel, facts: OllamaFacts) -> list[tuple[str, str]]:
    """What a recipe asks of a model that it can't do, each with its cure."""
    found = []
    able = facts.capabilities
    if able is not None and "completion" not in able:
        kinds = ", ".join(able) or "nothing"
        found.append((f"it can't chat: it is for {kinds}", "name a chat model"))
    if facts.context is not None and config.num_ctx > facts.context:
        message = (
            f"num_ctx {config.num_ctx:,} is more than the model's context of"
            f" {facts.context:,} tokens"
        )
        found.append((message, f"num_ctx: {facts.context}"))
    think = ollama_think(config)
    key = thinking_key(config)
    if facts.thinks is False and think:
        message = f"`{key}` asks it to think, and it can't: calls are refused"
        found.append((message, f"leave `{key}` out of the recipe"))
    level = think if isinstance(think, str) else None
    if level and facts.levels and level not in facts.levels:
        has = ", ".join(facts.levels)
        message = f"`{key}` is {level!r}, a level it lacks and replaces in silence"
        found.append((message, f"{key.partition(':')[0]}: one of {has}"))
    return found


def thinking_key(config: OllamaModel) -> str:
    """The line of a recipe that says whether a model thinks: `reasoning: high`."""
    if config.reasoning is None:
        return f"think: {str(config.think).lower()}"
    value = config.reasoning
    return f"reasoning: {str(value).lower() if isinstance(value, bool) else value}"


def cannot_think(detail: str, name: str, config: OllamaModel) -> str:
    """The end of a sentence on a refusal to think; '' where it is another refusal."""
    if "not support thinking" not in detail:
        return ""
    return f"; leave `{thinking_key(config)}` out of models.{name} in the recipe"
