"""Errors as Ollama states them: objects, texts, and its runner's objects in a text.

What counts is the innermost one that says something, with the counts of a prompt's tokens
and the context that stand beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

DEPTH = 5
"""Bodies within bodies that are looked into."""


class StatedError(NamedTuple):
    """An error in the server's words, with its code or type.

    `prompt_tokens` and `context`: of a prompt that was too long, both counted by the
    server in tokens; None where it does not say.
    """

    message: str
    code: str = ""
    prompt_tokens: int | None = None
    context: int | None = None


def read_error(body: Any, depth: int = DEPTH) -> StatedError:
    """What an error body says, however often it is wrapped; its text where it is none."""
    if isinstance(body, str):
        inner = json_object(body) if depth else None
        return StatedError(body) if inner is None else read_error(inner, depth - 1)
    if isinstance(body, list) and len(body) == 1:  # Gemini's
        return read_error(body[0], depth - 1) if depth else StatedError(str(body))
    if not isinstance(body, Mapping):
        return StatedError(str(body))
    for name in ("error", "message", "detail"):
        if depth and body.get(name):
            return with_own_fields(read_error(body[name], depth - 1), body)
    return with_own_fields(StatedError(json.dumps(body, ensure_ascii=False)), body)


def with_own_fields(inner: StatedError, body: Mapping[str, Any]) -> StatedError:
    """What was found within, and what stands beside it where nothing within says it."""
    codes = (body.get("code"), body.get("type"), body.get("status"))
    code = next((c for c in codes if isinstance(c, str) and c), "")
    prompt, context = body.get("n_prompt_tokens"), body.get("n_ctx")
    return StatedError(
        inner.message,
        inner.code or code,
        inner.prompt_tokens if type(prompt) is not int else prompt,
        inner.context if type(context) is not int else context,
    )


def json_object(text: str) -> Any:
    """The object or list that a text holds and is nothing but; None for any other."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def read_error_bytes(content: bytes) -> StatedError:
    """What the body of a refusal says."""
    return read_error(content.decode("utf-8", "replace").strip())
