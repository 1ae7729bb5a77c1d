"""One model behind its recorder and gate, as a run sets it up, for tests of limits."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fellowship.ledger import Ledger
from fellowship.models.client import Request
from fellowship.models.limits.deadlines import Deadlines
from fellowship.models.limits.gate import EndpointLimits, Gate
from fellowship.models.record.call_broker import LedgerCallBroker
from fellowship.models.record.meter import Limits, Meter
from fellowship.models.record.recorded_client import RecordedClient
from fellowship.models.registry import ModelRegistry
from fellowship.records import Message


@dataclass
class Bench:
    """One model behind its recorder, and the gate it passes."""

    client: RecordedClient
    gate: Gate
    meter: Meter
    ledger: Ledger

    async def ask(self, number: int) -> None:
        await self.client.complete(question(number))

    async def many(self, numbers: range) -> list[BaseException | None]:
        """All of these calls at once; what each raised."""
        asked = (self.ask(n) for n in numbers)
        return await asyncio.gather(*asked, return_exceptions=True)


def question(number: int) -> Request:
    words = Message(role="user", content=f"What is lake number {number}?")
    return Request((words,), {"max_tokens": 60}, session="s")


@asynccontextmanager
async def bench(
    folder: Path, config: Any, deadlines: Deadlines | None = None, **limits: Any
) -> AsyncIterator[Bench]:
    """A recorder as a run makes it, with the endpoint's `EndpointLimits` to choose."""
    registry, meter = ModelRegistry({"m": config}), Meter(Limits())
    os.makedirs(folder, exist_ok=True)
    ledger, place = Ledger(folder / "ledger.db"), registry.endpoint("m")
    broker = LedgerCallBroker(ledger, meter, {place: EndpointLimits(place, **limits)})
    made = registry.recorded_clients(broker)["m"]
    if deadlines is not None:
        made._deadlines = deadlines
    try:
        yield Bench(made, broker.gates[place], meter, ledger)
    finally:
        await registry.close()
        ledger.close()
