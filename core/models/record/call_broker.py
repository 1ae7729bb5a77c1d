"""Call broker: admits calls to models and keeps their replies, for all processes of a run.

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
from fellowship.models.limits.gate import EndpointLimits, Gate, Permit
from fellowship.models.limits.residency import Ticket
from fellowship.models.record.meter import Meter
from fellowship.models.record.reply_notes import reply_notes
from fellowship.usage import Usage
from fellowship.writer import Statement

ANSWERED = "SELECT DISTINCT model FROM calls"


class Call(NamedTuple):
    """One try of one call, as the broker knows it.

    `endpoint` is where it goes; `resident` what must be in that server's memory;
    `prompt` and `longest` are the tokens it will read, about, and may write; `worst_usd`
    the US dollars that it may cost, for a call by batch.
    """

    key: str
    model: str
    endpoint: str
    session: str
    resident: str = ""
    prompt: int = 0
    longest: int = 0
    worst_usd: float = 0.0
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
        answered = {model for (model,) in ledger.rows(ANSWERED)}
        for gate in self.gates.values():
            gate.breaker.answered |= answered
        meter.endpoint_notes.extend(gate.status_note for gate in self.gates.values())
        self._permits: dict[str, list[Permit]] = {}

    async def open(self, call: Call) -> CallRow | None:
        """As `CallBroker` says. A recorded reply needs no slot."""
        if row := self._find(call):
            return row
        await self.open_in_turn(call, self._join(call))
        return None

    def open_now(self, call: Call) -> CallRow | Ticket | None:
        """The recorded reply; None once the call is admitted, which is not noted yet.

        A ticket where it must wait: `open_in_turn` does. Whoever admits calls by this
        notes them in the ledger, or gives them back. Raises as `open` does.
        """
        if row := self._find(call):
            return row
        ticket = self._join(call)
        if not ticket.future.done():
            return ticket
        self._admit(call, ticket.future.result())
        return None

    async def open_in_turn(self, call: Call, ticket: Ticket) -> None:
        """Wait for the call's turn, and until its note is durable."""
        self._admit(call, await self.gates[call.endpoint].wait(ticket))
        began = time.time()
        try:
            await self.ledger.record_sent(call.key, call.model, call.session)
        except asyncio.CancelledError:
            self.drop(call, began)
            raise
        except BaseException:
            self.give_back(call)
            raise

    def _find(self, call: Call) -> CallRow | None:
        row = self.ledger.find(call.key)
        self.meter.replayed += row is not None
        return row

    def _join(self, call: Call) -> Ticket:
        gate = self.gates[call.endpoint]
        return gate.join(call.model, call.resident, call.prompt, call.longest)

    def _admit(self, call: Call, passage: Permit) -> None:
        """Count a call that may be sent. Raises `BudgetStop`, with its slot free."""
        try:
            self.meter.admit(call.worst_usd)
        except BaseException:
            self.gates[call.endpoint].record_cancelled(passage)
            raise
        self._permits.setdefault(call.key, []).append(passage)
        # Counted before anything is awaited: whoever is admitted next must see it.
        self.meter.in_flight += 1
        self.meter.held_usd += call.worst_usd

    def give_back(self, call: Call) -> None:
        """An admitted call could not be noted: it is not sent, and its slot is free."""
        self.gates[call.endpoint].record_cancelled(self._release(call))

    async def record(self, call: Call, row: CallRow) -> None:
        """As `CallBroker` says."""
        self.count_reply(call, row)
        await self.ledger.record_reply(row)

    def count_reply(self, call: Call, row: CallRow) -> None:
        """Count a reply that is about to be kept, and free its slot."""
        # Counted first: a budget must see what is spent even while it is being written.
        usage = Usage(row.prompt_tokens, row.completion_tokens, row.cached_tokens)
        self.meter.add(usage, row.usd)
        self.meter.notes.add(row.model, row.finish, row.usd, row.reply)
        if row.usd is None and reply_notes(row.reply).get("usage") == "estimated":
            self.meter.stop_for_unknown_cost(call.model)
        passage = self._release(call)
        self.gates[call.endpoint].record_reply(passage, usage.prompt, usage.completion)

    async def fail(self, call: Call, error: ModelError, began: float) -> bool:
        """As `CallBroker` says."""
        gate = self.gates[call.endpoint]
        free_retry = gate.record_failure(self._release(call), error)
        self.meter.retries += free_retry or error.is_transient
        if error.usage is not None and error.usage.is_possible:
            # Counted first, as a reply is.
            self.meter.add_unusable(error.usage, error.usd)
        await self.ledger.record_failure(
            call.key, call.session, call.model, error, began
        )
        if verdict := gate.breaker.reason_given_up(call.model):
            raise EndpointDown(verdict)
        return free_retry

    def drop(self, call: Call, began: float) -> None:
        """As `CallBroker` says."""
        gate = self.gates[call.endpoint]
        gate.record_cancelled(self._release(call))
        if gate.limits.outlives_process:
            self.ledger.append_soon(Statement(DELETE_SENT, (call.key,)))
            return
        rows = failure_statements(
            *(call.key, call.session, call.model, "cancelled", "stopped by us", began)
        )
        self.ledger.append_soon(*rows)

    def _release(self, call: Call) -> Permit:
        self.meter.in_flight -= 1
        self.meter.held_usd -= call.worst_usd
        passages = self._permits[call.key]
        passage = passages.pop()
        if not passages:
            del self._permits[call.key]
        return passage
