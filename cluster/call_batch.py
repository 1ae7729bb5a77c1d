"""Call batch: what all workers asked and answered in one moment, in one commit.

A call that may go at once costs no task and no future of its own. Each is answered when
the whole batch is durable: a batch that can't be written is refused as a whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from fellowship.cluster.messages import own_error
from fellowship.cluster.worker_handle import WorkerHandle
from fellowship.errors import LedgerError
from fellowship.ledger import CallRow
from fellowship.models.limits.residency import Ticket
from fellowship.models.record.call_broker import Call, LedgerCallBroker
from fellowship.writer import Statement


class Admitted(NamedTuple):
    """A call that may be sent once its note is durable."""

    worker: WorkerHandle
    number: int
    call: Call
    began: float


class CallBatch:
    """Calls that are noted and replies that are kept, together."""

    def __init__(self, broker: LedgerCallBroker) -> None:
        self._broker = broker
        self._admitted: list[Admitted] = []
        self._recorded: list[tuple[WorkerHandle, int]] = []
        self._replies: list[CallRow] = []

    def open(
        self,
        worker: WorkerHandle,
        number: int,
        call: Call,
        wait: Callable[[Call, Ticket], None],
    ) -> None:
        """Admit a call, or answer it with what is recorded or why it must not be sent.

        `wait` is called with one that has to wait for its turn.
        """
        try:
            found = self._broker.open_now(call)
        except Exception as error:
            worker.answer_error(number, own_error(error))
            return
        if isinstance(found, Ticket):
            wait(call, found)
        elif found is not None:
            worker.answer(number, found)
        else:
            worker.noting.add(number)
            self._admitted.append(Admitted(worker, number, call, time.time()))

    def record(
        self, worker: WorkerHandle, number: int, call: Call, row: CallRow
    ) -> None:
        """Keep a reply, even if its worker dies in the meantime."""
        self._broker.count_reply(call, row)
        self._recorded.append((worker, number))
        self._replies.append(row)

    def write(self) -> None:
        """Make all of it durable, and then answer."""
        if not (self._admitted or self._recorded):
            return
        try:
            self._broker.ledger.append_now(self._statements(), self._answer)
        except LedgerError as error:
            self._answer(error)

    def _answer(self, error: LedgerError | None) -> None:
        if error is not None:
            self._refuse(error)
            return
        for worker, number in self._recorded:
            worker.answer(number)
        for one in self._admitted:
            if one.number in one.worker.noting:
                one.worker.noting.discard(one.number)
                one.worker.calls[one.number] = (one.call, time.time())
                one.worker.answer(one.number)
            else:  # called back, or its worker is gone
                self._broker.drop(one.call, one.began)
        answered = {one.worker for one in self._admitted}
        for worker in answered.union(worker for worker, _ in self._recorded):
            worker.flush()

    def _statements(self) -> list[Statement]:
        """Replies first: one of them may take the note of another call with its key."""
        ledger, admitted = self._broker.ledger, [one.call for one in self._admitted]
        return [
            *ledger.reply_statements(self._replies),
            *ledger.note_statements([(c.key, c.model, c.session) for c in admitted]),
        ]

    def _refuse(self, error: LedgerError) -> None:
        for worker, number in self._recorded:
            worker.answer_error(number, error)
        for one in self._admitted:
            self._broker.give_back(one.call)
            one.worker.noting.discard(one.number)
            one.worker.answer_error(one.number, error)
