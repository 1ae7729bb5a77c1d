"""The loopback servers speak the providers' protocols: the real SDKs say so."""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import aiohttp
import httpx
import ollama
import openai
import pytest
from pydantic import BaseModel, Field, ValidationError

from tests.support.loopback.answers import compose
from tests.support.loopback.fixtures import (
    InThread,
    ollama_server,
    openai_server,
    server_process,
)
from tests.support.loopback.openai_api import OpenAIServer
from tests.support.loopback.schema import Instance
from tests.support.loopback.settings import Settings
from tests.support.paths import ROOT

ASK = [{"role": "user", "content": "Why is the midnight sky dark between stars?"}]
LONG = [
    {"role": "system", "content": "Answer briefly."},
    {"role": "user", "content": "Once upon a time. " * 200},
    *ASK,
]
VERDICT = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 60},
        "first": {"type": "integer", "minimum": 1, "maximum": 10},
        "second": {"type": "integer", "minimum": 1, "maximum": 10},
        "winner": {"enum": ["first", "second", "tie"]},
    },
    "required": ["reason", "first", "second", "winner"],
}


class Vote(BaseModel):
    """One vote, with every kind of limit a schema can carry."""

    score: int = Field(gt=0, lt=6)
    weight: float = Field(ge=0, le=1)
    winner: Literal["first", "second", "tie"]
    why: str | None = Field(min_length=3, max_length=20)
    sure: bool


class Votes(BaseModel):
    """A nested answer."""

    votes: list[Vote] = Field(min_length=2, max_length=4)
    note: str


class OpenAI:
    """An OpenAI server and the SDK's client of it."""

    def __init__(self, server: InThread, key: str = "k", **options: Any) -> None:
        self.server = server
        self.sdk = openai.AsyncOpenAI(
            base_url=server.base_url,
            api_key=key,
            max_retries=0,
            http_client=openai.DefaultAioHttpClient(),
            **options,
        )

    async def chat(self, **more: Any) -> Any:
        asked: dict[str, Any] = {"model": "gpt-4o", "messages": ASK, **more}
        return await self.sdk.chat.completions.create(**asked)


@pytest.fixture
async def gpt() -> AsyncIterator[OpenAI]:
    async with openai_server() as server:
        client = OpenAI(server, timeout=5)
        async with client.sdk:
            yield client


async def test_openai_answers_the_same_request_with_the_same_words(gpt: OpenAI) -> None:
    one, same, other = [await gpt.chat(seed=seed) for seed in (1, 1, 2)]
    assert one.choices[0].message.content == same.choices[0].message.content
    assert one.choices[0].message.content != other.choices[0].message.content
    stats = gpt.server.stats()
    assert (stats["calls"], stats["distinct"], stats["repeated"]) == (3, 2, 1)
    assert stats["completion_tokens"] == sum(
        reply.usage.completion_tokens for reply in (one, same, other)
    )


async def test_openai_streams_the_words_it_would_have_sent_whole(gpt: OpenAI) -> None:
    whole = await gpt.chat()
    stream = await gpt.chat(stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]
    said = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert "".join(said) == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage
    assert chunks[-2].choices[0].finish_reason == "stop"


async def test_max_tokens_cuts_the_reply_and_says_so(gpt: OpenAI) -> None:
    reply = await gpt.chat(max_tokens=5)
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 5


async def test_a_schema_gets_every_kind_of_verdict(gpt: OpenAI) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "v", "schema": VERDICT}}
    verdicts = []
    for seed in range(60):
        reply = await gpt.chat(seed=seed, response_format=wanted)
        verdicts.append(json.loads(reply.choices[0].message.content))
    assert {v["winner"] for v in verdicts} == {"first", "second", "tie"}
    gaps = {(v["first"] > v["second"]) - (v["first"] < v["second"]) for v in verdicts}
    assert gaps == {-1, 0, 1}
    assert all(1 <= v["first"] <= 10 and len(v["reason"]) <= 60 for v in verdicts)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", openai.AuthenticationError),
        ("402", openai.APIStatusError),
        ("404", openai.NotFoundError),
        ("context", openai.BadRequestError),
        ("quota", openai.RateLimitError),
        ("500", openai.InternalServerError),
        ("reset", openai.APIConnectionError),
        ("half", openai.APIConnectionError),
        ("bad-json", json.JSONDecodeError),
    ],
)
async def test_a_scripted_fault_is_the_error_the_sdk_knows(
    gpt: OpenAI, fault: str, error: type[Exception]
) -> None:
    gpt.server.script(next=[fault])
    with pytest.raises(error):
        await gpt.chat()
    assert (await gpt.chat()).choices[0].finish_reason == "stop"


