"""Providers across a real wire: replies kept, and a word for each refusal."""

from __future__ import annotations

import json

import pytest
from autogen_core.models import SystemMessage, UserMessage

from fellowship.errors import ModelError
from fellowship.models.client import Request
from fellowship.models.config import (
    OpenAIModel,
)
from fellowship.records import Message
from tests.support.loopback.fixtures import ollama_server, openai_server
from tests.support.model_configs import (
    QUESTION,
    SCORE,
    ask,
    client,
    ollama_config,
    openai_config,
    stock_config,
)


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
