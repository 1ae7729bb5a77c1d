"""OpenAI's chat completions on the wire: whole, or as server-sent events."""

from __future__ import annotations

import json
import time
from typing import Any

from aiohttp import web

from tests.support.loopback import delivery
from tests.support.loopback.batches import BatchDesk
from tests.support.loopback.delivery import Wire
from tests.support.loopback.prose import Ask, Reply
from tests.support.loopback.server import Body, Loopback, Refused

FINGERPRINT = "fp_10095ac4ba11"
_PIECE = 24
_ERRORS: dict[str, tuple[int, str, str | None, str]] = {
    "400": (400, "invalid_request_error", None, "{}"),
    "401": (401, "invalid_request_error", "invalid_api_key", "No such API key: {}"),
    "402": (402, "billing_error", "payment_required", "No credit left."),
    "404": (404, "invalid_request_error", "model_not_found", "No model {!r} here."),
    "429": (429, "requests", "rate_limit_exceeded", "Rate limit reached for {!r}."),
    "quota": (429, "insufficient_quota", "insufficient_quota", "The quota is used up."),
    "500": (500, "server_error", None, "The server failed on {!r}."),
    "502": (502, "server_error", None, "Bad gateway."),
    "503": (503, "server_error", None, "{!r} is overloaded."),
    "529": (529, "overloaded_error", None, "Overloaded."),
    "context": (
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "The messages are longer than the context of {!r}.",
    ),
    "filter-400": (400, "invalid_request_error", "content_filter", "Prompt filtered."),
    "error-200": (200, "server_error", None, "An error under status 200."),
    "route": (404, "invalid_request_error", None, "Unknown request URL: {}"),
}
_DETAILS = {
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    }
}
_NO_DETAILS = json.dumps(_DETAILS)[1:-1]
_PARAMS = {"404": "model", "context": "messages", "filter-400": "prompt"}


