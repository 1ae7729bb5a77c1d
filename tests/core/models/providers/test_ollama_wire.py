"""Ollama's own replies, as two real versions sent them, each read for what it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fellowship.errors import Failure, ModelError
from fellowship.models.client import Reply, Request
from fellowship.models.config import OpenAIModel
from fellowship.records import Message
from tests.support.loopback.fixtures import ollama_server
from tests.support.loopback.prose import Reply as Said
from tests.support.loopback.recorded import Recording, recorded_server
from tests.support.model_configs import ask, ollama_config
from tests.support.ollama_wire import (
    COUNTED_OBJECT,
    MUSHROOMS,
    VERSIONS,
    asked_again,
    call,
    wire_calls,
)

CHINESE = Message(role="user", content=MUSHROOMS)
V1 = "/v1/chat/completions"
each_version = pytest.mark.parametrize("version", VERSIONS)


async def replay(version: str, name: str) -> Reply:
    """The reply to one recorded call, asked again of a server that has no other."""
    calls = wire_calls(version)
    if name not in calls:
        pytest.skip(f"{version} has no recording {name!r}")
    async with recorded_server([calls[name]]) as (url, _):
        config, request = asked_again(calls[name], url)
        if name.startswith("too-long"):  # 3,000 words need no server to be too long
            request = replace(request, messages=(CHINESE,))
        return await ask(config, request)


FAILURES: dict[str, tuple[Failure, str]] = {
    "too-long-cut": ("too-long", "num_ctx"),
    "too-long-refused": ("too-long", "num_ctx"),
    "multibyte-cut-in-silence": ("too-long", "cut the prompt.*1,026.*num_ctx"),
    "multibyte-truncate-false": ("too-long", "3,616 tokens.*2 more.*num_ctx is 2,048"),
    "multibyte-shift-false": ("too-long", "between 80 and 3,702 tokens"),
    "unknown-model": ("missing", "ollama pull"),
    "bad-schema": ("rejected", "(?i)schema"),
    "bad-option-type": ("rejected", "must be of type"),
    "think-unsupported": ("rejected", "does not support thinking"),
    "no-messages": ("malformed", "asked it nothing"),
    "top-logprobs-21": ("rejected", "between 0 and 20"),
}


@each_version
@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.fault(number=106, on="ollama")
async def test_a_refusal_or_a_cut_prompt_is_a_failure_with_its_name(
    version: str, name: str
) -> None:
    kind, words = FAILURES[name]
    if version == "by hand":
        words = words.replace("2 more", "8 more")
    with pytest.raises(ModelError, match=words) as caught:
        await replay(version, name)
    assert caught.value.kind == kind


@each_version
@pytest.mark.parametrize(
    ("name", "finish"),
    [("plain", "stop"), ("stream", "stop"), ("multibyte-whole", "length")],
)
async def test_a_whole_reply_is_read_whole(
    version: str, name: str, finish: str
) -> None:
    reply = await replay(version, name)
    assert reply.text in ("Hi", "The answer")
    assert reply.finish == finish
    assert reply.usage.prompt == reply.raw["prompt_eval_count"]


@each_version
@pytest.mark.fault(number=103, on="ollama")
async def test_a_limit_spent_on_thinking_is_a_cut_reply_without_words(
    version: str,
) -> None:
    reply = await replay(version, "think-spent")
    assert (reply.text, reply.is_cut) == ("", True)
    assert "17" in reply.thinking


@each_version
@pytest.mark.fault(number=107, on="ollama")
async def test_thoughts_without_an_answer_are_no_answer(version: str) -> None:
    reply = await replay(version, "think-true")
    assert (reply.text, reply.finish) == ("", "stop")
    assert reply.thinking


@each_version
async def test_a_server_told_not_to_cut_refuses(version: str) -> None:
    calls = wire_calls(version)
    one = calls["multibyte-truncate-false" if "0.32" in version else "too-long-refused"]
    async with recorded_server([one]) as (url, asked):
        config, request = asked_again(one, url)
        with pytest.raises(ModelError):
            await ask(config, replace(request, messages=(CHINESE,)))
    assert asked[0].body["truncate"] is False
    assert asked[0].body["shift"] is False


def counting(count: Any) -> Any:
    """An answer to every call: a body whose count of prompt tokens is `count` of words."""

    async def answer(body: dict[str, Any]) -> Any:
        words = sum(len(m["content"].split()) for m in body["messages"])
        return Said("Yes.", prompt_tokens=count(words), completion_tokens=2)

    return answer


@pytest.mark.parametrize(
    ("words", "count", "cut"),
    [
        (1020, lambda n: n + 8, False),  # half of num_ctx by chance
        (1500, lambda n: min(n, 1028), True),  # cut to half of num_ctx
        (1500, lambda n: min(n, 1024), True),  # cut to a smaller context of the model
        (1020, lambda n: n + 4, False),
        (1500, lambda n: min(n, 1200), True),  # the oldest turns left out
        (1500, lambda n: min(n, 2048), False),
        (1900, lambda n: 2048, True),
    ],
)
async def test_a_count_that_does_not_grow_with_the_prompt_is_of_a_cut_one(
    words: int, count: Any, cut: bool
) -> None:
    long = Request((Message(role="user", content="word " * words),), {"max_tokens": 8})
    with ollama_server(counting(count), cuts_in_silence=True) as server:
        config = ollama_config(server, num_ctx=2048)
        if not cut:
            assert (await ask(config, long)).text == "Yes."
            return
        with pytest.raises(ModelError, match="cut the prompt") as caught:
            await ask(config, long)
    assert caught.value.kind == "too-long"


async def test_a_context_that_moved_on_while_answering_lost_its_prompt() -> None:
    async def answer(body: dict[str, Any]) -> Any:
        return Said("So.", prompt_tokens=1900, completion_tokens=400)

    long = Request((Message(role="user", content="word " * 1900),), {"max_tokens": 500})
    server = ollama_server(answer, cuts_in_silence=True)
    with server, pytest.raises(ModelError, match="400 of the reply"):
        await ask(ollama_config(server, num_ctx=2048), long)


async def test_chinese_that_does_not_fit_is_refused_with_the_servers_own_count() -> (
    None
):
    long = Request((Message(role="user", content=MUSHROOMS),), {"max_tokens": 400})
    with ollama_server() as server:
        with pytest.raises(ModelError, match="400 more, and num_ctx is 256") as caught:
            await ask(ollama_config(server, num_ctx=256), long)
        assert server.stats()["prompts_cut"] == 0
    assert caught.value.kind == "too-long"


async def test_a_queue_that_is_full_is_a_wait_and_no_outage() -> None:
    words = "server busy, please try again.  maximum pending requests exceeded"
    one = call("busy", "hi", 503, {"error": words})
    async with recorded_server([one]) as (url, _):
        with pytest.raises(ModelError, match="please try again") as caught:
            await ask(*asked_again(one, url))
    assert caught.value.kind == "rate"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"done": False, "message": {"content": "a a a"}}, "repeats one token"),
        ({"error": "model runner has unexpectedly stopped"}, "runner has unexp"),
        (
            '{"message": {"content": "Hi\x85"}, "done": false}\n{"error": "died"}',
            "status 200: died$",
        ),
        ("[]", "no object in it"),
        ('{"done": true}', "no message in it"),
    ],
)
@pytest.mark.fault(number=106, on="ollama")
async def test_a_reply_that_broke_off_is_a_failed_try(body: Any, words: str) -> None:
    one = call("broken", "hi", 200, body)
    async with recorded_server([one]) as (url, _):
        with pytest.raises(ModelError, match=words) as caught:
            await ask(*asked_again(one, url))
    assert caught.value.kind in ("malformed", "server")


# -- Ollama and llama-server behind /v1 -------------------------------------------------


async def v1_server(body: dict[str, Any], status: int = 200) -> Any:
    """A call to /v1 that is answered so, whatever it asks."""
    text = json.dumps(body)
    one = Recording("v1", "POST", V1, None, status, "application/json", text)
    async with recorded_server([one]) as (url, asked):
        config = OpenAIModel(
            provider="openai", model="m", base_url=f"{url}/v1", api_key_env=None
        )
        messages = (CHINESE,)
        return await ask(config, Request(messages, {"max_tokens": 8})), asked


def completion(prompt: int) -> dict[str, Any]:
    """A completion of Ollama's, with so many tokens read."""
    message = {"role": "assistant", "content": "Yes."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": prompt, "completion_tokens": 2}
    return {"choices": [choice], "usage": usage, "system_fingerprint": "fp_ollama"}


@pytest.mark.parametrize("count", [4096, 2050, 1026])
async def test_a_prompt_that_ollama_cut_behind_v1_is_a_failure(count: int) -> None:
    with pytest.raises(ModelError, match=r"cut the prompt.*OLLAMA_CONTEXT") as caught:
        await v1_server(completion(count))
    assert caught.value.kind == "too-long"


async def test_a_prompt_that_fits_behind_v1_is_asked_once() -> None:
    reply, asked = await v1_server(completion(3616))
    assert (reply.text, len(asked)) == ("Yes.", 1)


@pytest.mark.parametrize(
    "body",
    [
        COUNTED_OBJECT,
        {"error": json.dumps(COUNTED_OBJECT)},
        {"error": {"message": json.dumps(COUNTED_OBJECT), "type": "api_error"}},
        [COUNTED_OBJECT],
    ],
)
async def test_an_error_in_an_error_is_read_at_its_innermost(body: Any) -> None:
    with pytest.raises(ModelError, match=r"request \(3616 tokens\)") as caught:
        await v1_server(body, 400)
    assert caught.value.kind == "too-long"
