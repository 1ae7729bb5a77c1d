"""The gate of an endpoint: calls given up in the same tick take no place."""

from __future__ import annotations

import asyncio

import pytest

from fellowship.models.limits.breaker import IN_A_ROW
from fellowship.models.limits.gate import EndpointLimits, Gate


async def test_a_call_given_up_in_the_tick_another_comes_back_takes_no_place() -> None:
    gate = Gate(EndpointLimits("here", ceiling=1, start=1))
    first = await gate.enter("m", "m", 1, 1)
    waiting = [asyncio.create_task(gate.enter("m", "m", 1, 1)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[1].cancel()
    gate.record_cancelled(first)
    await asyncio.wait_for(waiting[2], 5)
    assert gate.in_flight == 1
    gate.record_cancelled(waiting[2].result())
    assert (gate.in_flight, len(gate.residency), len(gate._names)) == (0, 0, 0)


async def test_calls_given_up_in_the_tick_an_endpoint_is_given_up_are_just_gone() -> (
    None
):
    gate = Gate(EndpointLimits("here", ceiling=1, start=1, patience=0))
    held = await gate.enter("m", "m", 1, 1)
    waiting = asyncio.create_task(gate.enter("m", "m", 1, 1))
    await asyncio.sleep(0)
    waiting.cancel()
    for _ in range(IN_A_ROW):
        gate.breaker.record_failure("m", "auth", "no such key", 0.0)
    gate.record_cancelled(held)
    with pytest.raises(asyncio.CancelledError):
        await waiting