class OpenAIServer(Loopback):
    """POST /v1/chat/completions, GET /v1/models, and what is behind /v1/batches."""

    chat_path = "/v1/chat/completions"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.routes["GET", "/v1/models"] = self._models
        self.desk = BatchDesk(self)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Files and batches have ids in their paths; all else is by route."""
        try:
            if (answer := await self.desk.handle(request)) is not None:
                self.tally.by_path[request.path] += 1
                return answer
        except Refused as refused:
            return self.refused(refused.kind, refused.detail, {})
        return await super().handle(request)

    def ask(self, body: Body) -> Ask:
        """Reads a chat completion request."""
        model = body["model"]
        if self.settings.models and model not in self.settings.models:
            raise Refused("404", model)
        if not body["messages"] or body.get("n") not in (None, 1):
            raise Refused("400", "messages must not be empty, and n must be 1")
        wanted = body.get("response_format") or {}
        schema = wanted.get("json_schema", {}).get("schema")
        return Ask(
            model=model,
            messages=[(m["role"], text_of(m.get("content"))) for m in body["messages"]],
            sampling=(body.get("seed"), body.get("temperature"), body.get("top_p")),
            schema=schema,
            json_mode=wanted.get("type") == "json_object",
            limit=body.get("max_completion_tokens", body.get("max_tokens")),
            stream=bool(body.get("stream")),
            usage_wanted=bool((body.get("stream_options") or {}).get("include_usage")),
        )

    def refusal(self, kind: str, detail: str) -> tuple[int, Body]:
        """OpenAI's one error shape."""
        status, type_, code, message = _ERRORS[kind]
        error = {
            "message": message.format(detail),
            "type": type_,
            "param": _PARAMS.get(kind),
            "code": code,
        }
        return status, {"error": error}

    def encode(self, ask: Ask, reply: Reply, fault: str) -> Wire:
        """A completion, or its events."""
        odd = reply.thinking or reply.message or reply.body
        if not (fault or ask.stream or reply.refusal or odd):
            return Wire([plain(ask.model, reply)])
        text: str | None = reply.text
        finish = reply.finish
        if fault in ("filter", "length"):
            finish = "content_filter" if fault == "filter" else "length"
            text = "" if fault == "filter" else reply.text[: len(reply.text) // 2]
        elif fault in ("null-content", "refusal", "empty"):
            text = "" if fault == "empty" else None
        refusal = "I can't help with that." if fault == "refusal" else reply.refusal
        head = {
            "id": "chatcmpl-" + reply.key,
            "object": "chat.completion",
            "created": int(time.time()),
            "model": ask.model,
            "system_fingerprint": FINGERPRINT,
        }
        if ask.stream:
            return self._events(head, ask, reply, text, refusal, finish, fault)
        message = {"role": "assistant", "content": text, "refusal": refusal or None}
        if reply.thinking:
            message["reasoning_content"] = reply.thinking
        message |= reply.message
        choice = {"index": 0, "message": message, "logprobs": None}
        head["choices"] = [{**choice, "finish_reason": finish}]
        head["usage"] = usage(reply)
        head |= reply.body
        if fault == "no-choices":
            head["choices"] = []
        elif fault == "no-usage":
            del head["usage"]
        raw = json.dumps(head).encode()
        return Wire([raw[:-20] if fault == "bad-json" else raw])

    def _events(
        self,
        head: Body,
        ask: Ask,
        reply: Reply,
        text: str | None,
        refusal: str,
        finish: str,
        fault: str,
    ) -> Wire:
        """The same completion as server-sent events, 24 characters to a piece."""
        head["object"] = "chat.completion.chunk"
        deltas: list[Body] = [{"role": "assistant", "content": "", "refusal": None}]
        if refusal:
            deltas.append({"refusal": refusal})
        for i in range(0, len(text or ""), _PIECE):
            deltas.append({"content": (text or "")[i : i + _PIECE]})
        ends: list[str | None] = [None] * len(deltas) + [finish]
        bodies: list[Body] = []
        for delta, end in zip([*deltas, {}], ends, strict=True):
            choice = {"index": 0, "delta": delta, "logprobs": None}
            choices = [{**choice, "finish_reason": end}]
            if fault == "no-choices":
                choices = []
            bodies.append({**head, "choices": choices})
        if ask.usage_wanted and fault != "no-usage":
            bodies.append({**head, "choices": [], "usage": usage(reply)})
        lines = [b"data: " + json.dumps(body).encode() + b"\n\n" for body in bodies]
        if fault == "bad-json":
            lines[1] = b'data: {"id": "chatcmpl-\n\n'
        lines.append(b"data: [DONE]\n\n")
        return Wire(lines, content_type="text/event-stream", stream=True)

    async def _models(self, request: web.BaseRequest) -> web.StreamResponse:
        self.admit(request)
        names = self.settings.models or ["gpt-4o", "gpt-4o-mini"]
        common = {"object": "model", "created": 1715367049, "owned_by": "loopback"}
        data = [{"id": name, **common} for name in names]
        raw = json.dumps({"object": "list", "data": data}).encode()
        return delivery.whole(Wire([raw]))


def plain(model: str, reply: Reply) -> bytes:
    """A whole completion with nothing wrong, put together from pieces: the fast path.

    Benchmarks measure Fellowship against this server, so its own cost is kept low. A
    test holds it equal to what the slow path writes.
    """
    return (
        f'{{"id": "chatcmpl-{reply.key}", "object": "chat.completion", "created": '
        f'{int(time.time())}, "model": {json.dumps(model)}, "system_fingerprint": '
        f'"{FINGERPRINT}", "choices": [{{"index": 0, "message": {{"role": "assistant", '
        f'"content": {json.dumps(reply.text)}, "refusal": null}}, "logprobs": null, '
        f'"finish_reason": "{reply.finish}"}}], "usage": {{"prompt_tokens": '
        f'{reply.prompt_tokens}, "completion_tokens": {reply.completion_tokens}, '
        f'"total_tokens": {reply.prompt_tokens + reply.completion_tokens}, '
        f'"prompt_tokens_details": {{"cached_tokens": {reply.cached_tokens}, '
        f'"audio_tokens": 0}}, {_NO_DETAILS}}}}}'
    ).encode()


def usage(reply: Reply) -> Body:
    """Token counts in OpenAI's shape."""
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
        "prompt_tokens_details": {
            "cached_tokens": reply.cached_tokens,
            "audio_tokens": 0,
        },
        **_DETAILS,
    }


def text_of(content: object) -> str:
    """A message's text, whether one string or a list of parts."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content if isinstance(content, str) else ""
