"""The loopback server of Ollama's protocol, held against the real SDK."""

from __future__ import annotations

import asyncio
import json
import time

import httpx
import ollama
import pytest
from pydantic import ValidationError

from tests.support.loopback.fixtures import (
    ollama_server,
)
from tests.support.loopback_calls import ASK, VERDICT

LONG = [
    {"role": "system", "content": "Answer briefly."},
    {"role": "user", "content": "Once upon a time. " * 200},
    *ASK,
]


async def test_ollama_answers_whole_and_streamed_alike() -> None:
    async with ollama_server() as server, ollama.AsyncClient(server.url) as client:
        whole = await client.chat("gemma2:9b", ASK, think=True)
        stream = await client.chat("gemma2:9b", ASK, stream=True, think=True)
        parts = [part async for part in stream]
    assert "".join(p.message.content or "" for p in parts) == whole.message.content
    assert "".join(p.message.thinking or "" for p in parts) == whole.message.thinking
    assert parts[-1].eval_count == whole.eval_count
    assert whole.done_reason == parts[-1].done_reason == "stop"


def test_ollama_cuts_at_num_predict_and_fills_a_format() -> None:
    with ollama_server() as server, ollama.Client(server.url) as client:
        short = client.chat("m", ASK, options={"num_predict": 3})
        verdict = client.chat("m", ASK, format=VERDICT).message.content
    assert (short.done_reason, short.eval_count) == ("length", 3)
    assert set(json.loads(verdict or "")) == set(VERDICT["required"])


def test_ollama_drops_the_oldest_turns_in_silence() -> None:
    with ollama_server() as server, ollama.Client(server.url) as client:
        cut = client.chat("m", LONG, options={"num_ctx": 256})
        kept = client.chat("m", [LONG[0], *ASK], options={"num_ctx": 256})
        assert server.stats()["prompts_cut"] == 1
    assert cut.message.content == kept.message.content
    assert (cut.prompt_eval_count or 0) <= 256


def test_ollama_names_the_model_that_is_not_there() -> None:
    with (
        ollama_server(models=["gemma2:9b"]) as server,
        ollama.Client(server.url) as client,
    ):
        assert [m.model for m in client.list().models] == ["gemma2:9b"]
        assert client.show("gemma2:9b").capabilities
        with pytest.raises(ollama.ResponseError, match="model 'qwen' not found") as e:
            client.chat("qwen", ASK)
    assert e.value.status_code == 404


def test_ollama_charges_for_every_swap() -> None:
    with (
        ollama_server(max_loaded=1, load_seconds=0.05) as server,
        ollama.Client(server.url) as client,
    ):
        loads = [client.chat(m, ASK).load_duration or 0 for m in "aabab"]
        assert [load > 40_000_000 for load in loads] == [True, False, True, True, True]
        stats = server.stats()
        assert (stats["loads"], stats["swaps"]) == (4, 3)
        assert [m.model for m in client.ps().models] == ["b"]


async def test_two_models_never_share_a_place_for_one() -> None:
    async with (
        ollama_server(max_loaded=1, latency=0.02) as server,
        ollama.AsyncClient(server.url) as client,
    ):
        await asyncio.gather(*[client.chat(m, ASK) for m in "abababab"])
        assert server.stats()["answered"] == 8
        assert len(server.stats()["loaded"]) == 1


def test_a_server_comes_back_on_the_port_it_had() -> None:
    with ollama_server() as server, ollama.Client(server.url) as client:
        client.chat("m", ASK)
        server.stop()
        with pytest.raises(ConnectionError):
            client.chat("m", ASK)
        server.start()
        assert client.chat("m", ASK).done


def test_latency_is_what_was_asked_for() -> None:
    with ollama_server(latency=0.1) as server, ollama.Client(server.url) as client:
        began = time.perf_counter()
        client.chat("m", ASK)
        assert time.perf_counter() - began >= 0.1  # sooner is wrong, later no matter


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("429:1", ollama.ResponseError),
        ("503", ollama.ResponseError),
        ("reset", httpx.NetworkError),
        ("half", httpx.RemoteProtocolError),
        ("bad-json", json.JSONDecodeError),
        ("no-choices", ValidationError),
        ("error-200", ValidationError),
    ],
)
def test_ollama_faults_are_what_its_sdk_makes_of_them(
    fault: str, error: type[Exception]
) -> None:
    with ollama_server() as server, ollama.Client(server.url) as client:
        server.script(next=[fault])
        with pytest.raises(error):
            client.chat("m", ASK)
        assert client.chat("m", ASK).done
