"""Dispatch: assigns rows to workers and admits their calls, for the coordinator.

Both come back if a worker dies. What it had in flight may have been paid for: it is dropped
at the broker, which counts it. Its rows go to whoever pulls next, and replay what is
recorded.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import structlog

from fellowship.cluster.call_batch import CallBatch
from fellowship.cluster.connection import GATHERING, Connection
from fellowship.cluster.messages import Message, RemoteError, own_error, with_texts
from fellowship.cluster.worker_handle import WorkerHandle
from fellowship.errors import ModelError, RowError
from fellowship.models.limits.residency import Ticket
from fellowship.models.record.call_broker import Call, LedgerCallBroker
from fellowship.pipelines.pairing.row_state import failed_row
from fellowship.pipelines.running.prepared_rows import EndedRow, from_json_values
from fellowship.records import Item, Outcome, State

log = structlog.get_logger("fellowship.cluster")

MOST_DEATHS = 5
"""So many workers may die over one row before the row has failed."""

LONGEST = 0.02
"""Seconds that messages wait to be handled together while many come: a commit costs the
processor as much as ten calls. A call has two, so it waits for 0.05 s at the most."""

COMPANY = 2
"""Messages handled together from which the next ones wait `LONGEST`, else `GATHERING`."""

ENOUGH = 64
"""Messages that wait for no more."""


class Dispatch:
    """Rows that wait for a worker, and the workers that have rows."""

    def __init__(self, broker: LedgerCallBroker) -> None:
        self.broker = broker
        self.workers: dict[str, WorkerHandle] = {}
        self.closed = False
        self.lost_calls = 0
        self._unhandled: list[tuple[WorkerHandle, Message]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_quiet = True
        self._keeping: set[asyncio.Task[None]] = set()
        self._waiting: deque[Item] = deque()
        self._wanted: dict[int, tuple[Item, asyncio.Future[Outcome | EndedRow]]] = {}
        self._deaths: Counter[int] = Counter()
        self._news = asyncio.Condition()

    async def work(self, item: Item) -> Outcome | EndedRow:
        """The item's row, by whichever worker. Cancelling it takes the row back."""
        future: asyncio.Future[Outcome | EndedRow]
        future = asyncio.get_running_loop().create_future()
        self._wanted[item.number] = (item, future)
        self._waiting.append(item)
        await self._notify()
        try:
            return await future
        except asyncio.CancelledError:
            for worker in self.workers.values():
                if item.number in worker.rows:
                    worker.answer(0, item.number)
            raise
        finally:
            self._wanted.pop(item.number, None)
            if item in self._waiting:
                self._waiting.remove(item)

    async def close(self) -> None:
        """No more rows: workers that pull get none, and end."""
        self.closed = True
        await self._notify()

    async def _notify(self) -> None:
        async with self._news:
            self._news.notify_all()

    # -- workers ---------------------------------------------------------------------

    def add_worker(self, worker: WorkerHandle) -> None:
        """Accept messages of this worker from now on."""
        self.workers[worker.name] = worker

    def connect(
        self, name: str, connection: Connection
    ) -> Callable[[Any], None] | None:
        """What takes the messages of this worker; None where none is waited for."""
        worker = self.workers.get(name)
        if worker is None or worker.connection is not None:
            return None
        worker.connection = connection
        return partial(self._receive, worker)

    async def remove_worker(self, worker: WorkerHandle) -> None:
        """A worker is gone: take what it still sent, requeue its rows, drop its calls."""
        self._handle_all()
        self.workers.pop(worker.name, None)
        worker.stop()
        for call, began in worker.calls.values():
            self.lost_calls += 1
            self.broker.drop(call, began)
        worker.calls.clear()
        for number in sorted(worker.rows):
            self._requeue(number)
        await self._notify()

    def _requeue(self, number: int) -> None:
        if number not in self._wanted:
            return
        item, future = self._wanted[number]
        self._deaths[number] += 1
        if self._deaths[number] < MOST_DEATHS:
            self._waiting.append(item)
        elif not future.done():
            died = RowError(f"{MOST_DEATHS} workers died while they worked on this row")
            future.set_result(failed_row(item, died))

    # -- messages ---------------------------------------------------------------------

    def _receive(self, worker: WorkerHandle, values: list[Any]) -> None:
        if not self._unhandled:
            wait = GATHERING if self._is_quiet else LONGEST
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait, self._handle_all)
        self._unhandled.append((worker, Message(*values)))
        if len(self._unhandled) >= ENOUGH:
            self._handle_all()

    def _handle_all(self) -> None:
        """Handle what all workers have sent, so that it shares commits and answers."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        messages, self._unhandled = self._unhandled, []
        self._is_quiet = len(messages) < COMPANY
        batch = CallBatch(self.broker)
        for worker, message in messages:
            # The messages of a worker that is gone came too late: its calls are dropped.
            if worker.name in self.workers:
                self._handle_or_end(worker, message, batch)
        batch.write()

    def _handle_or_end(
        self, worker: WorkerHandle, message: Message, batch: CallBatch
    ) -> None:
        """Handle a message; a worker that sends another kind is ended, and replaced."""
        try:
            self._handle(worker, message, batch)
        except Exception as error:  # the messages of others are handled all the same
            what = f"{type(error).__name__}: {error}"
            log.warning("unreadable message", worker=worker.name, why=what)
            if worker.connection is not None:
                worker.connection.close()

    def _handle(self, worker: WorkerHandle, message: Message, batch: CallBatch) -> None:
        value = message.value
        if message.kind == "outcome":
            self._take_row(worker, value, message.texts)
        elif message.kind == "trouble":
            number, error = value[0], RemoteError(*value[1]).to_error()
            if (future := self._row_of(worker, number)) is not None:
                future.set_exception(error)
        elif message.kind == "cancel":
            self._cancel(worker, value)
        elif message.kind == "drop":
            number, began = value
            if held := worker.calls.pop(number, None):
                self.broker.drop(held[0], began)
        elif message.kind == "flush":
            worker.answer(message.number)
        elif message.kind == "open":
            number, wait = message.number, partial(self._wait, worker, message.number)
            batch.open(worker, number, Call(*value), wait)
        elif message.kind == "pull":
            start_task(self._pull(worker, message.number, value), worker.pulling)
        else:
            self._take_back(worker, message, batch)

    def _take_back(
        self, worker: WorkerHandle, message: Message, batch: CallBatch
    ) -> None:
        """Keep a reply or a failure, even if its worker dies in the meantime."""
        number, *value = message.value
        record = message.kind == "record"
        row = with_texts(value[0], message.texts) if record else None
        held = worker.calls.pop(number, None)
        if held is None:
            worker.answer(message.number)
        elif row is not None:
            batch.record(worker, message.number, held[0], row)
        else:
            trouble, began = value
            error = RemoteError(*trouble).to_error()
            assert isinstance(error, ModelError)
            noted = self.broker.fail(held[0], error, began)
            start_task(self._answer(worker, message.number, noted), self._keeping)

    async def _pull(self, worker: WorkerHandle, number: int, room: int) -> None:
        items = await self._assign_rows(worker, room)
        worker.answer(number, [item.model_dump(mode="json") for item in items])

    def _take_row(
        self, worker: WorkerHandle, values: list[Any], texts: Sequence[str]
    ) -> None:
        """Take a row that has ended. Its record is not read; the rest is, or raises."""
        (number, item, state, prepared), (record,) = values, texts
        known = None if prepared is None else from_json_values(prepared)
        ended = EndedRow(number, item, State(state), record, known)
        if (future := self._row_of(worker, number)) is not None:
            future.set_result(ended)

    def _row_of(
        self, worker: WorkerHandle, number: int
    ) -> asyncio.Future[Outcome | EndedRow] | None:
        """Who waits for a row that a worker has ended; None where nobody does."""
        worker.rows.discard(number)
        _, future = self._wanted.get(number, (None, None))
        return None if future is None or future.done() else future

    def _cancel(self, worker: WorkerHandle, number: int) -> None:
        """A worker no longer wants to send a call it asked for."""
        worker.noting.discard(number)
        if task := worker.opening.get(number):
            task.cancel()
        elif held := worker.calls.pop(number, None):
            self.broker.drop(*held)

    def _wait(
        self, worker: WorkerHandle, number: int, call: Call, ticket: Ticket
    ) -> None:
        """Have a call wait for its turn."""
        task = asyncio.create_task(self._open(worker, number, call, ticket))
        worker.opening[number] = task
        task.add_done_callback(lambda _: worker.opening.pop(number))

    async def _open(
        self, worker: WorkerHandle, number: int, call: Call, ticket: Ticket
    ) -> None:
        try:
            await self.broker.open_in_turn(call, ticket)
        except Exception as error:
            worker.answer_error(number, own_error(error))
            return
        worker.calls[number] = (call, time.time())
        worker.answer(number)

    async def _answer(
        self, worker: WorkerHandle, number: int, work: Coroutine[Any, Any, Any]
    ) -> None:
        try:
            worker.answer(number, await work)
        except Exception as error:
            worker.answer_error(number, own_error(error))

    async def _assign_rows(self, worker: WorkerHandle, room: int) -> list[Item]:
        async with self._news:
            await self._news.wait_for(lambda: self._waiting or self.closed)
            share = max(1, len(self._waiting) // max(1, len(self.workers)))
            items = [
                self._waiting.popleft()
                for _ in range(min(room, share, len(self._waiting)))
            ]
        worker.rows |= {item.number for item in items}
        return items


def start_task(work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
    """Have this done beside all else; `tasks` holds it until it has ended."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
