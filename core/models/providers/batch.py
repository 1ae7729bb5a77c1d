"""Calls that nobody waits for in person go by the batch, at half the price.

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

from fellowship.errors import EndpointDown, Failure, ModelError, RecipeError
from fellowship.models.client import Reply, Request, key_of
from fellowship.models.config import OpenAIModel
from fellowship.models.limits.breaker import HOPELESS
from fellowship.models.limits.refusals import kind_of
from fellowship.models.limits.wait_note import WaitNote
from fellowship.models.providers import batch_api as wire
from fellowship.models.providers.batch_book import SHARE, BatchBook, Entry
from fellowship.models.providers.openai import OpenAIClient, words_of

T = TypeVar("T")
log = structlog.get_logger("fellowship.models")

LARGEST_FILE = 150_000_000
"""Bytes of one batch's file; OpenAI takes 200 MB."""

KINDS: dict[str, Failure] = {
    "batch_expired": "unavailable",
    "batch_cancelled": "rejected",
}
"""What a line's own code means, where it has no HTTP status."""


class BatchClient(OpenAIClient):
    """One model behind the Batches endpoint. Needs the run's ledger: see `attach`."""

    delayed = True

    def __init__(self, name: str, config: OpenAIModel) -> None:
        super().__init__(name, config)
        self._book: BatchBook | None = None
        self._fresh: dict[str, dict[str, Any]] = {}
        self._wanted: dict[str, asyncio.Future[None]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._looks: dict[str, wire.Look] = {}
        self._last = 0.0
        self._trouble = ""

    def attach(self, book: BatchBook) -> None:
        """Take over the batches of a run, those of its earlier processes too."""
        self._book = book

    @property
    def book(self) -> BatchBook:
        """The run's batches; `RecipeError` in a process that keeps no ledger."""
        if self._book is None:
            raise RecipeError(
                f"model {self.name!r}: `mode: batch` needs the process that keeps the"
                " run's ledger: run it without --engine, or with `mode: live`"
            )
        return self._book

    async def complete(self, request: Request) -> Reply:
        """The reply, once a batch has brought it. `ModelError` as for a plain call."""
        key = key_of(self.identity, request)
        while True:
            line = self.book.line(key)
            if line is not None and line.text:
                return await self._read(key, line.text)
            if line is None:
                self._ask(key, self._body(request))
            elif entry := self.book.entry(line.tag):
                self._start(entry, {})
            else:
                await self.book.drop(key)
                continue
            await self._news(key)

    def _ask(self, key: str, body: dict[str, Any]) -> None:
        self._fresh[key] = body
        self._last = time.monotonic()
        self._task("gather", self._gather)

    async def _news(self, key: str) -> None:
        """Wait until something is known of this call that was not known before."""
        loop = asyncio.get_running_loop()
        future = self._wanted.setdefault(key, loop.create_future())
        try:
            await asyncio.shield(future)
        except asyncio.CancelledError:
            self._fresh.pop(key, None)
            self._wanted.pop(key, None)
            raise

    def _task(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Have this done once at a time, by name."""
        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(self._worked(name, work))

    async def _worked(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except ModelError as error:
            self._tell(list(self._wanted), error)
        except Exception as error:
            self._tell(list(self._wanted), error)
            log.error("batch", model=self.name, error=repr(error))
        finally:
            del self._tasks[name]

    def _tell(self, keys: list[str], error: Exception | None = None) -> None:
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
            bodies = fitting(self._fresh, settings.lines)
            entry = await self.book.mean(self.name, list(bodies))
            for key in bodies:
                self._fresh.pop(key, None)
            self._start(entry, bodies)

    def _start(self, entry: Entry, bodies: Mapping[str, Mapping[str, Any]]) -> None:
        self._task(entry.tag, lambda: self._follow(entry, bodies))

    async def _follow(
        self, entry: Entry, bodies: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Create the batch if it is new, wait until it is over, keep what it brought."""
        keys, batch = self.book.keys(entry.tag), entry.batch
        try:
            batch = batch or await self._created(entry, bodies)
            if batch:
                await self._watched(entry.tag, batch)
            else:
                await self.book.forget(entry.tag)
        except ModelError as error:
            # Refused, so there is no such batch. One out of reach may be there.
            if not batch:
                await self.book.forget(entry.tag)
            self._tell(keys, error)
        except EndpointDown as error:
            self._tell(keys, error)
        finally:
            self._looks.pop(batch, None)
            self._tell(keys)

    async def _watched(self, tag: str, batch: str) -> None:
        """Look at a batch until it is over, then fetch what it brought."""
        while True:
            seen = await self._patient(lambda: wire.look(self.api(), batch))
            self._looks[batch] = seen
            if seen.over:
                break
            await asyncio.sleep(self.config.batch.poll)
        await self._patient(lambda: self._fetch(tag, batch, seen))

    async def _created(
        self, entry: Entry, bodies: Mapping[str, Mapping[str, Any]]
    ) -> str:
        """The batch's id. '' where it was never created and its calls are not at hand.

        A try that failed may have created it all the same, so it is looked for first.
        """
        tried = not bodies

        async def once() -> str:
            nonlocal tried
            found = await wire.find(self.api(), entry) if tried else ""
            tried = True
            if not found and bodies:
                found = await wire.submit(self.api(), entry, bodies)
            return found

        if batch := await self._patient(once):
            await self.book.opened(entry.tag, batch)
        return batch

    async def _fetch(self, tag: str, batch: str, seen: wire.Look) -> None:
        """Write down every line of the batch's files."""
        for file in seen.files:
            lines: list[bytes] = []
            async for line in wire.fetched(self.api(), file):
                lines.append(line)
                if len(lines) == SHARE:
                    await self.book.arrived(tag, wire.keyed(lines))
                    lines.clear()
            await self.book.arrived(tag, wire.keyed(lines))
        said = (
            seen.why or f"batch {batch} is {seen.state} and has no line for this call"
        )
        error = {"code": f"batch_{seen.state}", "message": said}
        await self.book.close(tag, json.dumps({"response": None, "error": error}))

    async def _patient(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do this, again and again while the endpoint is out of reach."""
        began, wait = time.monotonic(), 0.5
        while True:
            try:
                done = await work()
            except openai.APIError as error:
                failed = self.failure(error)
                if failed.kind in HOPELESS or not failed.is_transient:
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

    async def _read(self, key: str, text: str) -> Reply:
        """What the provider's line says. An error makes room for another try."""
        try:
            return self._understood(text)
        except ModelError:
            await self.book.drop(key)
            raise

    def _understood(self, text: str) -> Reply:
        try:
            line = json.loads(text)
            response, error = line.get("response"), line.get("error")
            if response is None:
                code, said = str(error["code"]), str(error["message"])
                kind = KINDS.get(code, self._failed_kind(code, said))
                raise ModelError(f"{self._where}: {code}: {self._said(said)}", kind)
            status, body = int(response["status_code"]), response["body"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as odd:
            raise self._malformed(f"its line can't be read ({odd!r})") from odd
        if status >= 400:
            said, word = words_of(json.dumps(body).encode())
            message = f"{self._where}: HTTP {status}: {self._said(said)}"
            raise ModelError(message, kind_of(status, word, said))
        return self._reply(body)

    def _failed_kind(self, code: str, said: str) -> Failure:
        """For a batch that failed as a whole: too much enqueued passes, the rest not."""
        if "token_limit" in f"{code} {said}":
            return "unavailable"
        return "rejected" if code == "batch_failed" else "malformed"

    def note(self) -> WaitNote | None:
        """What its calls wait for; None for nothing."""
        if self._trouble:
            return WaitNote("paused", self._trouble, down=True)
        notes = [f"{len(self._fresh):,} calls gathered"] if self._fresh else []
        for batch, seen in self._looks.items():
            notes.append(f"{batch} {seen.state}: {seen.done:,} of {seen.total:,} done")
        return WaitNote(f"model {self.name!r}", ", ".join(notes)) if notes else None

    async def close(self) -> None:
        """Follow no batch any more; the next process will."""
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await super().close()


def fitting(bodies: Mapping[str, dict[str, Any]], lines: int) -> dict[str, Any]:
    """The first of these that go into one file."""
    taken: dict[str, Any] = {}
    room = LARGEST_FILE
    for key, body in bodies.items():
        room -= len(json.dumps(body)) + 200
        if len(taken) == lines or (taken and room < 0):
            break
        taken[key] = body
    return taken
