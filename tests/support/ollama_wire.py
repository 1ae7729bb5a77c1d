"""What Ollama servers answer, call by call: recorded from real ones, and a few by hand.

The ones by hand say the same in words of our own, so that what is claimed of them is tested
where the recordings are absent.
"""

from __future__ import annotations

import json
from typing import Any

from fellowship.models.client import Request
from fellowship.models.config import OllamaModel
from fellowship.records import Message
from tests.support.loopback.recorded import Recording, recordings
from tests.support.paths import SHARED

VERSIONS = ("by hand", "0.25.0", "0.32.15")

MUSHROOMS = "蘑" * 1200 + "? Reply with one word."
WORDS = "word " * 3000 + " What is 2+2?"
COUNTED_OBJECT = {
    "error": {
        "code": 400,
        "message": "request (3616 tokens) exceeds the available context size",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 3616,
        "n_ctx": 2048,
    }
}


def done(text: str = "", reason: str = "stop", **more: Any) -> dict[str, Any]:
    """A whole reply, with counts unless other ones are given."""
    counts = {"prompt_eval_count": 20, "eval_count": 4}
    message = {"role": "assistant", "content": text}
    whole = {"model": "m", "message": message, "done": True, "done_reason": reason}
    return {**whole, **counts, **more}


def call(name: str, text: str, status: int, body: Any, **more: Any) -> Recording:
    """A chat with one user turn, and what came."""
    options = {"num_ctx": 2048, "temperature": 0, "num_predict": 8}
    options |= more.pop("options", {})
    messages = [{"role": "user", "content": text}]
    asked = {"model": "m", "messages": messages, "options": options, **more}
    sent = body if isinstance(body, str) else json.dumps(body)
    return Recording(name, "POST", "/api/chat", asked, status, "application/json", sent)


SAID = {"message": {"role": "assistant", "content": ""}, "done": False}
BY_HAND = (
    call("plain", "Say hi.", 200, done("Hi")),
    call(
        "stream",
        "Say hi.",
        200,
        json.dumps({**SAID, "message": {"content": "H"}})
        + "\n"
        + json.dumps(done("i"))
        + "\n",
    ),
    call("unknown-model", "hi", 404, {"error": "model 'm' not found"}),
    call("think-unsupported", "hi", 400, {"error": '"m" does not support thinking'}),
    call("bad-schema", "hi", 500, {"error": "invalid JSON schema in format"}),
    call("bad-option-type", "hi", 500, {"error": 'option "x" must be of type integer'}),
    call("no-messages", "", 200, done("", "load")),
    call("too-long-cut", WORDS, 200, done("4", prompt_eval_count=2048)),
    call(
        "too-long-refused",
        WORDS,
        400,
        {"error": "the input length exceeds the context length"},
    ),
    call("multibyte-cut-in-silence", MUSHROOMS, 200, done(prompt_eval_count=1026)),
    call(
        "multibyte-truncate-false",
        MUSHROOMS,
        400,
        {"error": json.dumps(COUNTED_OBJECT)},
    ),
    call(
        "multibyte-shift-false",
        MUSHROOMS,
        400,
        {"error": "the prompt is longer than the context length of the model"},
    ),
    call(
        "think-spent",
        "Which?",
        200,
        done(
            reason="length",
            message={"role": "assistant", "content": "", "thinking": "Well, 17"},
        ),
    ),
    call(
        "think-true",
        "Which?",
        200,
        done(message={"role": "assistant", "content": "", "thinking": "Well."}),
    ),
)


def wire_calls(version: str) -> dict[str, Recording]:
    """The calls of one of `VERSIONS` by name; the test is skipped where they are absent."""
    if version == "by hand":
        return {one.name: one for one in BY_HAND}
    return recordings(SHARED / "wire" / "ollama" / f"{version}.jsonl")


def asked_again(one: Recording, host: str) -> tuple[OllamaModel, Request]:
    """The model and the request that send a recorded call once more."""
    body = one.request
    options = dict(body.get("options") or {})
    longest = options.pop("num_predict", None)
    sampling = {"temperature": options.pop("temperature", 0)}
    if type(longest) is int:
        sampling["max_tokens"] = longest
    elif longest is not None:
        options["num_predict"] = longest
    config = OllamaModel(
        provider="ollama",
        model=body["model"],
        host=host,
        num_ctx=options.pop("num_ctx", 2048),
        think=body.get("think"),
        options=options,
    )
    messages = tuple(Message(**message) for message in body["messages"])
    return config, Request(messages, sampling, schema=body.get("format"))
