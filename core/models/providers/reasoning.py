"""Reasoning settings of a recipe in the words of each provider.

`reasoning` is one of none, minimal, low, medium, high, xhigh, max, true, false, or a
budget in tokens. A provider without budgets gets the effort nearest to one.
"""

from __future__ import annotations

from typing import Any

from fellowship.models.config import OllamaModel, Reasoning
from fellowship.models.providers.capabilities import Dialect, capabilities_of

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
BUDGETS = {"minimal": 512, "low": 1024, "medium": 8192, "high": 24576}
"""Tokens of thinking up to which an effort goes: Google's own figures for three of them."""


def effort_of(reasoning: Reasoning) -> str:
    """The effort that a setting stands for; '' for thinking as the model does by itself."""
    if isinstance(reasoning, bool):
        return "" if reasoning else "none"
    if isinstance(reasoning, int):
        return next((e for e, most in BUDGETS.items() if reasoning <= most), "xhigh")
    return reasoning


def nearest_effort(model: str, effort: str) -> str:
    """The effort nearest to this that a model takes; as it is where nothing is known.

    A model that always thinks gets its least for `none`.
    """
    known, off = capabilities_of(model).efforts, capabilities_of(model).off
    if not known or effort in known or not effort or (effort == "none" and off):
        return effort
    place = EFFORTS.index(effort)
    some = [e for e in known if e != "none"]  # a little is more than nothing
    return min(some, key=lambda e: (abs(EFFORTS.index(e) - place), EFFORTS.index(e)))


def reasoning_fields(
    reasoning: Reasoning | None, dialect: Dialect, model: str
) -> dict[str, Any]:
    """The fields of a request that say how much to think; none where nothing is set."""
    known = capabilities_of(model)
    if reasoning is None or known.never_thinks:
        return {}
    effort = nearest_effort(model, effort_of(reasoning))
    tokens = reasoning if type(reasoning) is int else None
    off = effort_of(reasoning) == "none"
    match dialect:
        case "openrouter":
            if tokens:
                return {"reasoning": {"max_tokens": tokens}}
            return {"reasoning": {"effort": effort} if effort else {"enabled": True}}
        case "anthropic":
            if off and (known.off or not known.efforts):
                return {"thinking": {"type": known.off or "disabled"}}
            return anthropic_fields(effort, None if known.efforts else tokens)
        case "deepseek":
            kind = {"thinking": {"type": "disabled" if off else "enabled"}}
            return kind if off or not effort else {**kind, "reasoning_effort": effort}
        case "local":
            return local_fields(effort, tokens, off=off)
    return {"reasoning_effort": effort} if effort else {}


def anthropic_fields(effort: str, tokens: int | None) -> dict[str, Any]:
    """Anthropic's. `tokens`: a budget; models of the 5.x line refuse one: None there."""
    if tokens and tokens >= 1024:
        return {"thinking": {"type": "enabled", "budget_tokens": tokens}}
    adaptive: dict[str, Any] = {"thinking": {"type": "adaptive"}}
    return {**adaptive, "output_config": {"effort": effort}} if effort else adaptive


def local_fields(effort: str, tokens: int | None, *, off: bool) -> dict[str, Any]:
    """vLLM's and llama.cpp's, which pass over each other's: a switch, a level, a budget."""
    fields: dict[str, Any] = {"chat_template_kwargs": {"enable_thinking": not off}}
    if tokens:
        return {
            **fields,
            "thinking_token_budget": tokens,
            "thinking_budget_tokens": tokens,
        }
    return fields if off or not effort else {**fields, "reasoning_effort": effort}


def ollama_think(config: OllamaModel) -> bool | str | None:
    """Ollama's `think` for a model; a budget, for which it has no field, is thinking."""
    reasoning = config.reasoning
    if reasoning is None:
        return config.think
    if isinstance(reasoning, bool | int):
        return bool(reasoning)
    levels: dict[str, bool | str] = {"none": False, "minimal": "low", "xhigh": "max"}
    return levels.get(reasoning, reasoning)
