"""Requests to Ollama's /api/chat, which it refuses rather than cuts, and their room."""

from __future__ import annotations

from typing import Any

from fellowship.answer_order import sorted_schema
from fellowship.models.client import Request
from fellowship.models.config import OllamaModel
from fellowship.models.providers.context_window import Room
from fellowship.models.providers.ollama_facts import runs_in_cloud
from fellowship.models.providers.reasoning import ollama_think
from fellowship.models.providers.schema import strict_schema

CHANCES = ("logprobs", "top_logprobs")
"""What of the sampling is no option of Ollama's: it stands beside the options."""


def body_of(config: OllamaModel, request: Request) -> dict[str, Any]:
    """What is sent. `truncate` and `shift`: refuse rather than cut, then or later."""
    body: dict[str, Any] = {
        "model": config.model,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "stream": False,
        "options": options_of(config, request),
        "keep_alive": config.keep_alive,
        "truncate": False,
        "shift": False,
    }
    if request.schema is not None:
        body["format"] = strict_schema(sorted_schema(request.schema))
    for name in CHANCES:
        if request.sampling.get(name):
            body[name] = request.sampling[name]
    think = ollama_think(config)
    if think is not None:
        body["think"] = think
    return body


def options_of(config: OllamaModel, request: Request) -> dict[str, Any]:
    """Ollama's options for a request: those of the recipe, and the request's own."""
    sampling = dict(request.sampling)
    longest = sampling.pop("max_tokens", None)
    for name in CHANCES:
        sampling.pop(name, None)
    options = {k: v for k, v in sampling.items() if v not in (None, (), [])}
    if longest:
        options["num_predict"] = longest + (config.thinking_tokens or 0)
    return {**config.options, **options, "num_ctx": config.num_ctx}


def room_of(name: str, config: OllamaModel, request: Request) -> Room | None:
    """The room of prompt and answer; None of a cloud model, which has its own."""
    if runs_in_cloud(config):
        return None
    longest = options_of(config, request).get("num_predict")
    return Room(name, config.num_ctx, longest if isinstance(longest, int) else None)
