"""Client for OpenAI's Batch API, at half the price of a live call.

A call waits until no other has come for a while; then all that wait become one file and
one batch, which is followed until it is over. What a batch says of a call is in the ledger
before the call reads it. A call already in a batch, of this process or of one that was
killed, is never put into another.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import openai
import structlog
from msgspec import structs

from fellowship.errors import EndpointDown, ModelError, RecipeError
from fellowship.models.client import Reply, Request
from fellowship.models.config import OpenAIModel
from fellowship.models.limits.breaker import PERMANENT
from fellowship.models.limits.error_bodies import ErrorBody
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.providers import batch_api
from fellowship.models.providers.batch_ledger import (
    LINES_A_WRITE,
    BatchLedger,
    Entry,
    NeedsLedger,
)
from fellowship.models.providers.batch_lines import (
    LineAnswer,
    first_batch,
    line_failure,
    read_line,
)
from fellowship.models.providers.openai import OpenAIClient
from fellowship.models.request_json import key_of
from fellowship.number_format import counted

T = TypeVar("T")
log = structlog.get_logger("fellowship.models")


class BatchClient(OpenAIClient, NeedsLedger):
    """One model behind the Batches endpoint. Needs the run's ledger: see `attach`."""

    delayed = True

    def __init__(self, name: str, config: OpenAIModel) -> None:
        super().__init__(name, config)
        self._ledger: BatchLedger | None = None
        self._fresh: dict[str, dict[str, Any]] = {}
        self._sent_without: dict[str, tuple[str, ...]] = {}
        self._wanted: dict[str, asyncio.Future[None]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._statuses: dict[str, batch_api.BatchStatus] = {}
        self._last = 0.0
        self._trouble = ""

    def attach(self, ledger: BatchLedger) -> None:
        """Take over the batches of a run, those of its earlier processes too."""
        self._ledger = ledger

    @property
    def ledger(self) -> BatchLedger:
        """The run's batches; `RecipeError` in a process that keeps no ledger."""
        if self._ledger is None:
            raise RecipeError(
                f"model {self.name!r}: `mode: batch` needs the process that keeps the"
                " run's ledger: run it without --engine, or with `mode: live`"
            )
        return self._ledger

    async def complete(self, request: Request) -> Reply:
        """The reply, once a batch has brought it. `ModelError` as for a plain call."""
        key = key_of(self.identity, request)
        while True:
            line = self.ledger.line(key)
            if line is not None and line.text:
                reply = await self._read(key, request, line.text)
                if reply is not None:
                    return reply
                continue
            if line is None:
                self._enqueue(key, request)
            elif entry := self.ledger.entry(line.tag):
                self._start(entry, {})
            else:
                await self.ledger.delete_line(key)
                continue
            await self._wait_for_news(key)

    def _enqueue(self, key: str, request: Request) -> None:
        self._fresh[key], self._sent_without[key] = self.requests.body(request)
        self._last = time.monotonic()
        self._start_task("gather", self._gather)

    async def _wait_for_news(self, key: str) -> None:
        """Wait until something is known of this call that was not known before."""
        loop = asyncio.get_running_loop()
        future = self._wanted.setdefault(key, loop.create_future())
        try:
            await asyncio.shield(future)
        except asyncio.CancelledError:
            self._fresh.pop(key, None)
            self._wanted.pop(key, None)
            raise

    def _start_task(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Have this done once at a time, by name."""
        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(self._run_task(name, work))

    async def _run_task(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except ModelError as error:
            self._wake(list(self._wanted), error)
        except Exception as error:
            self._wake(list(self._wanted), error)
            log.error("batch", model=self.name, error=repr(error))
        finally:
            del self._tasks[name]

    def _wake(self, keys: list[str], error: Exception | None = None) -> None:
        """Wake these calls, with an error of their own if there is one."""
        for key in keys:
            future = self._wanted.pop(key, None)
            if future is None or future.done():
                continue
            if error is None:
                future.set_result(None)
            elif isinstance(error, ModelError):
                future.set_exception(ModelError(str(error), error.kind))
            else:
                future.set_exception(error)

    # -- one batch -------------------------------------------------------------------

    async def _gather(self) -> None:
        """Make batches of what waits, each once no call has come for a while."""
        settings = self.config.batch
        while self._fresh:
            quiet = time.monotonic() - self._last
            if quiet < settings.gather and len(self._fresh) < settings.lines:
                await asyncio.sleep(min(settings.gather - quiet, 1.0))
                continue
            bodies = first_batch(self._fresh, settings.lines)
            entry = await self.ledger.note_batch(self.name, list(bodies))
            for key in bodies:
                self._fresh.pop(key, None)
            self._start(entry, bodies)

    def _start(self, entry: Entry, bodies: Mapping[str, Mapping[str, Any]]) -> None:
        self._start_task(entry.tag, lambda: self._follow(entry, bodies))

    async def _follow(
        self, entry: Entry, bodies: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Create the batch if it is new, wait until it is over, keep what it brought."""
        keys, batch = self.ledger.keys(entry.tag), entry.batch
        try:
            batch = batch or await self._create(entry, bodies)
            if batch:
                await self._watch(entry.tag, batch)
            else:
                await self.ledger.delete_batch(entry.tag)
        except ModelError as error:
            # Refused, so there is no such batch. One out of reach may be there.
            if not batch:
                await self.ledger.delete_batch(entry.tag)
            self._wake(keys, error)
        except EndpointDown as error:
            self._wake(keys, error)
        finally:
            self._statuses.pop(batch, None)
            self._wake(keys)

    async def _watch(self, tag: str, batch: str) -> None:
        """Look at a batch until it is over, then fetch what it brought."""
        while True:
            status = await self._retry_while_down(
                lambda: batch_api.batch_status(self.api(), batch)
            )
            self._statuses[batch] = status
            if status.is_over:
                break
            await asyncio.sleep(self.config.batch.poll)
        await self._retry_while_down(lambda: self._fetch(tag, batch, status))

    async def _create(
        self, entry: Entry, bodies: Mapping[str, Mapping[str, Any]]
    ) -> str:
        """The batch's id. '' where it was never created and its calls are not at hand.

        A try that failed may have created it all the same, so it is looked for first.
        """
        tried = not bodies

        async def once() -> str:
            nonlocal tried
            found = await batch_api.find_batch(self.api(), entry) if tried else ""
            tried = True
            if not found and bodies:
                found = await batch_api.submit(self.api(), entry, bodies)
            return found

        if batch := await self._retry_while_down(once):
            await self.ledger.set_batch_id(entry.tag, batch)
        return batch

    async def _fetch(self, tag: str, batch: str, status: batch_api.BatchStatus) -> None:
        """Write down every line of the batch's files."""
        for file in status.files:
            lines: list[bytes] = []
            async for line in batch_api.file_lines(self.api(), file):
                lines.append(line)
                if len(lines) == LINES_A_WRITE:
                    await self.ledger.store_lines(tag, batch_api.lines_by_key(lines))
                    lines.clear()
            await self.ledger.store_lines(tag, batch_api.lines_by_key(lines))
        message = (
            status.why
            or f"batch {batch} is {status.state} and has no line for this call"
        )
        error = {"code": f"batch_{status.state}", "message": message}
        await self.ledger.close_batch(
            tag, json.dumps({"response": None, "error": error})
        )

    async def _retry_while_down(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do this, again and again while the endpoint is out of reach."""
        began, wait = time.monotonic(), 0.5
        while True:
            try:
                done = await work()
            except openai.APIError as error:
                failed = self._errors.sdk_failure(error)
                if failed.kind in PERMANENT or not failed.is_transient:
                    raise failed from error
                if time.monotonic() - began > self.config.patience:
                    raise EndpointDown(str(failed)) from error
                if not self._trouble:
                    log.warning("paused", model=self.name, why=str(failed))
                self._trouble = str(failed)
                wait = max(failed.retry_after or 0.0, min(30.0, 2 * wait))
                await asyncio.sleep(wait)
                continue
            self._trouble = ""
            return done

    # -- one line --------------------------------------------------------------------

    async def _read(self, key: str, request: Request, text: str) -> Reply | None:
        """What the provider's line says; None where it refused a parameter, just learnt.

        An error makes room for another try.
        """
        try:
            line = read_line(self.name, text)
            if line.error is None:
                # A process that has not sent it goes by what it would send.
                left_out = self._sent_without.pop(key, self.requests.body(request)[1])
                return structs.replace(self._reply(line.body), left_out=left_out)
            learnt = self._learnt_from(key, request, line)
        except ModelError:
            await self.ledger.delete_line(key)
            raise
        await self.ledger.delete_line(key)
        if learnt:
            return None
        raise line_failure(self._errors, line)

    def _learnt_from(self, key: str, request: Request, line: LineAnswer) -> bool:
        """Whether a line refuses a parameter that it was sent with.

        One that was learnt from another line of its batch since counts as well.
        """
        error = line.error or ErrorBody("")
        why = self._errors.redacted(error.message)
        whole = self.requests.whole(request)
        name = self.requests.learn(line.status or 400, error, whole, why)
        return bool(name) and name not in self._sent_without.get(key, ())

    def status_note(self) -> WaitNote | None:
        """What its calls wait for; None for nothing."""
        if self._trouble:
            return WaitNote("paused", self._trouble, down=True)
        notes = [f"{counted(len(self._fresh), 'call')} gathered"] if self._fresh else []
        for batch, seen in self._statuses.items():
            notes.append(f"{batch} {seen.state}: {seen.done:,} of {seen.total:,} done")
        return WaitNote(f"model {self.name!r}", ", ".join(notes)) if notes else None

    async def close(self) -> None:
        """Follow no batch any more; the next process will."""
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await super().close()
