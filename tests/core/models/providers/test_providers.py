"""Every provider is spoken to across a real wire, and every refusal has its own word."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from autogen_core.models import SystemMessage, UserMessage

from fellowship.errors import ModelError
from fellowship.models.client import Client, Reply, Request
from fellowship.models.config import (
    AutogenModel,
    LlamaCppModel,
    OllamaModel,
    OpenAIModel,
)
from fellowship.models.providers.weights import packaged_weights
from fellowship.models.registry import ModelRegistry
from fellowship.records import Message
from tests.support.loopback.fixtures import Handle, ollama_server, openai_server

QUESTION = Request(
    messages=(
        Message(role="system", content="Be brief."),
        Message(role="user", content="What is a lake?"),
    ),
    sampling={"temperature": 0.5, "max_tokens": 40, "seed": 11},
)
SCORE = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 40},
        "score": {"type": "integer", "enum": [1, 2, 3, 4, 5]},
    },
}
STOCK = {
    "provider": "autogen_ext.models.openai.OpenAIChatCompletionClient",
    "component_type": "model",
}
INFO = {
    "vision": False,
    "function_calling": False,
    "json_output": True,
    "structured_output": True,
    "family": "gpt-4o",
}


@asynccontextmanager
async def client(config: Any) -> AsyncIterator[Client]:
    registry = ModelRegistry({"m": config})
    try:
        yield registry.bare["m"]
    finally:
        await registry.close()


def openai_config(server: Handle, **more: Any) -> OpenAIModel:
    return OpenAIModel(
        provider="openai",
        model=more.pop("model", "gpt-4o"),
        base_url=server.base_url,
        api_key_env=None,
        **more,
    )


def ollama_config(server: Handle, **more: Any) -> OllamaModel:
    model = more.pop("model", "llama3.1:8b")
    return OllamaModel(provider="ollama", model=model, host=server.url, **more)


def stock_config(server: Handle) -> AutogenModel:
    settings = {
        "model": "gpt-4o-2024-08-06",
        "base_url": server.base_url,
        "api_key": "none",
        "model_info": INFO,
        "max_retries": 0,
    }
    return AutogenModel(provider="autogen", component={**STOCK, "config": settings})


async def ask(config: Any, request: Request = QUESTION) -> Reply:
    async with client(config) as one:
        return await one.complete(request)


async def test_openai_keeps_usage_and_the_providers_own_words() -> None:
    with openai_server() as server:
        reply = await ask(openai_config(server))
    assert reply.text
    assert reply.usage.prompt > 0
    assert reply.raw["usage"]["completion_tokens"] == reply.usage.completion


async def test_ollama_sends_its_context_and_keeps_durations() -> None:
    with ollama_server() as server:
        reply = await ask(ollama_config(server))
        assert server.stats()["calls"] == 1
    assert reply.text
    assert reply.raw["total_duration"] > 0
    assert reply.usage.completion == reply.raw["eval_count"]


async def test_a_stock_autogen_client_answers_behind_the_same_method() -> None:
    with openai_server() as server:
        reply = await ask(stock_config(server))
    assert reply.text
    assert reply.finish in ("stop", "length")


@pytest.mark.parametrize("kind", ["openai", "ollama", "autogen"])
async def test_a_schema_reaches_the_provider(kind: str) -> None:
    request = Request(QUESTION.messages, {"max_tokens": 200}, schema=SCORE)
    with openai_server() as one, ollama_server() as other:
        configs = {
            "openai": openai_config(one),
            "ollama": ollama_config(other),
            "autogen": stock_config(one),
        }
        reply = await ask(configs[kind], request)
    assert json.loads(reply.text)["score"] in (1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("401", "auth"),
        ("402", "quota"),
        ("404", "missing"),
        ("context", "too-long"),
        ("429:7", "rate"),
        ("quota", "quota"),
        ("500", "server"),
        ("503", "unavailable"),
        ("reset", "network"),
        ("half", "network"),
        ("bad-json", "malformed"),
        ("no-choices", "malformed"),
        ("null-content", "malformed"),
        ("no-usage", "malformed"),
        ("huge", "malformed"),
        ("filter", "filtered"),
        ("refusal", "filtered"),
        ("hang", "deadline"),
    ],
)
async def test_openai_failures_have_a_word_each(fault: str, kind: str) -> None:
    with openai_server() as server:
        server.script(next=[fault])
        with pytest.raises(ModelError) as caught:
            await ask(openai_config(server, deadline=1.5))
    assert caught.value.kind == kind
    assert "'m'" in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("404", "missing"),
        ("500", "server"),
        ("reset", "network"),
        ("bad-json", "malformed"),
        ("no-usage", "malformed"),
        ("hang", "deadline"),
    ],
)
async def test_ollama_failures_have_a_word_each(fault: str, kind: str) -> None:
    with ollama_server() as server:
        server.script(next=[fault])
        with pytest.raises(ModelError) as caught:
            await ask(ollama_config(server, deadline=1.5))
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [("7", 7.0), ("date", None), ("negative", None), ("none", None)],
)
async def test_retry_after_is_understood_or_ignored(
    wish: str, seconds: float | None
) -> None:
    with openai_server() as server:
        server.script(next=[f"429:{wish}"])
        with pytest.raises(ModelError) as caught:
            await ask(openai_config(server))
    if wish == "date":
        assert caught.value.retry_after is not None
        assert 0 <= caught.value.retry_after < 3600
    else:
        assert caught.value.retry_after == seconds


async def test_a_prompt_that_ollama_would_cut_in_silence_is_a_failure() -> None:
    words = "The sea is wide and deep and old. " * 90
    long = Request((Message(role="user", content=words),), {"max_tokens": 8})
    with ollama_server() as server:
        with pytest.raises(ModelError, match="num_ctx") as caught:
            await ask(ollama_config(server, num_ctx=512), long)
        assert (await ask(ollama_config(server, num_ctx=8192), long)).text
    assert caught.value.kind == "too-long"


async def test_doctor_names_the_pull_line_the_key_and_the_dead_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("FELLOWSHIP_TEST_KEY", raising=False)
    with ollama_server(models=["llama3.1:8b"]) as server:
        async with client(ollama_config(server, model="nobody:1b")) as one:
            (absent,) = await one.check()
        async with client(ollama_config(server)) as one:
            (there,) = await one.check()
        dead = ollama_config(server)
    async with client(dead) as one:
        (down,) = await one.check()
    keyless = OpenAIModel(
        provider="openai", model="gpt-4o", api_key_env="FELLOWSHIP_TEST_KEY"
    )
    async with client(keyless) as one:
        (unset,) = await one.check()
    assert absent.cure == "ollama pull nobody:1b"
    assert there.good
    assert down.cure == "ollama serve"
    assert "FELLOWSHIP_TEST_KEY" in unset.cure


async def test_an_autogen_agent_can_use_any_of_our_clients() -> None:
    with openai_server() as server:
        async with client(openai_config(server)) as one:
            result = await one.create(
                [
                    SystemMessage(content="Be brief."),
                    UserMessage(content="What is a lake?", source="user"),
                ]
            )
    assert isinstance(result.content, str)
    assert result.usage.completion_tokens > 0


@pytest.mark.embedded
@pytest.mark.timeout(600)
async def test_the_embedded_model_answers_counts_and_obeys_a_schema() -> None:
    if packaged_weights() is None:
        pytest.skip("the embedded model's weights are not installed")
    config = LlamaCppModel(provider="llama_cpp", num_ctx=1024, slots=2)
    short = Request(QUESTION.messages, {"max_tokens": 12, "temperature": 0})
    cold = {"max_tokens": 60, "temperature": 0}
    wanted = Request(QUESTION.messages, cold, schema=SCORE)
    huge = Request((Message(role="user", content="far too long " * 2000),), {})
    async with client(config) as one:
        reply = await one.complete(short)
        scored = await one.complete(wanted)
        with pytest.raises(ModelError) as caught:
            await one.complete(huge)
    assert 0 < reply.usage.completion <= 12
    assert '"score"' in scored.text
    assert caught.value.kind == "too-long"


@pytest.mark.embedded
@pytest.mark.timeout(600)
async def test_cancelling_an_embedded_call_frees_its_slot() -> None:
    if packaged_weights() is None:
        pytest.skip("the embedded model's weights are not installed")
    config = LlamaCppModel(provider="llama_cpp", num_ctx=1024, slots=1)
    endless = Request(
        (Message(role="user", content="Count from one to a thousand."),),
        {"max_tokens": 900, "temperature": 0},
    )
    short = Request(QUESTION.messages, {"max_tokens": 4, "temperature": 0})
    async with client(config) as one:
        await one.complete(short)
        task = asyncio.ensure_future(one.complete(endless))
        await asyncio.sleep(0.5)
        task.cancel()
        began = time.monotonic()
        await one.complete(short)
        waited = time.monotonic() - began
        began = time.monotonic()
        await one.complete(short)
        alone = time.monotonic() - began
    # The single slot was free again: the wait is of the order of a short call.
    assert waited < 20 * alone + 5


@pytest.mark.skipif(shutil.which("ollama") is None, reason="no ollama binary on PATH")
async def test_a_real_ollama_server_says_what_is_missing() -> None:
    # The protocol's own words, held against the real thing wherever it is installed.
    address = "127.0.0.1:11999"
    server = await asyncio.create_subprocess_exec(
        "ollama",
        "serve",
        env={**os.environ, "OLLAMA_HOST": address},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await asyncio.sleep(3)
        config = OllamaModel(
            provider="ollama", model="nobody:1b", host=f"http://{address}"
        )
        async with client(config) as one:
            (finding,) = await one.check()
        assert finding.cure == "ollama pull nobody:1b"
    finally:
        server.terminate()
        await server.wait()
