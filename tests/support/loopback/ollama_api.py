"""Ollama's chat as the wire carries it, down to what it drops without a word.

A prompt longer than `num_ctx` loses its oldest turns, and the reply does not say so:
`prompt_eval_count` stays within the window. That is for clients to detect. With
`truncate: false` it is refused, by servers that know the word.
"""

from __future__ import annotations

import json
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from aiohttp import web

from tests.support.loopback import delivery
from tests.support.loopback.delivery import Wire
from tests.support.loopback.prose import Ask, Reply, prompt_tokens
from tests.support.loopback.residency import Residency
from tests.support.loopback.server import Body, Loopback, Refused

VERSION = "0.12.6"
_PIECE = 24
_NS_PER_TOKEN = 1_000_000
_ERRORS: dict[str, tuple[int, str]] = {
    "400": (400, "{}"),
    "401": (401, "unauthorized"),
    "402": (402, "payment required"),
    "404": (404, "model '{}' not found"),
    "429": (429, "too many requests"),
    "quota": (429, "usage limit reached"),
    "500": (500, "model runner has stopped"),
    "502": (502, "bad gateway"),
    "503": (503, "server busy, too many requests are waiting"),
    "529": (529, "overloaded"),
    "context": (400, "the prompt is longer than the context of '{}'"),
    "filter-400": (400, "prompt refused"),
    "error-200": (200, "an error under status 200"),
    "route": (404, "404 page not found"),
}


class OllamaServer(Loopback):
    """POST /api/chat, GET /api/tags, POST /api/show, GET /api/ps, GET /api/version."""

    chat_path = "/api/chat"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.memory = Residency(self.settings)
        self.truncated = 0
        self.routes["GET", "/api/tags"] = self._tags
        self.routes["POST", "/api/show"] = self._show
        self.routes["GET", "/api/ps"] = self._ps
        self.routes["GET", "/api/version"] = self._version

    def report(self) -> Body:
        """The tally, with loads per model, swaps, and prompts cut to fit."""
        loads = self.memory.loads
        return {
            **super().report(),
            "loads": loads.total(),
            "loads_by_model": dict(loads),
            "swaps": self.memory.swaps,
            "loaded": list(self.memory.loaded),
            "prompts_cut": self.truncated,
        }

    def clear(self) -> None:
        """Counts and faults go; the models stay in memory."""
        super().clear()
        self.memory.loads.clear()
        self.memory.swaps = self.truncated = 0

    def ask(self, body: Body) -> Ask:
        """Reads a chat request, and cuts its prompt as Ollama would."""
        model = self._known(body.get("model"))
        options = body.get("options") or {}
        wanted = body.get("format")
        messages = [(m["role"], m.get("content") or "") for m in body["messages"]]
        window = self._window(body)
        if body.get("truncate") is False and not self.settings.cuts_in_silence:
            refuse_longer(prompt_tokens(messages), window)
        kept = within(messages, window)
        self.truncated += kept != messages
        return Ask(
            model=model,
            messages=kept,
            sampling=tuple(options.get(k) for k in ("seed", "temperature", "top_p")),
            schema=wanted if isinstance(wanted, dict) else None,
            json_mode=wanted == "json",
            limit=options.get("num_predict"),
            stream=bool(body.get("stream", True)),
            think=bool(body.get("think")),
        )

    def residency(self, ask: Ask, body: Body) -> AbstractAsyncContextManager[int]:
        """The model's place in memory while it answers."""
        return self.memory.hold(
            ask.model, self._window(body), brief=str(body.get("keep_alive")) == "0"
        )

    def refusal(self, kind: str, detail: str) -> tuple[int, Body]:
        """Ollama's one error shape."""
        status, message = _ERRORS[kind]
        return status, {"error": message.format(detail)}

    def encode(self, ask: Ask, reply: Reply, fault: str) -> Wire:
        """A reply, or its lines."""
        message: Body = {"role": "assistant", "content": reply.text}
        if reply.thinking:
            message["thinking"] = reply.thinking
        if fault in ("null-content", "empty", "filter", "refusal"):
            message["content"] = None if fault == "null-content" else ""
        finish = "length" if fault == "length" else reply.finish
        head = {"model": ask.model, "created_at": now()}
        tail = {**head, "message": message, "done": True, "done_reason": finish}
        if fault != "no-usage":
            tail |= timings(reply, self.settings.latency, self.settings.per_token)
        if fault == "no-choices":
            del tail["message"]
        pieces: list[Body] = [tail]
        if ask.stream:
            pieces = [*parts(head, message), {**tail, "message": dict(_SILENT)}]
        lines = [json.dumps(piece).encode() + b"\n" for piece in pieces]
        if fault == "bad-json":
            lines[0] = lines[0][:-20] + b"\n"
        kind = "application/x-ndjson" if ask.stream else delivery.JSON
        return Wire(lines, content_type=kind, stream=ask.stream)

    def _known(self, model: object) -> str:
        """The model's name with its tag, if it has been pulled."""
        name = str(model or "")
        names = self.settings.models
        if not name:
            raise Refused("400", "model is required")
        if names and name not in names and f"{name}:latest" not in names:
            raise Refused("404", name)
        return name

    def _window(self, body: Body) -> int:
        options = body.get("options") or {}
        return int(options.get("num_ctx") or self.settings.num_ctx)

    async def _tags(self, request: web.BaseRequest) -> web.StreamResponse:
        names = self.settings.models or ["llama3.2:3b", "gemma2:9b"]
        return web.json_response({"models": [card(name) for name in names]})

    async def _show(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.json()
        name = self._known(body.get("model") or body.get("name"))
        info = {"general.architecture": "llama", "llama.context_length": 131072}
        capabilities = ["completion", "thinking"]
        show: Body = {"modelfile": f"FROM {name}", "parameters": ""}
        show |= {
            "template": "{{ .Prompt }}",
            "details": card(name)["details"],
            "modified_at": _PULLED,
        }
        return web.json_response(
            {**show, "model_info": info, "capabilities": capabilities}
        )

    async def _ps(self, request: web.BaseRequest) -> web.StreamResponse:
        until = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
        loaded = self.memory.loaded.items()
        models = [
            {
                **card(name),
                "expires_at": until,
                "size_vram": 0,
                "context_length": one.num_ctx,
            }
            for name, one in loaded
        ]
        return web.json_response({"models": models})

    async def _version(self, request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"version": VERSION})


