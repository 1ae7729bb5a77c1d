"""Model lists of OpenAI-style servers, and what `doctor` says of them.

A list is asked for where calls go, and nowhere else: on the host that the recipe names.
Where the server has no list there, the same host's `/v1` is looked at, for the cure.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from yarl import URL

from fellowship.models.addresses import base_of, below, shown_address
from fellowship.models.providers.http_client import Answer
from fellowship.models.record.secrets import public_url

CONTEXTS = (
    *("n_ctx", "loaded_context_length", "max_model_len", "context_length"),
    *("max_context_length", "context_window", "inputTokenLimit", "n_ctx_train"),
)
"""Fields of a listed model that hold its context."""

Get = Callable[[URL], Awaitable[Answer]]
"""A GET with the client's own headers; it follows no redirect."""


class ListedModel(NamedTuple):
    """One model that a server lists, and the day it leaves, where the server says."""

    name: str
    shutdown_date: str = ""
    context: int | None = None


def listed_models(answer: Answer) -> list[ListedModel] | None:
    """The models of a list; None where the answer is no list, but a page or an error.

    Servers send `{"data": [...]}`, `{"models": [...]}` or the bare list; Gemini's names
    begin with `models/`.
    """
    if answer.status >= 300 or not answer.whole:
        return None
    try:
        found: Any = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict):
        found = found.get("data", found.get("models"))
    if not isinstance(found, list):
        return None
    entries = (e if isinstance(e, dict) else {"id": e} for e in found)
    return [
        ListedModel(
            str(e.get("id") or e.get("name") or "").removeprefix("models/"),
            str(e.get("shutdown_date") or ""),
            context_of(e),
        )
        for e in entries
    ]


def context_of(entry: dict[str, Any]) -> int | None:
    """The context of a listed model in tokens: vLLM's, llama-server's, LM Studio's name.

    A server's own setting goes before what the model was made for.
    """
    inner = [part for part in (entry.get("meta"), entry.get("top_provider")) if part]
    for name in CONTEXTS:
        for part in (entry, *inner):
            value = part.get(name) if isinstance(part, dict) else None
            if type(value) is int and value > 0:
                return value
    return None


def is_page(answer: Answer) -> bool:
    """Whether an answer is a page for people, not an API's."""
    return answer.content.lstrip()[:1] == b"<"


def has_version(base: str) -> bool:
    """Whether a base URL's path names a version of an API: /v1, /v1beta/openai."""
    parts = base_of(base).path.lower().split("/")
    return any(part[:1] == "v" and part[1:2].isdigit() for part in parts)


async def missing_version(base: str, get: Get) -> str:
    """The base URL with `/v1` where that is what lacks: the server has a list there."""
    if has_version(base):
        return ""
    try:
        found = listed_models(await get(below(base, "/v1/models")))
    except (TimeoutError, OSError):
        return ""
    return public_url(shown_address(below(base, "/v1"))) if found is not None else ""
