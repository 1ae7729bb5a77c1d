"""Rates of calls and tokens that an endpoint allows: kept to, and four fifths used.

Minutes of calls through a recorder and its gate, on a clock that jumps.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from fellowship.errors import ModelError
from fellowship.models.client import Client, Reply, Request
from fellowship.models.config import Sampling
from fellowship.models.limits.deadlines import Deadlines
from fellowship.models.limits.gate import EndpointLimits
from fellowship.models.record.call_broker import LedgerCallBroker
from fellowship.models.record.meter import Limits, Meter
from fellowship.models.record.recorded_client import RecordedClient
from fellowship.usage import Usage
from tests.support.bench import question
from tests.support.loopback.faults import RateLimit
from tests.support.virtual_time import run_virtually

MINUTE = 60.0


class Provider(Client):
    """A provider that accepts so many calls a minute and says no to the others."""

    def __init__(self, rpm: float, style: str = "seconds") -> None:
        self.name = self.model = "m"
        self.identity = {"provider": "test"}
        self.sampling = Sampling()
        self.rpm, self.style = rpm, style
        self.refused = self.answered = self.tokens = 0
        self._limit = RateLimit()

    async def complete(self, request: Request) -> Reply:
        if wait := self._limit.wait(self.rpm / MINUTE, MINUTE):
            self.refused += 1
            told = math.ceil(wait) if self.style == "seconds" else None
            raise ModelError("too many requests", "rate", retry_after=told)
        await asyncio.sleep(0.2)
        self.answered += 1
        usage = Usage(40, 20 + self.answered % 40)
        self.tokens += usage.prompt + usage.completion
        return Reply("Yes.", "stop", usage)


class NoLedger:
    """A ledger that keeps nothing, without a thread to wait for."""

    def find(self, key: str) -> None:
        """Nothing is known."""

    def rows(self, *_: Any) -> tuple[()]:
        """Nobody answered before."""
        return ()

    async def record_sent(self, *_: Any) -> None: ...

    record_reply = record_failure = record_sent


async def seconds_for(provider: Provider, calls: int, **limits: Any) -> float:
    """How long so many calls at once take, whatever the provider says to them."""
    there = EndpointLimits("here", ceiling=64, **limits)
    broker = LedgerCallBroker(NoLedger(), Meter(Limits()), {"here": there})  # type: ignore[arg-type]
    client = RecordedClient(
        provider,
        broker=broker,
        endpoint="here",
        resident="m",
        price=None,
        deadlines=Deadlines(),
        tries=3,
    )
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(client.complete(question(n)) for n in range(calls)))
    assert provider.answered == calls
    return asyncio.get_running_loop().time() - began


@pytest.mark.parametrize("style", ["seconds", "none"])
def test_four_fifths_of_what_a_server_allows_are_used(style: str) -> None:
    provider = Provider(600, style)
    taken = run_virtually(seconds_for(provider, 1500))
    assert 0.8 <= 2 * MINUTE / taken <= 1.03  # 600 at once, 600 and 300 after a minute


def test_a_named_limit_on_calls_is_kept_to_and_four_fifths_of_it_are_used() -> None:
    provider = Provider(600)
    taken = run_virtually(seconds_for(provider, 1500, rpm=600))
    assert provider.refused == 0
    assert 0.8 <= 1500 / taken / (600 / MINUTE) <= 1.03


def test_a_named_limit_on_tokens_is_kept_to_and_four_fifths_of_it_are_used() -> None:
    provider = Provider(100_000)
    taken = run_virtually(seconds_for(provider, 1500, tpm=60_000))
    assert 0.8 <= provider.tokens / taken / (60_000 / MINUTE) <= 1.03