@pytest.mark.parametrize("fault", ["hang", "drip"])
async def test_a_call_that_never_ends_frees_its_place_when_its_client_leaves(
    gpt: OpenAI, fault: str
) -> None:
    gpt.server.script(next=[fault])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await gpt.chat()
    await asyncio.sleep(0.2)
    stats = gpt.server.stats()
    assert (stats["in_flight"], stats["abandoned"]) == (0, 1)


async def test_an_empty_reply_has_many_forms(gpt: OpenAI) -> None:
    gpt.server.script(next=["no-choices", "null-content", "filter", "no-usage"])
    none, null, filtered, unpaid = [await gpt.chat() for _ in range(4)]
    assert none.choices == []
    assert null.choices[0].message.content is None
    assert filtered.choices[0].finish_reason == "content_filter"
    assert unpaid.usage is None


async def test_a_huge_body_is_as_long_as_it_says(gpt: OpenAI) -> None:
    gpt.server.script(next=["huge"], set={"huge_bytes": 3_000_001})
    raw = await gpt.sdk.chat.completions.with_raw_response.create(
        model="gpt-4o", messages=[{"role": "user", "content": "hi"}]
    )
    assert int(raw.headers["content-length"]) > 3_000_001
    assert raw.parse().choices[0].message.content


@pytest.mark.parametrize(
    ("word", "pattern"),
    [
        ("429:7", "^7$"),
        ("429:date", "GMT$"),
        ("429:huge", "^31536000$"),
        ("429:negative", "^-"),
        ("429", "^None$"),
    ],
)
async def test_a_429_says_when_to_come_back(
    gpt: OpenAI, word: str, pattern: str
) -> None:
    gpt.server.script(next=[word])
    with pytest.raises(openai.RateLimitError) as caught:
        await gpt.chat()
    header = str(caught.value.response.headers.get("retry-after"))
    assert re.search(pattern, header)


async def test_a_rate_limit_accepts_no_more_than_its_rate(gpt: OpenAI) -> None:
    gpt.server.script(set={"rate": 5})
    asked = [gpt.chat(seed=i) for i in range(12)]
    replies = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(r, openai.RateLimitError) for r in replies) == 7
    assert gpt.server.stats()["limited"] == 7


async def test_a_seeded_mix_strikes_the_same_calls_in_any_order(gpt: OpenAI) -> None:
    async def struck(seeds: list[int]) -> set[int]:
        gpt.server.script(mix={"503": 0.3, "500": 0.2}, seed=7)
        asked = [gpt.chat(seed=seed) for seed in seeds]
        replies = await asyncio.gather(*asked, return_exceptions=True)
        pairs = zip(seeds, replies, strict=True)
        return {seed for seed, r in pairs if isinstance(r, Exception)}

    first = await struck(list(range(40)))
    assert first == await struck(list(reversed(range(40))))
    assert 8 < len(first) < 32


async def test_only_a_known_key_is_let_in() -> None:
    async with openai_server(keys=["right"]) as server:
        async with OpenAI(server, "wrong").sdk as sdk:
            with pytest.raises(openai.AuthenticationError) as caught:
                await sdk.models.list()
            assert caught.value.code == "invalid_api_key"
        async with OpenAI(server, "right").sdk as sdk:
            assert (await sdk.models.list()).data


