"""Bodies of errors as providers send them: message, codes, and the wait they name.

A body may be an object, a list of them (Gemini), a bare string, JSON within a string
(Ollama), a `detail` of one or several faults (FastAPI), events of a stream, or a page.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fellowship.models.limits.waits import seconds_of

MESSAGES = ("message", "msg", "detail", "error", "error_message", "title", "reason")
CODES = ("code", "type", "status", "reason", "error_type", "limit_source")
PARAMS = ("param", "parameter", "field", "pointer", "argument", "property")
"""Fields of an error that name the parameter: OpenAI's, Google's, RFC 9457's."""
DEEPER = (
    *("innererror", "details", "metadata", "provider_specific_fields", "error"),
    *("fieldViolations", "field_violations", "errors", "invalid_params", "raw"),
    *("invalid-params", "invalidParams", "source"),
)
DEPTH = 6
"""Levels of a body that are looked at: nobody nests an error deeper."""


class ErrorBody(NamedTuple):
    """What an error's body says. `codes`: its codes, types and reasons, as one text.

    `param`: the parameter that it names; `wait`: seconds, where it asks for some.
    `prompt_tokens` and `context`: of a prompt that was too long, both counted by the
    server in tokens; None where it does not say.
    """

    message: str
    codes: str = ""
    param: str = ""
    wait: float | None = None
    prompt_tokens: int | None = None
    context: int | None = None


def read_error(content: bytes | str) -> ErrorBody:
    """The body of an error, whatever its form."""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    value = parsed(text)
    if value is None:
        return ErrorBody(page_title(text) if text.lstrip()[:1] == "<" else text.strip())
    return error_body(value)


def error_body(value: Any) -> ErrorBody:
    """An error that was read already. What has no message of its own is shown as it is."""
    parts = list(_objects(value, DEPTH))
    message = _message(value, DEPTH) or json.dumps(value, default=str)
    told = (p["description"] for p in parts if isinstance(p.get("description"), str))
    raws = (_message(p["raw"], 3) for p in parts if p.get("raw"))  # OpenRouter's
    named = [p for p in parts if _is_word(p.get("name")) and _is_word(p.get("reason"))]
    faults = [f"{p['name']}: {p['reason']}" for p in named]  # RFC 7807's
    faults += [str(p["detail"]) for p in parts if _is_word(p.get("detail"))]
    both = dict.fromkeys((*told, *raws, *faults))
    new = [words for words in both if words and words not in message]
    message = "; ".join((message, *new[:4]))
    codes = " ".join(str(p[k]) for p in parts for k in CODES if _is_word(p.get(k)))
    params = (p[k] for p in parts for k in PARAMS if isinstance(p.get(k), str))
    places = (
        p["loc"][-1] for p in parts if isinstance(p.get("loc"), list) and p["loc"]
    )
    names = (str(p["name"]) for p in named)
    waits = (seconds_of(p["retryDelay"]) for p in parts if "retryDelay" in p)
    return ErrorBody(
        message,
        codes,
        next(filter(None, (*params, *filter(_is_word, places), *names)), ""),
        next((w for w in waits if w), None),
        _count(parts, "n_prompt_tokens"),
        _count(parts, "n_ctx"),
    )


def parsed(text: str) -> Any:
    """The JSON of a text, or of the first event of a stream; None where it is none."""
    data = re.match(r"\s*(?:event:[^\n]*\n)?data:\s*(.*)", text)
    try:
        return json.loads(data[1] if data else text)
    except (ValueError, RecursionError):
        return None


def page_title(text: str) -> str:
    """What a page for people is called, or the beginning of its words."""
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
    heading = title[1] if title else re.sub(r"<[^>]*>", " ", text)
    return f"a page: {' '.join(html.unescape(heading).split())[:120]!r}"


def _count(parts: list[Mapping[str, Any]], name: str) -> int | None:
    """The first whole number of that name."""
    return next((p[name] for p in parts if type(p.get(name)) is int), None)


def _is_word(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _unfolded(value: Any) -> Any:
    """JSON in a string, read; anything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        inner = parsed(value)
        return value if inner is None else inner
    return value


def _objects(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """The objects of an error that say what it is, outermost first."""
    value = _unfolded(value)
    if depth == 0:
        return
    if isinstance(value, list):
        for inner in value[:8]:
            yield from _objects(inner, depth - (not isinstance(inner, Mapping)))
    if isinstance(value, Mapping):
        yield value
        for name in (*DEEPER, "message", "detail"):
            yield from _objects(value.get(name), depth - 1)


def _message(value: Any, depth: int) -> str:
    """The words of an error; of several, all of them."""
    value = _unfolded(value)
    if isinstance(value, str) or depth == 0:
        return value.strip() if isinstance(value, str) else ""
    if isinstance(value, list):
        messages = [_message(inner, depth - 1) for inner in value[:8]]
        return "; ".join(dict.fromkeys(filter(None, messages)))
    if not isinstance(value, Mapping):
        return ""
    if value.get("error"):
        return _message(value["error"], depth - 1)
    place = value.get("loc")
    at = ".".join(map(str, place)) + ": " if isinstance(place, list) else ""
    words = (_message(value.get(name), depth - 1) for name in (*MESSAGES, "errors"))
    return at + found if (found := next(filter(None, words), "")) else ""
