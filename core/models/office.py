"""Who lets a call be sent and keeps its reply is one, however many processes ask.

A client that wants to ask a model goes to the office first: it is handed the recorded
reply, or waits until a slot is free, the budget allows it and the note of the call is on
the disk. Then it must come back exactly once, with `record`, `fail` or `drop`. Nothing but
plain values crosses, so that an office may be in another process than its clients.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from fellowship.errors import EndpointDown, ModelError
from fellowship.ledger import CallRow, Ledger, failure
from fellowship.models.client import Usage
from fellowship.models.meter import Meter

HOPELESS = frozenset({"auth", "quota", "missing", "network"})
"""Failures of an endpoint rather than of one request."""

PATIENCE = 3
"""So many calls in a row must end hopeless before a model is given up."""


class Call(NamedTuple):
    """One try of one call, as the office knows it. `place` is the endpoint it goes to."""

    key: str
    model: str
    place: str
    session: str
    attempt: int = 1


class Office(Protocol):
    """What a recorded client needs of the run it works for."""

    async def open(self, call: Call) -> CallRow | None:
        """The recorded reply; None once the call may be sent, which is noted by then.

        Raises `BudgetStop` and `EndpointDown` when it must not be sent.
        """
        ...

    async def record(self, call: Call, row: CallRow) -> None:
        """Keep the reply; when this returns it is durable and its slot is free."""
        ...

    async def fail(
        self, call: Call, error: ModelError, began: float, *, last: bool
    ) -> None:
        """Keep what went wrong with this try; `last`: there will be no other."""
        ...

    def drop(self, call: Call, began: float) -> None:
        """This try was cancelled by us: its slot is free, what it cost is not known."""
        ...


class Gate:
    """Calls in flight at one endpoint, and whether there is hope for it."""

    def __init__(self, limit: int) -> None:
        self.slots = asyncio.Semaphore(limit)
        self.hopeless = 0
        self.verdict = ""

    def judge(self, error: ModelError | None) -> None:
        """Count calls that ended hopeless; any other ending forgives them all."""
        if error is None or error.kind not in HOPELESS:
            self.hopeless = 0
            return
        self.hopeless += 1
        if self.hopeless >= PATIENCE:
            self.verdict = str(error)

    def admit(self) -> None:
        """Raise `EndpointDown` once the endpoint is given up."""
        if self.verdict:
            raise EndpointDown(self.verdict)


class LedgerOffice:
    """The office of a run whose ledger is open in this process. Made on its loop."""

    def __init__(self, ledger: Ledger, meter: Meter, slots: Mapping[str, int]) -> None:
        """`slots`: calls in flight at the most, by place."""
        self.ledger = ledger
        self.meter = meter
        self.gates = {place: Gate(limit) for place, limit in slots.items()}

    async def open(self, call: Call) -> CallRow | None:
        """As `Office` says. A recorded reply needs no slot."""
        if row := self.ledger.find(call.key):
            self.meter.replayed += 1
            return row
        gate = self.gates[call.place]
        await gate.slots.acquire()
        try:
            gate.admit()
            self.meter.admit()
        except BaseException:
            gate.slots.release()
            raise
        # Counted before anything is awaited: whoever is admitted next must see it.
        self.meter.in_flight += 1
        began = time.time()
        try:
            await self.ledger.note(call.key, call.model, call.session)
        except asyncio.CancelledError:
            self.drop(call, began)
            raise
        except BaseException:
            self._leave(call)
            raise
        return None

    async def record(self, call: Call, row: CallRow) -> None:
        """As `Office` says."""
        # Counted first: a budget must see what is spent even while it is being written.
        usage = Usage(row.prompt_tokens, row.completion_tokens, row.cached_tokens)
        self.meter.add(usage, row.usd)
        self.gates[call.place].judge(None)
        self._leave(call)
        await self.ledger.record(row)

    async def fail(
        self, call: Call, error: ModelError, began: float, *, last: bool
    ) -> None:
        """As `Office` says."""
        if last:
            self.gates[call.place].judge(error)
        else:
            self.meter.retries += 1
        self._leave(call)
        await self.ledger.fail(
            call.key, call.session, call.model, error.kind, str(error), began
        )

    def drop(self, call: Call, began: float) -> None:
        """As `Office` says."""
        self._leave(call)
        rows = failure(
            *(call.key, call.session, call.model, "cancelled", "stopped by us", began)
        )
        self.ledger.append_soon(*rows)

    def _leave(self, call: Call) -> None:
        self.meter.in_flight -= 1
        self.gates[call.place].slots.release()
