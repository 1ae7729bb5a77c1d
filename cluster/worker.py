"""Worker: the Ray actor that works on rows and owns nothing.

It pulls rows when it has room; what it loses, another one replays. Its clients speak to
providers themselves, but ask the coordinator before each call and hand it each reply, and
act on a reply only when the coordinator has said that it is durable.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from functools import partial
from typing import Any

from fellowship.cluster.messages import Answer, Kind, Message, RemoteError
from fellowship.cluster.outbox import Outbox
from fellowship.cluster.placement import add_module_paths
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
            lambda batch: coordinator.deliver.remote(name, batch), self._fail
        )

    def send(self, kind: Kind, value: Any) -> None:
        """Send a message that wants no answer."""
        self._out.send(Message(0, kind, value))

    async def ask(self, kind: Kind, value: Any) -> Any:
        """The coordinator's answer; raises what the coordinator met."""
        number = next(self._numbers)
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._out.send(Message(number, kind, value))
        try:
            return await future
        finally:
            self._waiting.pop(number, None)

    def resolve(self, answer: Answer) -> None:
        """Wake the task that waits for this answer, if it still does."""
        future = self._waiting.get(answer.number)
        if future is None or future.done():
            return
        if answer.error is not None:
            future.set_exception(answer.error.to_error())
        else:
            future.set_result(answer.value)

    def _fail(self, error: Exception) -> None:
        if not self.lost.done():
            self.lost.set_exception(error)

    async def close(self) -> None:
        """Let the last messages arrive."""
        await self._out.flush()
        self._out.close()
        if self.lost.done():
            self.lost.exception()


class RemoteCallBroker:
    """The run's broker, for a worker. An embedded model's slots are the worker's own."""

    def __init__(self, link: CoordinatorLink, slots: dict[str, int]) -> None:
        self._link = link
        self._own = {place: asyncio.Semaphore(n) for place, n in slots.items()}

    async def open(self, call: Call) -> CallRow | None:
        """As `CallBroker` says."""
        own = self._own.get(call.endpoint)
        if own is not None:
            await own.acquire()
        row: CallRow | None = None
        try:
            row = await self._link.ask("open", call)
        except asyncio.CancelledError:
            self._link.send("cancel", call.key)
            self._release(call)
            raise
        except BaseException:
            self._release(call)
            raise
        if row is not None:
            self._release(call)
        return row

    async def record(self, call: Call, row: CallRow) -> None:
        """As `CallBroker` says."""
        self._release(call)
        await self._link.ask("record", (call, row))

    async def fail(self, call: Call, error: ModelError, began: float) -> bool:
        """As `CallBroker` says."""
        self._release(call)
        free_retry = await self._link.ask(
            "fail", (call, RemoteError.from_error(error), began)
        )
        return bool(free_retry)

    def drop(self, call: Call, began: float) -> None:
        """As `CallBroker` says."""
        self._release(call)
        self._link.send("drop", (call, began))

    def _release(self, call: Call) -> None:
        if call.endpoint in self._own:
            self._own[call.endpoint].release()


class Worker:
    """The actor. `serve` returns when the coordinator has no more rows."""

    def __init__(
        self, name: str, recipe: Recipe, library: PromptLibrary, paths: Iterable[str]
    ) -> None:
        add_module_paths(paths)
        self.name = name
        self.recipe = recipe
        self.library = library
        self.rows: dict[int, asyncio.Task[None]] = {}
        self.link: CoordinatorLink | None = None

    async def serve(self, coordinator: Any) -> RemoteError | None:
        """Work on rows until there are none; returns an error that ends the run."""
        self.link = CoordinatorLink(self.name, coordinator)
        try:
            registry = ModelRegistry(self.recipe.models)
        except FellowshipError as error:
            return RemoteError.from_error(error)
        try:
            broker = RemoteCallBroker(self.link, engine_slots(registry))
            context = RunContext(
                self.recipe, self.library, registry.recorded_clients(broker)
            )
            pulling = asyncio.create_task(self._pull(self.link, context))
            await asyncio.wait(
                {pulling, self.link.lost}, return_when=asyncio.FIRST_COMPLETED
            )
            pulling.cancel()
            if pulling.done() and not pulling.cancelled() and pulling.exception():
                raise pulling.exception()  # type: ignore[misc]
            await self._cancel_rows()
            return None
        except FellowshipError as error:
            await self._cancel_rows()
            return RemoteError.from_error(error)
        finally:
            await self.link.close()
            await registry.close()

    async def deliver(self, answers: list[Answer]) -> None:
        """The coordinator's answers; one without a number names a row to give up."""
        for answer in answers:
            if answer.number and self.link is not None:
                self.link.resolve(answer)
            elif task := self.rows.get(answer.value):
                task.cancel()

    async def _pull(self, link: CoordinatorLink, context: RunContext) -> None:
        while True:
            room = self.recipe.at_once - len(self.rows)
            if room < 1:
                await asyncio.wait(
                    self.rows.values(), return_when=asyncio.FIRST_COMPLETED
                )
                continue
            items: list[Item] = await link.ask("pull", room)
            if not items:
                return
            for item in items:
                task = asyncio.create_task(self._work_on(item, link, context))
                self.rows[item.number] = task
                task.add_done_callback(partial(self._forget, item.number))

    def _forget(self, number: int, _: asyncio.Task[None]) -> None:
        self.rows.pop(number, None)

    async def _work_on(
        self, item: Item, link: CoordinatorLink, context: RunContext
    ) -> None:
        try:
            outcome = await Row(item, context).work()
        except FellowshipError as error:
            link.send("outcome", (item.number, None, RemoteError.from_error(error)))
        else:
            link.send("outcome", (item.number, outcome, None))

    async def _cancel_rows(self) -> None:
        for task in self.rows.values():
            task.cancel()
        await asyncio.gather(*self.rows.values(), return_exceptions=True)


def engine_slots(registry: ModelRegistry) -> dict[str, int]:
    """Calls in flight of each embedded engine, which every worker has for itself."""
    return {
        registry.endpoint(name): max_in_flight(config)
        for name, config in registry.configs.items()
        if provider_of(config).in_process
    }
