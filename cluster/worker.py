"""Worker: the Ray actor that works on rows and owns nothing.

It pulls rows when it has room; what it loses, another one replays. Its clients speak to
providers themselves, but ask the coordinator before each call and hand it each reply, and
act on a reply only when the coordinator has said that it is durable.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fellowship.cluster.connection import Connection
from fellowship.cluster.listener import Address, connect
from fellowship.cluster.messages import (
    Answer,
    Kind,
    Message,
    RemoteError,
    without_texts,
)
from fellowship.cluster.placement import add_module_paths
from fellowship.errors import FellowshipError, ModelError
from fellowship.ledger import CallRow, written_outcome
from fellowship.models.providers.endpoints import max_in_flight
from fellowship.models.providers.registry import provider_of
from fellowship.models.record.call_broker import Call
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.prepared_rows import RowPreparation, to_json_values
from fellowship.pipelines.running.rows import Row, RunContext
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Item, Outcome


class CoordinatorLink:
    """A worker's messages to the coordinator, and the answers it waits for."""

    def __init__(self, give_up_row: Callable[[int], None]) -> None:
        """`give_up_row` is called with the number of a row nobody wants any more."""
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._give_up_row = give_up_row
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._connection: Connection | None = None

    async def open(self, address: Address, name: str) -> None:
        """Connect. Raises `FellowshipError` where the coordinator can't be reached."""
        self._connection = await connect(address, name, self.resolve, self._fail)

    def send(self, kind: Kind, value: Any, texts: Sequence[str] = ()) -> None:
        """Send a message that wants no answer."""
        self._send(Message(0, kind, value), texts)

    def _send(self, message: Message, texts: Sequence[str]) -> None:
        assert self._connection is not None
        self._connection.send(message[:3], texts)

    def new_number(self) -> int:
        """The number of a message that is answered, or of the call it asks for."""
        return next(self._numbers)

    async def ask(
        self,
        kind: Kind,
        value: Any,
        number: int | None = None,
        texts: Sequence[str] = (),
    ) -> Any:
        """The coordinator's answer; raises what the coordinator met."""
        number = number or self.new_number()
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._send(Message(number, kind, value), texts)
            return await future
        finally:
            self._waiting.pop(number, None)

    def resolve(self, values: list[Any]) -> None:
        """Wake the task that waits for this answer, if it still does."""
        answer = Answer(*values)
        if not answer.number:
            self._give_up_row(answer.value)
            return
        future = self._waiting.get(answer.number)
        if future is None or future.done():
            return
        if answer.error is not None:
            future.set_exception(RemoteError(*answer.error).to_error())
        else:
            future.set_result(answer.value)

    def _fail(self, error: Exception) -> None:
        if not self.lost.done():
            self.lost.set_exception(error)

    async def close(self) -> None:
        """Let the last messages arrive, then end the connection."""
        if self._connection is not None:
            last = asyncio.ensure_future(self.ask("flush", None))
            await asyncio.wait({last, self.lost}, return_when=asyncio.FIRST_COMPLETED)
            last.cancel()
        if not self.lost.cancel():
            self.lost.exception()
        if self._connection is not None:
            self._connection.close()


class RemoteCallBroker:
    """The run's broker, for a worker. An embedded model's slots are the worker's own."""

    def __init__(self, link: CoordinatorLink, slots: dict[str, int]) -> None:
        self._link = link
        self._own = {place: asyncio.Semaphore(n) for place, n in slots.items()}
        self._open: dict[str, list[int]] = {}

    async def open(self, call: Call) -> CallRow | None:
        """As `CallBroker` says."""
        own = self._own.get(call.endpoint)
        if own is not None:
            await own.acquire()
        number = self._link.new_number()
        try:
            recorded = await self._link.ask("open", call, number)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                self._link.send("cancel", number)
            self._release_own(call)
            raise
        if recorded is not None:
            self._release_own(call)
            return CallRow(*recorded)
        self._open.setdefault(call.key, []).append(number)
        return None

    async def record(self, call: Call, row: CallRow) -> None:
        """As `CallBroker` says."""
        values, texts = without_texts(row)
        await self._link.ask("record", (self._release(call), values), texts=texts)

    async def fail(self, call: Call, error: ModelError, began: float) -> bool:
        """As `CallBroker` says."""
        value = (self._release(call), RemoteError.from_error(error), began)
        return bool(await self._link.ask("fail", value))

    def drop(self, call: Call, began: float) -> None:
        """As `CallBroker` says."""
        self._link.send("drop", (self._release(call), began))

    def _release(self, call: Call) -> int:
        """The number of an open call that has come back."""
        self._release_own(call)
        numbers = self._open[call.key]
        number = numbers.pop()
        if not numbers:
            del self._open[call.key]
        return number

    def _release_own(self, call: Call) -> None:
        if call.endpoint in self._own:
            self._own[call.endpoint].release()