_SILENT = {"role": "assistant", "content": ""}
_PULLED = "2025-01-01T00:00:00Z"


def parts(head: Body, message: Body) -> list[Body]:
    """The message in lines of 24 characters, its thinking first."""
    lines: list[Body] = []
    for name in ("thinking", "content"):
        text = message.get(name) or ""
        for i in range(0, len(text), _PIECE):
            said = {**_SILENT, name: text[i : i + _PIECE]}
            lines.append({**head, "message": said, "done": False})
    return lines


def timings(reply: Reply, latency: float, per_token: float) -> Body:
    """Counts, and the nanoseconds each phase is said to have taken."""
    token_ns = int(per_token * 1e9) or _NS_PER_TOKEN
    prompt_ns = int(latency * 1e9) or reply.prompt_tokens * _NS_PER_TOKEN // 10
    eval_ns = reply.completion_tokens * token_ns
    return {
        "total_duration": reply.load_ns + prompt_ns + eval_ns,
        "load_duration": reply.load_ns,
        "prompt_eval_count": reply.prompt_tokens,
        "prompt_eval_duration": prompt_ns,
        "eval_count": reply.completion_tokens,
        "eval_duration": eval_ns,
    }


def refuse_longer(tokens: int, window: int) -> None:
    """Refuse a prompt of more tokens than the window has, in a JSON text within JSON."""
    if tokens > window:
        message = f"request ({tokens} tokens) exceeds the available context size"
        counts = {"n_prompt_tokens": tokens, "n_ctx": window}
        kind = {"code": 400, "type": "exceed_context_size_error", "message": message}
        raise Refused("400", json.dumps({"error": {**kind, **counts}}))


def within(messages: list[tuple[str, str]], window: int) -> list[tuple[str, str]]:
    """The messages that fit: system turns and the last stay, the oldest others go.

    A last message that alone is too long loses its own beginning.
    """
    spare = prompt_tokens(messages) - window
    if spare <= 0:
        return messages
    kept = list(messages)
    for message in messages[:-1]:
        if spare > 0 and message[0] != "system":
            kept.remove(message)
            spare -= prompt_tokens([message])
    if spare > 0:
        role, text = kept.pop()
        room = window - prompt_tokens([*kept, (role, "")])
        kept.append((role, text[-4 * room :] if room > 0 else ""))
    return kept


def card(name: str) -> dict[str, Any]:
    """How a list of models names one."""
    details = {
        "parent_model": "",
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "3.2B",
        "quantization_level": "Q4_K_M",
    }
    digest = sha256(name.encode()).hexdigest()
    card = {"name": name, "model": name, "modified_at": _PULLED, "size": 2019393189}
    return {**card, "digest": digest, "details": details}


def now() -> str:
    """The time as Ollama writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
