"""Who lets a call be sent and keeps its reply is one, however many processes ask.

A client that wants to ask a model goes to the broker first: it is handed the recorded
reply, or waits until a slot is free, the budget allows it and the note of the call is on
the disk. Then it must come back exactly once, with `record`, `fail` or `drop`. Nothing but
plain values crosses, so that a broker may be in another process than its clients.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from fellowship.errors import EndpointDown, ModelError
from fellowship.ledger import DELETE_SENT, CallRow, Ledger, failure_statements
from fellowship.models.client import Usage
from fellowship.models.limits.gate import EndpointLimits, Gate, Passage
from fellowship.models.record.meter import Meter
from fellowship.writer import Statement


class Call(NamedTuple):
    """One try of one call, as the broker knows it. `place` is the endpoint it goes to.

    `resident` is what must be in the endpoint's memory for it; `prompt` and `longest` are
    the tokens it will read, about, and may write; `worst` the US dollars that it may cost,
    for a call by batch.
    """

    key: str
    model: str
    place: str
    session: str
    resident: str = ""
    prompt: int = 0
    longest: int = 0
    worst: float = 0.0
    attempt: int = 1


class CallBroker(Protocol):
    """What a recorded client needs of the run it works for."""

    async def open(self, call: Call) -> CallRow | None:
        """The recorded reply; None once the call may be sent, which is noted by then.

        Raises `BudgetStop` and `EndpointDown` when it must not be sent.
        """
        ...

    async def record(self, call: Call, row: CallRow) -> None:
        """Keep the reply; when this returns it is durable and its slot is free."""
        ...

    async def fail(self, call: Call, error: ModelError, began: float) -> bool:
        """Keep what went wrong with this try. True: the endpoint's fault, not the call's.

        Raises `EndpointDown` when the endpoint is given up with this failure.
        """
        ...

    def drop(self, call: Call, began: float) -> None:
        """This try was cancelled by us: its slot is free, what it cost is not known."""
        ...


class LedgerCallBroker:
    """The broker of a run whose ledger is open in this process. Made on its loop."""

    def __init__(
        self, ledger: Ledger, meter: Meter, limits: Mapping[str, EndpointLimits]
    ) -> None:
        """`limits`: what is known of each endpoint, by place."""
        self.ledger = ledger
        self.meter = meter
        self.gates = {place: Gate(limits) for place, limits in limits.items()}
        meter.endpoints.extend(gate.note for gate in self.gates.values())
        self._air: dict[str, list[Passage]] = {}

    async def open(self, call: Call) -> CallRow | None:
        """As `CallBroker` says. A recorded reply needs no slot."""
        if row := self.ledger.find(call.key):
            self.meter.replayed += 1
            return row
        gate = self.gates[call.place]
        passage = await gate.enter(call.model, call.resident, call.prompt, call.longest)
        try:
            self.meter.admit(call.worst)
        except BaseException:
            gate.dropped(passage)
            raise
        self._air.setdefault(call.key, []).append(passage)
        # Counted before anything is awaited: whoever is admitted next must see it.
        self.meter.in_flight += 1
        self.meter.held += call.worst
        began = time.time()
        try:
            await self.ledger.record_sent(call.key, call.model, call.session)
        except asyncio.CancelledError:
            self.drop(call, began)
            raise
        except BaseException:
            self.gates[call.place].dropped(self._leave(call))
            raise
        return None

    async def record(self, call: Call, row: CallRow) -> None:
        """As `CallBroker` says."""
        # Counted first: a budget must see what is spent even while it is being written.
        usage = Usage(row.prompt_tokens, row.completion_tokens, row.cached_tokens)
        self.meter.add(usage, row.usd)
        passage = self._leave(call)
        self.gates[call.place].back(passage, usage.prompt, usage.completion)
        await self.ledger.record_reply(row)

    async def fail(self, call: Call, error: ModelError, began: float) -> bool:
        """As `CallBroker` says."""
        gate = self.gates[call.place]
        spared = gate.failed(self._leave(call), error)
        self.meter.retries += spared or error.is_transient
        await self.ledger.record_failure(
            call.key, call.session, call.model, error.kind, str(error), began
        )
        if verdict := gate.breaker.verdict(call.model):
            raise EndpointDown(verdict)
        return spared

    def drop(self, call: Call, began: float) -> None:
        """As `CallBroker` says."""
        gate = self.gates[call.place]
        gate.dropped(self._leave(call))
        if gate.limits.kept:
            self.ledger.append_soon(Statement(DELETE_SENT, (call.key,)))
            return
        rows = failure_statements(
            *(call.key, call.session, call.model, "cancelled", "stopped by us", began)
        )
        self.ledger.append_soon(*rows)

    def _leave(self, call: Call) -> Passage:
        self.meter.in_flight -= 1
        self.meter.held -= call.worst
        passages = self._air[call.key]
        passage = passages.pop()
        if not passages:
            del self._air[call.key]
        return passage