@dataclass(frozen=True)
class WorkerJob:
    """What every worker of a run is told: `into` is the folder at the coordinator."""

    recipe: Recipe
    library: PromptLibrary
    header: Mapping[str, Any]
    into: Path
    paths: tuple[str, ...] = ()


class Worker:
    """The actor. `serve` returns when the coordinator has no more rows."""

    def __init__(self, name: str, job: WorkerJob) -> None:
        add_module_paths(job.paths)
        self.name = name
        self.job = job
        self.recipe = job.recipe
        self.rows: dict[int, asyncio.Task[None]] = {}

    async def serve(self, address: Address) -> RemoteError | None:
        """Work on rows until there are none; returns an error that ends the run."""
        try:
            registry = ModelRegistry(self.recipe.models)
            job = self.job
            self.preparation = RowPreparation(job.recipe, job.header, job.into)
        except FellowshipError as error:
            return RemoteError.from_error(error)
        link = CoordinatorLink(self._give_up)
        try:
            await link.open(address, self.name)
            broker = RemoteCallBroker(link, engine_slots(registry))
            context = RunContext(
                job.recipe, job.library, registry.recorded_clients(broker)
            )
            await self._pull_until_lost(link, context)
            return None
        except FellowshipError as error:
            return RemoteError.from_error(error)
        finally:
            await self._cancel_rows()
            await link.close()
            await registry.close()

    async def _pull_until_lost(
        self, link: CoordinatorLink, context: RunContext
    ) -> None:
        """Work on rows until there are none, or nobody to hand them to."""
        pulling = asyncio.create_task(self._pull(link, context))
        await asyncio.wait({pulling, link.lost}, return_when=asyncio.FIRST_COMPLETED)
        if pulling.done():
            pulling.result()
        pulling.cancel()

    def _give_up(self, number: int) -> None:
        """The coordinator no longer wants a row."""
        if task := self.rows.get(number):
            task.cancel()

    async def _pull(self, link: CoordinatorLink, context: RunContext) -> None:
        while True:
            room = self.recipe.at_once - len(self.rows)
            if room < 1:
                await asyncio.wait(
                    self.rows.values(), return_when=asyncio.FIRST_COMPLETED
                )
                continue
            rows = await link.ask("pull", room)
            if not rows:
                return
            for item in map(Item.model_validate, rows):
                task = asyncio.create_task(self._work_on(item, link, context))
                self.rows[item.number] = task
                task.add_done_callback(partial(self._forget, item.number))

    def _forget(self, number: int, _: asyncio.Task[None]) -> None:
        self.rows.pop(number, None)

    async def _work_on(
        self, item: Item, link: CoordinatorLink, context: RunContext
    ) -> None:
        try:
            row = row_message(await Row(item, context).work(), self.preparation)
        except FellowshipError as error:
            link.send("trouble", (item.number, RemoteError.from_error(error)))
        except Exception as error:  # a bug: a row that never ends would hide it
            message = f"row {item.number}: {type(error).__name__}: {error}"
            trouble = RemoteError.from_error(FellowshipError(message))
            link.send("trouble", (item.number, trouble))
        else:
            link.send("outcome", *row)

    async def _cancel_rows(self) -> None:
        for task in self.rows.values():
            task.cancel()
        await asyncio.gather(*self.rows.values(), return_exceptions=True)


def row_message(
    outcome: Outcome, preparation: RowPreparation
) -> tuple[tuple[Any, ...], tuple[str]]:
    """A row as a message has it: what the coordinator reads, and its record."""
    outcome, record = written_outcome(outcome)
    prepared = preparation.prepare(outcome)
    values = None if prepared is None else to_json_values(prepared)
    return (outcome.number, outcome.item, outcome.state, values), (record,)


def engine_slots(registry: ModelRegistry) -> dict[str, int]:
    """Calls in flight of each embedded engine, which every worker has for itself."""
    return {
        registry.endpoint(name): max_in_flight(config)
        for name, config in registry.configs.items()
        if provider_of(config).in_process
    }
