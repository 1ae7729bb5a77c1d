"""Bodies of Ollama's /api/chat: one object, or the lines of a stream nobody asked for.

An error may stand in either under status 200, and a line without `done` ends a stream that
was broken off.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fellowship.models.replies.usage_counts import whole_number
from fellowship.usage import Usage


def read_chat(content: bytes) -> dict[str, Any]:
    """The reply in a body; `ValueError` says why there is none."""
    text = content.decode("utf-8", "replace").strip()
    try:
        whole = json.loads(text)
    except RecursionError as error:
        raise ValueError("its JSON is too deep") from error
    except ValueError:
        lines = [line for line in text.split("\n") if line.strip()]
        whole = joined_lines([json.loads(line) for line in lines])
    if not isinstance(whole, dict):
        raise ValueError(f"no object in it, but {type(whole).__name__}")
    return whole


def joined_lines(lines: list[Any]) -> dict[str, Any]:
    """The reply that the lines of a stream add up to: texts grow, the last line counts."""
    whole: dict[str, Any] = {}
    message: dict[str, Any] = {}
    chances: list[Any] = []
    for line in lines:
        if not isinstance(line, dict):
            raise ValueError(f"no object in a line, but {type(line).__name__}")
        part = line.get("message")
        for name, value in part.items() if isinstance(part, Mapping) else ():
            grows = name != "role" and isinstance(value, str)
            message[name] = message.get(name, "") + value if grows else value
        chances += line.get("logprobs") or ()
        whole |= line
    parts = {"message": message} if message else {}
    return whole | parts | ({"logprobs": chances} if chances else {})


def prompt_count(answer: Mapping[str, Any]) -> int | None:
    """The tokens of the prompt that Ollama counted; None where it did not."""
    return whole_number(answer.get("prompt_eval_count"))


def usage_of(answer: Mapping[str, Any]) -> Usage | None:
    """The tokens that Ollama counted; None where it counted none.

    Of a prompt that it had in its cache some versions leave the count out: 0 then.
    """
    read, written = prompt_count(answer), whole_number(answer.get("eval_count"))
    if read is None and written is None:
        return None
    return Usage(read or 0, written or 0, estimated=read is None or written is None)


def why_incomplete(answer: Mapping[str, Any]) -> str:
    """Why a reply is none, by its own marks; empty where it is one."""
    message = answer.get("message")
    reason = answer.get("done_reason")
    if reason in ("load", "unload"):
        did = "loaded" if reason == "load" else "unloaded"
        return (
            f"Ollama {did} the model and asked it nothing (done_reason {reason!r}), as it"
            " does where a request has no messages"
        )
    if not isinstance(message, Mapping):
        return "no message in it"
    if answer.get("done") is not True:
        return (
            "it was broken off (done is not true): Ollama stops a model that repeats one"
            " token, and says no more"
        )
    if message.get("content") is None:
        return "its content is empty (null)"
    return ""
