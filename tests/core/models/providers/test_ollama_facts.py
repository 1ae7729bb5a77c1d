"""What a model on Ollama can do is known before it is asked, and what a call waits for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from fellowship.errors import ModelError
from fellowship.models.client import Request
from fellowship.models.config import OllamaModel
from fellowship.models.limits.stall_watch import StallWatch
from fellowship.models.providers.ollama_facts import (
    OllamaFacts,
    read_facts,
    runs_in_cloud,
)
from fellowship.models.providers.pricing import price_of
from fellowship.records import Message
from tests.support.loopback.fixtures import ollama_server
from tests.support.loopback.recorded import Recording, recorded_server
from tests.support.model_configs import ask, client, ollama_config
from tests.support.ollama_wire import VERSIONS, wire_calls
from tests.support.waiting import until
from tests.support.wire_server import wire_server

INFO = {"general.architecture": "q", "q.context_length": 8192}
NEWER = {"values": ["low", "high"], "default": "low"}


def get(path: str, body: Any, method: str = "GET", status: int = 200) -> Recording:
    """A call without a body to match."""
    text = json.dumps(body)
    return Recording(path, method, path, None, status, "application/json", text)


def served(**show: Any) -> list[Recording]:
    """A server that has model `m` and says so much of it."""
    tags = get("/api/tags", {"models": [{"name": "m", "model": "m"}]})
    return [tags, get("/api/show", show, "POST")]


async def findings(calls: list[Recording], **more: Any) -> list[tuple[bool, str, str]]:
    """What `doctor` says of a model there."""
    async with recorded_server(calls) as (url, _):
        name = more.pop("model", "m")
        config = OllamaModel(provider="ollama", model=name, host=url, **more)
        async with client(config) as one:
            return [(f.good, f.message, f.cure) for f in await one.check()]


@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_doctor_says_what_a_recorded_model_can_do(version: str) -> None:
    calls = list(wire_calls(version).values())
    ((good, message, _),) = await findings(calls, model="thinker:1.5b")
    assert good
    assert "context 32,768 tokens, can think" in message
    (first, *_), second = await findings(calls, model="qwen2.5-coder:1.5b", think=True)
    assert first
    assert (
        "`think: true` asks it to think, and it can't: calls are refused" in second[1]
    )


async def test_doctor_names_the_levels_and_what_a_recipe_asks_in_vain() -> None:
    calls = served(model_info=INFO, capabilities=["completion", "thinking"])
    (good, message, _), *faults = await findings(calls, num_ctx=16384)
    assert (good, "context 8,192" in message) == (True, True)
    assert [cure for _, _, cure in faults] == ["num_ctx: 8192"]
    newer = served(capabilities=["completion", "thinking"], thinking=NEWER)
    (_, message, _), (_, lacks, cure) = await findings(newer, think="max")
    assert "can think (low, high), by default low" in message
    assert ("a level it lacks" in lacks, cure) == (True, "think: one of low, high")
    _, (good, message, _) = await findings(served(capabilities=["embedding"]))
    assert (good, message) == (False, "it can't chat: it is for embedding")


def test_facts_that_a_server_does_not_name_are_unknown() -> None:
    for show in ({}, {"model_info": None, "capabilities": "all", "thinking": 3}):
        assert read_facts(show) == OllamaFacts()
    assert read_facts({"remote_model": "x", "remote_host": "y"}).remote == "x at y"


@pytest.mark.parametrize(
    ("model", "more", "cloud"),
    [
        ("gpt-oss:120b-cloud", {}, True),
        ("kimi:cloud", {}, True),
        ("gpt-oss:20b", {}, False),
        ("cloud", {}, False),
        ("gpt-oss:120b", {"host": "https://ollama.com"}, True),
    ],
)
def test_a_cloud_model_has_no_known_price(
    model: str, more: dict[str, str], cloud: bool
) -> None:
    config = OllamaModel(provider="ollama", model=model, **more)
    assert runs_in_cloud(config) is cloud
    assert (price_of(config) is None) is cloud


async def test_a_level_of_thinking_is_sent_as_it_is_written() -> None:
    asked: list[dict[str, Any]] = []

    async def answer(body: dict[str, Any]) -> str:
        asked.append(body)
        return "Yes."

    with ollama_server(answer) as server:
        await ask(ollama_config(server, think="low"))
    assert asked[0]["think"] == "low"


# -- a server that takes a call and does not answer ---------------------------------------


@pytest.mark.parametrize(
    ("loaded", "words"),
    [
        ([], "the server answers, but 'm' is not loaded"),
        ([{"name": "m"}], "'m' is loaded and has not answered"),
        (None, "took a call and answers nothing"),
    ],
)
async def test_what_a_call_waits_for_is_named(loaded: Any, words: str) -> None:
    calls = [get("/api/tags", {})]
    if loaded is not None:
        calls.append(get("/api/ps", {"models": loaded}))
    async with recorded_server(calls) as (url, _):
        config = OllamaModel(provider="ollama", model="m", host=url)
        async with client(config) as one:
            watch = one._watch  # type: ignore[attr-defined]
            watch.stall = 0.02
            never = asyncio.ensure_future(watch.wait(asyncio.sleep(600)))
            await until(lambda: one.status_note() is not None)
            assert words in str(one.status_note())
            never.cancel()
            with pytest.raises(asyncio.CancelledError):
                await never
            assert one.status_note() is None


async def test_a_call_that_is_answered_is_never_looked_at() -> None:
    async def look() -> str:
        raise AssertionError

    async def answer() -> str:
        return "yes"

    watch = StallWatch("m", look, stall=5)
    assert await watch.wait(answer()) == "yes"
    with pytest.raises(ZeroDivisionError):
        await watch.wait(divide())


async def test_a_call_that_began_later_is_looked_at_too() -> None:
    async def look() -> str:
        return "it thinks"

    watch = StallWatch("m", look, stall=0.1)
    calls = [asyncio.ensure_future(watch.wait(asyncio.sleep(600)))]
    await asyncio.sleep(0.05)  # the timer is the first call's by now
    calls.append(asyncio.ensure_future(watch.wait(asyncio.sleep(600))))
    for call in calls:
        await until(lambda: watch.note() is not None, 5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert watch.note() is None


async def divide() -> float:
    return 1 / 0


async def test_a_refusal_to_think_names_the_recipe_s_line() -> None:
    body = {"error": '"m" does not support thinking'}
    with wire_server(lambda _: (400, body)) as (url, _):
        config = OllamaModel(
            provider="ollama", model="m", host=url.removesuffix("/v1"), reasoning="high"
        )
        async with client(config) as one:
            with pytest.raises(
                ModelError, match=r"leave `reasoning: high` out"
            ) as caught:
                await one.complete(Request((Message(role="user", content="Hi."),), {}))
    assert caught.value.kind == "rejected"
    assert "models.m " in str(caught.value)