async def test_a_hook_writes_the_answer() -> None:
    async def shout(body: dict[str, Any]) -> str:
        return str(body["messages"][-1]["content"]).upper()

    async with openai_server(shout) as server:
        client = OpenAI(server)
        async with client.sdk:
            reply = await client.chat()
    assert reply.choices[0].message.content == ASK[0]["content"].upper()


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


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_a_server_process_counts_what_its_clients_ask(kind: str) -> None:
    with server_process(kind, "--latency", "0.01", models=["m"]) as server:
        assert server.stats()["calls"] == 0
        path = "/api/tags" if kind == "ollama" else "/v1/models"
        reply = subprocess.run(
            ["curl", "-s", server.url + path], capture_output=True, check=True
        )
        assert b'"m"' in reply.stdout
        assert server.stats()["by_path"] == {path: 1}


def test_latency_is_what_was_asked_for() -> None:
    with ollama_server(latency=0.1) as server, ollama.Client(server.url) as client:
        began = time.perf_counter()
        client.chat("m", ASK)
        assert 0.1 <= time.perf_counter() - began < 1


async def test_the_fast_path_writes_what_the_slow_one_does() -> None:
    server = OpenAIServer(Settings())
    ask = server.ask({"model": 'a "b"', "messages": [{**ASK[0], "content": "é\n😀"}]})
    reply = compose(ask, {})
    reply.text += '"é\\'
    fast, slow = [server.encode(ask, reply, fault) for fault in ("", "ok")]
    assert {**json.loads(fast.pieces[0]), "created": 0} == {
        **json.loads(slow.pieces[0]),
        "created": 0,
    }


def test_an_instance_is_valid_for_what_pydantic_asks() -> None:
    for seed in range(50):
        drawn = Instance(
            Votes.model_json_schema(), bytes([seed]) * 64, ["trust"]
        ).draw()
        Votes.model_validate(drawn)


async def test_a_scripted_phrase_gets_one_of_its_closing_lines(gpt: OpenAI) -> None:
    lines = ["Verdict: A", "Verdict: B", "Verdict: tie"]
    gpt.server.script(set={"closings": {"midnight sky": lines}})
    replies = [await gpt.chat(seed=seed) for seed in range(30)]
    last = {r.choices[0].message.content.splitlines()[-1] for r in replies}
    assert last == set(lines)


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


async def test_a_thousand_abandoned_calls_leave_nothing_behind() -> None:
    async with openai_server() as server, aiohttp.ClientSession() as session:
        server.script(mix={"hang": 1.0})

        async def left(seed: int) -> None:
            body = {"model": "m", "messages": ASK, "seed": seed}
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await session.post(server.base_url + "/chat/completions", json=body)

        for _ in range(10):
            await asyncio.gather(*[left(seed) for seed in range(100)])
        await asyncio.sleep(0.3)
        stats = server.stats()
    assert stats["in_flight"] == 0
    assert stats["abandoned"] == stats["faults"]["hang"] == stats["calls"]


def test_a_server_process_ends_with_the_process_that_started_it() -> None:
    program = (
        "import time; from tests.support.loopback.fixtures import server_process as s\n"
        "with s('ollama') as one: print(one.pid, flush=True); time.sleep(60)"
    )
    pipe = subprocess.PIPE
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=pipe, cwd=ROOT)
    assert parent.stdout is not None
    child = Path("/proc", parent.stdout.readline().decode().strip())
    assert child.exists()
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


def alive(process: Path) -> bool:
    """Whether a process is there and not merely unburied."""
    try:
        return process.joinpath("stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.embedded
async def test_the_embedded_model_can_stand_behind_a_server() -> None:
    with server_process("openai", "--backed-by", "embedded") as server:
        async with openai.AsyncOpenAI(base_url=server.base_url, api_key="k") as sdk:
            wanted: Any = {"name": "v", "schema": VERDICT, "strict": True}
            reply = await sdk.chat.completions.create(
                model="smollm2",
                messages=[{"role": "user", "content": "Which is better, tea or mud?"}],
                max_tokens=200,
                seed=1,
                response_format={"type": "json_schema", "json_schema": wanted},
            )
    assert reply.usage
    assert 0 < reply.usage.completion_tokens <= 200
    assert (reply.choices[0].message.content or "").startswith("{")
