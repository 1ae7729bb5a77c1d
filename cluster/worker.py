"""A worker plays many sessions and owns nothing: what it loses, another one replays.

It pulls rows when it has room. Its clients speak to providers themselves, but ask the
coordinator before each call and hand it each reply, and act on a reply only when the
coordinator has said that it is durable.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from functools import partial
from typing import Any

from fellowship.cluster.messages import Answer, Kind, Message, RemoteError
from fellowship.cluster.outbox import Outbox
from fellowship.cluster.placement import look_in
from fellowship.errors import FellowshipError, ModelError
from fellowship.ledger import CallRow
from fellowship.models.providers.endpoints import max_in_flight
from fellowship.models.providers.registry import provider_of
from fellowship.models.record.call_broker import Call
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.rows import Row, RunContext
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Item


class CoordinatorLink:
    """A worker's messages to the coordinator, and the answers it waits for."""

    def __init__(self, name: str, coordinator: Any) -> None:
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._out: Outbox[Message] = Outbox(
            lambda batch: coordinator.deliver.remote(name, batch), self._broke
        )

    def tell(self, kind: Kind, value: Any) -> None:
        """A message that wants no answer."""
        self._out.put(Message(0, kind, value))

    async def ask(self, kind: Kind, value: Any) -> Any:
        """The coordinator's answer; raises what the coordinator met."""
        number = next(self._numbers)
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._out.put(Message(number, kind, value))
        try:
            return await future
        finally:
            self._waiting.pop(number, None)

    def answered(self, answer: Answer) -> None:
        """Wake whoever waits for this answer, if somebody still does."""
        future = self._waiting.get(answer.number)
        if future is None or future.done():
            return
        if answer.error is not None:
            future.set_exception(answer.error.made())
        else:
            future.set_result(answer.value)

    def _broke(self, error: Exception) -> None:
        if not self.lost.done():
            self.lost.set_exception(error)

    async def close(self) -> None:
        """Let the last messages arrive."""
        await self._out.flush()
        self._out.close()
        if self.lost.done():
            self.lost.exception()


class RemoteCallBroker:
    """The run's broker, from a worker. An embedded model's slots are the worker's own."""

    def __init__(self, line: CoordinatorLink, slots: dict[str, int]) -> None:
        self._line = line
        self._own = {place: asyncio.Semaphore(n) for place, n in slots.items()}

    async def open(self, call: Call) -> CallRow | None:
        """As `CallBroker` says."""
        own = self._own.get(call.endpoint)
        if own is not None:
            await own.acquire()
        row: CallRow | None = None
        try:
            row = await self._line.ask("open", call)
        except asyncio.CancelledError:
            self._line.tell("cancel", call.key)
            self._leave(call)
            raise
        except BaseException:
            self._leave(call)
            raise
        if row is not None:
            self._leave(call)
        return row

    async def record(self, call: Call, row: CallRow) -> None:
        """As `CallBroker` says."""
        self._leave(call)
        await self._line.ask("record", (call, row))

    async def fail(self, call: Call, error: ModelError, began: float) -> bool:
        """As `CallBroker` says."""
        self._leave(call)
        spared = await self._line.ask("fail", (call, RemoteError.of(error), began))
        return bool(spared)

    def drop(self, call: Call, began: float) -> None:
        """As `CallBroker` says."""
        self._leave(call)
        self._line.tell("drop", (call, began))

    def _leave(self, call: Call) -> None:
        if call.endpoint in self._own:
            self._own[call.endpoint].release()


class Worker:
    """The actor. `serve` returns when the coordinator has no more rows."""

    def __init__(
        self, name: str, recipe: Recipe, library: PromptLibrary, paths: Iterable[str]
    ) -> None:
        look_in(paths)
        self.name = name
        self.recipe = recipe
        self.library = library
        self.rows: dict[int, asyncio.Task[None]] = {}
        self.line: CoordinatorLink | None = None

    async def serve(self, coordinator: Any) -> RemoteError | None:
        """Pull rows and work on them until there are none. What stops a run is returned."""
        self.line = CoordinatorLink(self.name, coordinator)
        try:
            registry = ModelRegistry(self.recipe.models)
        except FellowshipError as error:
            return RemoteError.of(error)
        try:
            broker = RemoteCallBroker(self.line, own_slots(registry))
            context = RunContext(
                self.recipe, self.library, registry.recorded_clients(broker)
            )
            pulling = asyncio.create_task(self._pull(self.line, context))
            await asyncio.wait(
                {pulling, self.line.lost}, return_when=asyncio.FIRST_COMPLETED
            )
            pulling.cancel()
            if pulling.done() and not pulling.cancelled() and pulling.exception():
                raise pulling.exception()  # type: ignore[misc]
            await self._end()
            return None
        except FellowshipError as error:
            await self._end()
            return RemoteError.of(error)
        finally:
            await self.line.close()
            await registry.close()

    async def deliver(self, answers: list[Answer]) -> None:
        """The coordinator's answers; one without a number names a row to give up."""
        for answer in answers:
            if answer.number and self.line is not None:
                self.line.answered(answer)
            elif task := self.rows.get(answer.value):
                task.cancel()

    async def _pull(self, line: CoordinatorLink, context: RunContext) -> None:
        while True:
            room = self.recipe.at_once - len(self.rows)
            if room < 1:
                await asyncio.wait(
                    self.rows.values(), return_when=asyncio.FIRST_COMPLETED
                )
                continue
            items: list[Item] = await line.ask("pull", room)
            if not items:
                return
            for item in items:
                task = asyncio.create_task(self._row(item, line, context))
                self.rows[item.number] = task
                task.add_done_callback(partial(self._over, item.number))

    def _over(self, number: int, _: asyncio.Task[None]) -> None:
        self.rows.pop(number, None)

    async def _row(
        self, item: Item, line: CoordinatorLink, context: RunContext
    ) -> None:
        try:
            outcome = await Row(item, context).work()
        except FellowshipError as error:
            line.tell("outcome", (item.number, None, RemoteError.of(error)))
        else:
            line.tell("outcome", (item.number, outcome, None))

    async def _end(self) -> None:
        for task in self.rows.values():
            task.cancel()
        await asyncio.gather(*self.rows.values(), return_exceptions=True)


def own_slots(registry: ModelRegistry) -> dict[str, int]:
    """Places that each worker has one of: embedded engines."""
    return {
        registry.endpoint(name): max_in_flight(config)
        for name, config in registry.configs.items()
        if provider_of(config).in_process
    }
