"""Bodies under status 200: contents, usage, errors and streams as servers send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fellowship.errors import ModelError
from fellowship.models.replies.chat_bodies import (
    completion_from_events,
    is_event_stream,
    read_completion,
)
from fellowship.models.replies.contents import read_message
from fellowship.models.replies.usage_counts import usage_from
from fellowship.usage import Usage

USED = {"prompt_tokens": 40, "completion_tokens": 20, "total_tokens": 60}
T = {"type": "text", "text": "Deep."}


def body(message: Any = None, **choice: Any) -> dict[str, Any]:
    """A completion of this message."""
    message = {"role": "assistant", "content": "Deep."} if message is None else message
    choice = {"finish_reason": "stop", "message": message} | choice
    return {"choices": [choice], "usage": USED}


@pytest.mark.parametrize(
    "message",
    [
        {"content": "Deep.", "reasoning_content": "hm"},
        {"content": "Deep.", "reasoning": "hm"},
        {"content": "Deep.", "reasoning": "hm", "reasoning_content": "hm"},
        {"content": "Deep.", "thinking": "hm"},
        {"content": "Deep.", "reasoning": None, "reasoning_content": "hm"},
        {
            "content": "Deep.",
            "reasoning_details": [{"type": "x", "text": "hm"}],
        },
        {
            "content": "Deep.",
            "thinking_blocks": [{"type": "thinking", "thinking": "hm"}],
        },
        {"content": [{"type": "thinking", "thinking": "hm"}, T]},
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                T,
            ]
        },
        {"content": [{"type": "reasoning", "summary": [{"text": "hm"}]}, T]},
        {"content": [{"type": "text", "text": "hm", "thought": True}, T]},
        {"content": [{"type": "redacted_thinking", "data": "x"}, T], "reasoning": "hm"},
        {"content": [{"type": "text", "text": "<think>hm</think>Deep."}]},
        {"content": "<think>hm</think>\nDeep."},
        {"content": ["<think>hm</think>", "Deep."]},
        {"content": T, "reasoning": "hm"},
        {"content": "Deep.", "provider_specific_fields": {"reasoning_content": "hm"}},
        {
            **{"content": "Deep.", "reasoning": "hm"},
            "reasoning_details": [{"type": "reasoning.text", "text": " h m"}],
        },
        {"content": [{"reasoningContent": {"reasoningText": {"text": "hm"}}}, T]},
        {"content": [{"type": "text", "text": {"value": "Deep."}}], "thought": "hm"},
        {"content": "\n</think>\n\nDeep.", "reasoning_content": "hm"},
    ],
)
@pytest.mark.fault(number=107, on="any server")
def test_thinking_is_found_wherever_servers_put_it(message: dict[str, Any]) -> None:
    said = read_message(message)
    assert (said.text, said.thinking, said.odd) == ("Deep.", "hm", "")


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
def test_thinking_around_the_message_is_thinking_and_settings_are_not(
    name: str,
) -> None:
    for raw in (body() | {name: "hm"}, body(**{name: "hm"})):
        reply = read_completion("m", raw, str)
        assert (reply.text, reply.thinking) == ("Deep.", "hm")
    reply = read_completion("m", body() | {name: {"summary": "auto"}}, str)
    assert reply.thinking == ""


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (USED, Usage(40, 20)),
        ({"input_tokens": 5, "output_tokens": 6}, Usage(5, 6)),
        (
            USED | {"completion_tokens_details": {"reasoning_tokens": 15}},
            Usage(40, 20, 0, 15),
        ),
        (
            {
                **{"input_tokens": 40, "output_tokens": 20},
                "output_tokens_details": {"reasoning_tokens": 15},
                "input_tokens_details": {"cached_tokens": 8},
            },
            Usage(40, 20, 8, 15),
        ),
        (USED | {"total_tokens": 95}, Usage(40, 55, 0, 35)),
        (USED | {"total_tokens": 0}, Usage(40, 20)),
        (USED | {"prompt_tokens_details": {"cached_tokens": 64}}, Usage(40, 20, 40)),
        (
            # What the details say goes before what stands flat beside them.
            USED | {"prompt_tokens_details": {"cached_tokens": 0}, "cached_tokens": 8},
            Usage(40, 20),
        ),
        (
            {
                **{"input_tokens": 10, "output_tokens": 20},
                **{"cache_read_input_tokens": 1000, "cache_creation_input_tokens": 500},
            },
            Usage(1510, 20, 1000, cache_written=500),
        ),
        (
            {
                **{
                    "prompt_tokens": 1510,
                    "completion_tokens": 20,
                    "total_tokens": 1530,
                },
                **{"cache_read_input_tokens": 1000, "cache_creation_input_tokens": 500},
            },
            Usage(1510, 20, 1000, cache_written=500),
        ),
        (
            {
                **{"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
                **{"cache_read_input_tokens": 1000},
            },
            Usage(1010, 20, 1000),
        ),
        (
            {"inputTokens": 1, "outputTokens": 2, "cacheWriteInputTokens": 9},
            Usage(10, 2, cache_written=9),
        ),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, None),
        ([{"promptTokens": 40, "completionTokens": 20}], Usage(40, 20)),
        ({"tokens": {"input_tokens": 40, "output_tokens": 20}}, Usage(40, 20)),
        (None, None),
        ({}, None),
        ({"prompt_tokens": "40", "completion_tokens": 20.0}, Usage(40, 20)),
        ({"prompt_tokens": 40, "total_tokens": 60}, Usage(40, 20)),
        (
            {"prompt_tokens": "forty", "completion_tokens": 20},
            Usage(0, 20, estimated=True),
        ),
        ({"completion_tokens": 20}, Usage(0, 20, estimated=True)),
        (
            {"prompt_tokens": 40, "completion_tokens": None},
            Usage(40, 0, estimated=True),
        ),
        ({"input": 40, "output": 20, "total": 60}, Usage(40, 20)),
        (USED | {"prompt_tokens_details": {"cached_tokens": -3}}, Usage(40, 20)),
        (
            {
                **{"prompt_tokens": 40, "completion_tokens": 20},
                "completion_tokens_details": {"reasoning_tokens": 500},
            },
            Usage(40, 520, 0, 500),
        ),
    ],
)
@pytest.mark.fault(number=102, on="any server")
def test_usage_is_read_in_every_spelling(usage: Any, counts: Usage | None) -> None:
    assert usage_from(usage) == counts


@pytest.mark.parametrize(
    ("raw", "kind", "words"),
    [
        ({"error": {"code": 402, "message": "No credits"}}, "quota", "No credits"),
        ({"error": {"code": 401, "message": "No auth"}}, "auth", "No auth"),
        ({"error": {"code": 429, "message": "Slow down"}}, "rate", "Slow down"),
        ({"error": {"code": "502", "message": "Bad"}}, "unavailable", "Bad"),
        ({"error": {"code": "rate_limit_exceeded", "message": "x"}}, "rate", "x"),
        ({"error": {"type": "server_error", "message": "x"}}, "server", "x"),
        ({"error": "upstream is gone"}, "server", "upstream is gone"),
        ({"object": "error", "message": "x", "code": 404}, "missing", "x"),
        ({"detail": "Not Found"}, "missing", "Not Found"),
        ({"success": False, "msg": "account balance: 0"}, "quota", "balance"),
        ({"choices": []}, "malformed", "no choice"),
        ({"choices": None}, "malformed", "no choice"),
        ([1], "malformed", "list"),
        (body(error={"code": 502, "message": "Provider error"}), "malformed", "502"),
        (body(error={"code": 429, "message": "Slow down"}), "rate", "Slow down"),
        (body(finish_reason="error"), "malformed", "'error'"),
        (body({"content": None, "tool_calls": [{}]}), "malformed", "tool"),
        (body({"content": [{"type": "image_url"}]}), "malformed", "image_url"),
        (body({"content": 7}), "malformed", "int"),
        (body({"content": None}), "malformed", "null"),
        (body({"content": "x", "refusal": "I can't."}), "filtered", "I can't."),
        (
            {"choices": [{"message": None, "finish_reason": "stop"}]},
            "malformed",
            "message",
        ),
    ],
)
@pytest.mark.fault(number=106, on="any server")
def test_a_body_that_is_no_reply_says_why(raw: Any, kind: str, words: str) -> None:
    with pytest.raises(ModelError, match="'m'") as caught:
        read_completion("m", raw, str)
    assert caught.value.kind == kind
    assert words in str(caught.value)
    if isinstance(raw, dict) and "usage" in raw:
        assert caught.value.usage == Usage(40, 20)


def test_a_reply_without_usage_is_a_reply_of_unknown_usage() -> None:
    reply = read_completion("m", body() | {"usage": None}, str)
    assert (reply.text, reply.usage.estimated) == ("Deep.", True)


DEEP = {"role": "assistant", "content": "Deep."}
STOP = {"message": DEEP, "finish_reason": "stop"}


@pytest.mark.parametrize(
    ("raw", "finish"),
    [
        ({"choices": {"0": STOP}}, "stop"),
        ({"choices": [None, STOP]}, "stop"),
        ({"data": {"choices": [STOP]}}, "stop"),
        ({"error": {"message": "", "code": None}, "choices": [STOP]}, "stop"),
        ({"choices": [{"text": "Deep.", "finish_reason": "length"}]}, "length"),
        ({"choices": [{"delta": DEEP, "finish_reason": "stop"}]}, "stop"),
        ({"choices": [{"message": "Deep.", "finishReason": "MAX_TOKENS"}]}, "length"),
        ({"choices": [{"message": DEEP, "stop_reason": "max_tokens"}]}, "length"),
        ({"choices": [STOP | {"native_finish_reason": "MAX_TOKENS"}]}, "length"),
        ({"choices": [STOP | {"native_finish_reason": "brand_new"}]}, "stop"),
        ({"choices": [STOP | {"stop_reason": "length"}]}, "stop"),
        (
            {
                **{"type": "message", "stop_reason": "max_tokens"},
                "content": [{"type": "thinking", "thinking": "hm"}, T],
            },
            "length",
        ),
        (
            {
                **{"object": "response", "status": "completed", "error": None},
                "output": [
                    {"type": "reasoning", "summary": [{"text": "hm"}]},
                    {"type": "message", "content": [T | {"type": "output_text"}]},
                ],
            },
            "stop",
        ),
        (
            {
                **{"object": "response", "status": "incomplete", "output": []},
                **{"incomplete_details": {"reason": "max_output_tokens"}},
                "output_text": "Deep.",
            },
            "length",
        ),
    ],
)
def test_a_reply_is_read_in_whatever_shape_it_comes(raw: Any, finish: str) -> None:
    reply = read_completion("m", raw, str)
    assert (reply.text, reply.finish, reply.finish_word) == ("Deep.", finish, "")


@pytest.mark.parametrize(
    "counts",
    [
        {"timings": {"prompt_n": 8, "cache_n": 32, "predicted_n": 20}},
        {"usageMetadata": {"promptTokenCount": 40, "candidatesTokenCount": 20}},
        {"x_groq": {"usage": USED}},
        {"usage": {"completion_tokens": 20}, "choices": [STOP | {"usage": USED}]},
    ],
)
def test_counts_are_found_wherever_a_reply_has_them(counts: Any) -> None:
    usage = read_completion("m", {"choices": [STOP], **counts}, str).usage
    assert (usage.prompt, usage.completion, usage.estimated) == (40, 20, False)


@pytest.mark.fault(number=106, on="any server")
def test_events_that_nobody_asked_for_add_up_to_a_completion() -> None:
    deltas = [
        {"choices": [{"delta": {"role": "assistant", "reasoning": "h"}}]},
        {"choices": [{"delta": {"reasoning": "m", "content": "De"}}]},
        {"choices": [{"delta": {"content": "ep."}, "finish_reason": "length"}]},
        {"choices": [], "usage": USED},
    ]
    lines = [b": ping", *(b"data: " + json.dumps(d).encode() for d in deltas)]
    content = b"\n\n".join([*lines, b"data: [DONE]", b""])
    assert is_event_stream(content)
    reply = read_completion("m", completion_from_events(content), str)
    assert (reply.text, reply.thinking, reply.finish) == ("Deep.", "hm", "length")
    assert reply.usage == Usage(40, 20)
    assert not is_event_stream(json.dumps(body()).encode())


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("head", ["", "id: 7", ": ping", "\ufeffretry: 9", "event: x"])
def test_events_are_read_however_they_begin_and_whatever_they_say(
    head: str, end: str
) -> None:
    said = "a\u2028b\x85c"  # line separators, which JSON may hold as they are
    event = {"choices": [{"delta": {"content": said}, "finish_reason": "stop"}]}
    lines = [head, f"data: {json.dumps(event, ensure_ascii=False)}", "", ""]
    content = end.join(lines[not head :]).encode()
    assert is_event_stream(content)
    assert read_completion("m", completion_from_events(content), str).text == said


def test_a_stream_that_does_not_say_it_ended_was_broken_off() -> None:
    content = b'data: {"choices": [{"delta": {"content": "De"}}]}\n\n'
    with pytest.raises(ModelError, match="broken off"):
        read_completion("m", completion_from_events(content), str)
    reply = read_completion("m", completion_from_events(content + b"data: [DONE]"), str)
    assert (reply.text, reply.finish_word) == ("De", "none")


@pytest.mark.fault(number=106, on="any server")
def test_an_error_in_the_middle_of_a_stream_is_that_error() -> None:
    content = b'data: {"choices": [{"delta": {"content": "De"}}]}\n\ndata: {"error": '
    content += b'{"code": 502, "message": "gone"}}\n\n'
    with pytest.raises(ModelError, match="gone") as caught:
        read_completion("m", completion_from_events(content), str)
    assert caught.value.kind == "unavailable"
