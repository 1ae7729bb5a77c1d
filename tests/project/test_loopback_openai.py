"""The loopback server of OpenAI's protocol, held against the real SDK."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any, Literal

import aiohttp
import openai
import pytest
from pydantic import BaseModel, Field

from tests.support.loopback.answers import compose
from tests.support.loopback.fixtures import (
    InThread,
    openai_server,
)
from tests.support.loopback.openai_api import OpenAIServer
from tests.support.loopback.schema import Instance
from tests.support.loopback.settings import Settings
from tests.support.loopback_calls import ASK, VERDICT


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
