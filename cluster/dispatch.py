"""A row is lent to a worker, a call is let through to it; both come back if it dies.

The coordinator's side of every line. What a dead worker had in the air may have been paid
for: it is dropped at the broker, which counts it. Its rows go to whoever pulls next, and
replay what is recorded.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from typing import Any

from fellowship.cluster.messages import Answer, Message, RemoteError
from fellowship.cluster.outbox import Outbox
from fellowship.errors import FellowshipError, ModelError, RowError
from fellowship.models.record.call_broker import Call, CallBroker
from fellowship.pipelines.pairing.row_state import failed_row
from fellowship.records import Item, Outcome

DEATHS = 5
"""So many workers may die over one row before the row has failed."""


class WorkerHandle:
    """One worker, as the coordinator sees it: what it was lent, what it is waiting for."""

    def __init__(self, name: str, handle: Any) -> None:
        self.name = name
        self.handle = handle
        self.rows: set[int] = set()
        self.calls: dict[str, tuple[Call, float]] = {}
        self.opening: dict[str, asyncio.Task[None]] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.out: Outbox[Answer] = Outbox(
            lambda batch: handle.deliver.remote(batch), lambda error: None
        )


class Dispatch:
    """Rows to be had, and the workers that have them."""

    def __init__(self, broker: CallBroker) -> None:
        self.broker = broker
        self.branches: dict[str, WorkerHandle] = {}
        self.over = False
        self.lost_calls = 0
        self._waiting: deque[Item] = deque()
        self._wanted: dict[int, tuple[Item, asyncio.Future[Outcome]]] = {}
        self._deaths: Counter[int] = Counter()
        self._news = asyncio.Condition()

    async def work(self, item: Item) -> Outcome:
        """The item's outcome, whoever makes it. Cancelling it takes the row back."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._wanted[item.number] = (item, future)
        self._waiting.append(item)
        await self._tell()
        try:
            return await future
        except asyncio.CancelledError:
            for branch in self.branches.values():
                if item.number in branch.rows:
                    branch.out.put(Answer(0, item.number))
            raise
        finally:
            self._wanted.pop(item.number, None)
            if item in self._waiting:
                self._waiting.remove(item)

    async def close(self) -> None:
        """No more rows: workers that pull are sent home."""
        self.over = True
        await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    # -- workers ---------------------------------------------------------------------

    def joined(self, branch: WorkerHandle) -> None:
        """A worker that may send messages from now on."""
        self.branches[branch.name] = branch

    async def left(self, branch: WorkerHandle) -> None:
        """A worker that is gone: take back what it was lent."""
        self.branches.pop(branch.name, None)
        branch.out.close()
        for task in (*branch.opening.values(), *branch.tasks):
            task.cancel()
        for call, began in branch.calls.values():
            self.lost_calls += 1
            self.broker.drop(call, began)
        branch.calls.clear()
        for number in sorted(branch.rows):
            self._again(number)
        await self._tell()

    def _again(self, number: int) -> None:
        if number not in self._wanted:
            return
        item, future = self._wanted[number]
        self._deaths[number] += 1
        if self._deaths[number] < DEATHS:
            self._waiting.append(item)
        elif not future.done():
            died = RowError(f"{DEATHS} workers died while they worked on this row")
            future.set_result(failed_row(item, died))

    # -- messages ---------------------------------------------------------------------

    def messages(self, name: str, batch: list[Message]) -> None:
        """Take a worker's messages in their order. Of a worker that is gone: none."""
        branch = self.branches.get(name)
        if branch is None:
            return
        for message in batch:
            self._message(branch, message)

    def _message(self, branch: WorkerHandle, message: Message) -> None:
        value = message.value
        if message.kind == "outcome":
            self._outcome(branch, *value)
        elif message.kind == "cancel":
            self._cancelled(branch, value)
        elif message.kind == "drop":
            call, began = value
            if branch.calls.pop(call.key, None):
                self.broker.drop(call, began)
        elif message.kind == "open":
            task = asyncio.create_task(self._open(branch, message.number, value))
            branch.opening[value.key] = task
            task.add_done_callback(lambda _: branch.opening.pop(value.key, None))
        else:
            task = asyncio.create_task(self._answer(branch, message))
            branch.tasks.add(task)
            task.add_done_callback(branch.tasks.discard)

    def _outcome(
        self,
        branch: WorkerHandle,
        number: int,
        outcome: Outcome | None,
        trouble: RemoteError | None,
    ) -> None:
        branch.rows.discard(number)
        _, future = self._wanted.get(number, (None, None))
        if future is None or future.done():
            return
        if outcome is not None:
            future.set_result(outcome)
        elif trouble is not None:
            future.set_exception(trouble.made())

    def _cancelled(self, branch: WorkerHandle, key: str) -> None:
        """A worker no longer wants to send a call it asked for."""
        if task := branch.opening.get(key):
            task.cancel()
        elif held := branch.calls.pop(key, None):
            self.broker.drop(*held)

    async def _open(self, branch: WorkerHandle, number: int, call: Call) -> None:
        try:
            row = await self.broker.open(call)
        except FellowshipError as error:
            branch.out.put(Answer(number, error=RemoteError.of(error)))
            return
        if row is None:
            branch.calls[call.key] = (call, time.time())
        branch.out.put(Answer(number, row))

    async def _answer(self, branch: WorkerHandle, message: Message) -> None:
        try:
            value = await self._done(branch, message)
        except FellowshipError as error:
            branch.out.put(Answer(message.number, error=RemoteError.of(error)))
        else:
            branch.out.put(Answer(message.number, value))

    async def _done(self, branch: WorkerHandle, message: Message) -> Any:
        value = message.value
        if message.kind == "pull":
            return await self._lend(branch, value)
        call = value[0]
        if branch.calls.pop(call.key, None) is None:
            return None
        # A reply that has arrived is kept even if its worker dies in the meantime.
        if message.kind == "record":
            return await asyncio.shield(self.broker.record(*value))
        trouble, began = value[1:]
        error = trouble.made()
        assert isinstance(error, ModelError)
        return await asyncio.shield(self.broker.fail(call, error, began))

    async def _lend(self, branch: WorkerHandle, room: int) -> list[Item]:
        async with self._news:
            await self._news.wait_for(lambda: self._waiting or self.over)
            share = max(1, len(self._waiting) // max(1, len(self.branches)))
            items = [
                self._waiting.popleft()
                for _ in range(min(room, share, len(self._waiting)))
            ]
        branch.rows |= {item.number for item in items}
        return items
