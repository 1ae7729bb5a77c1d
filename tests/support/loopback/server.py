"""A loopback server is a provider's dialect around one shared way to treat a call.

Every call is counted on arrival; then it is refused, broken or answered. `GET /_stats`,
`POST /_reset` and `POST /_script` are the test's own doors and are not counted.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, ClassVar

from aiohttp import web

from tests.support.loopback import delivery
from tests.support.loopback.answers import completed, compose
from tests.support.loopback.delivery import Wire
from tests.support.loopback.faults import BROKEN, REFUSALS, Fault, FaultPlan, RateLimit
from tests.support.loopback.faults import retry_after as retry_after_value
from tests.support.loopback.prose import Ask, Reply
from tests.support.loopback.settings import Settings
from tests.support.loopback.tally import Tally, Use

Body = dict[str, Any]
Answer = Callable[[Body], Awaitable[str | Reply]]
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """The request gets an error body: `kind` is one of the faults' REFUSALS or 400."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail


class Loopback(ABC):
    """One provider on loopback. Subclasses speak its dialect."""

    chat_path: ClassVar[str]

    def __init__(self, settings: Settings, answer: Answer | None = None) -> None:
        self.settings = settings
        self.answer = answer
        self.tally = Tally()
        self.plan = FaultPlan()
        self.limiter = RateLimit()
        self.slots: asyncio.Semaphore | None = None
        self.routes: dict[tuple[str, str], Handler] = {
            ("POST", self.chat_path): self.chat,
            ("GET", "/_stats"): self._stats,
            ("POST", "/_reset"): self._reset,
            ("POST", "/_script"): self._script,
        }

    @abstractmethod
    def ask(self, body: Body) -> Ask:
        """The request, read. Raises Refused where the provider would answer 4xx."""

    @abstractmethod
    def encode(self, ask: Ask, reply: Reply, fault: str) -> Wire:
        """The reply in the provider's words, spoilt as the fault says ('' for not)."""

    @abstractmethod
    def refusal(self, kind: str, detail: str) -> tuple[int, Body]:
        """Status and error body of a refusal."""

    def admit(self, request: web.BaseRequest) -> None:
        """Raises Refused unless `Authorization: Bearer` has a key that is let in."""
        keys = self.settings.keys
        if keys:
            scheme, _, key = request.headers.get("Authorization", "").partition(" ")
            if scheme != "Bearer" or key not in keys:
                raise Refused("401", key or "(none sent)")

    def residency(
        self, ask: Ask, body: Body
    ) -> AbstractAsyncContextManager[int] | nullcontext[int]:
        """Holds the model in memory while it answers; gives the load's nanoseconds."""
        return nullcontext(0)

    def report(self) -> Body:
        """What `/_stats` says."""
        bills = {"usd": self.bill(), "usd_unread": self.bill([self.tally.unread])}
        return self.tally.report() | bills

    def bill(self, uses: Iterable[Use] | None = None) -> float:
        """What it would charge for these, or for all it answered, by its own price."""
        uses = self.tally.models.values() if uses is None else uses
        prompt, cached, completion = self.settings.price or (0.0, 0.0, 0.0)
        return (
            sum(
                (use.prompt_tokens - use.cached_tokens) * prompt
                + use.cached_tokens * cached
                + use.completion_tokens * completion
                for use in uses
            )
            / 1e6
        )

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request of every connection comes here."""
        path = request.raw_path.partition("?")[0]
        handler = self.routes.get((request.method, path))
        if path[:2] != "/_":
            self.tally.by_path[path] += 1
        try:
            if handler is None:
                raise Refused("route", path)
            return await handler(request)
        except Refused as refused:
            return self.refused(refused.kind, refused.detail, {})

    def refused(self, kind: str, detail: str, headers: dict[str, str]) -> web.Response:
        """An error response, counted."""
        status, body = self.refusal(kind, detail)
        self.tally.by_status[status] += 1
        raw = json.dumps(body).encode()
        return delivery.whole(Wire([raw], status, headers=headers))

    async def chat(self, request: web.BaseRequest) -> web.StreamResponse:
        """One model call, from arrival to the last byte."""
        raw = await request.read()
        digest = self.tally.enter(raw)
        try:
            self.admit(request)
            return await self._treated(request, raw, digest)
        except (asyncio.CancelledError, ConnectionError):
            self.tally.abandoned += 1
            raise
        finally:
            self.tally.in_flight -= 1

    async def _treated(
        self, request: web.BaseRequest, raw: bytes, digest: bytes
    ) -> web.StreamResponse:
        settings = self.settings
        try:
            body = json.loads(raw)
            ask = self.ask(body)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Refused("400", f"unreadable request: {error!r}") from error
        use = self.tally.asked(ask.model)
        if settings.rate:
            wait = self.limiter.wait(settings.rate, settings.window)
            if wait:
                self.tally.limited += 1
                value = retry_after_value(settings.retry_after, wait)
                headers = {"Retry-After": value} if value else {}
                return self.refused("429", ask.model, headers)
        fault = self.plan.draw(digest, ask.model)
        if fault is not None:
            self.tally.faults[fault.kind] += 1
            if fault.kind in REFUSALS:
                return self.refused(fault.kind, ask.model, fault.headers)
            if fault.kind == "reset":
                return delivery.reset(request)
            if fault.kind == "hang":
                await asyncio.Event().wait()
        reply = await self._reply(ask, body)
        self.tally.answered(digest, use, reply)
        self.tally.by_status[200] += 1
        return await self._sent(request, ask, reply, fault)

    async def _reply(self, ask: Ask, body: Body) -> Reply:
        """The model's words, after its latency, in its turn."""
        settings = self.settings
        if not settings.slots:
            return await self._thought(ask, body)
        if self.slots is None:
            self.slots = asyncio.Semaphore(settings.slots)
        async with self.slots:
            return await self._thought(ask, body)

    async def _thought(self, ask: Ask, body: Body) -> Reply:
        settings = self.settings
        async with self.residency(ask, body) as load_ns:
            if self.answer is None:
                reply = compose(ask, settings.closings)
            else:
                reply = completed(ask, await self.answer(body))
            reply.load_ns = load_ns
            delay = settings.latency
            if not ask.stream:
                delay += settings.per_token * reply.completion_tokens
            if delay:
                await asyncio.sleep(delay)
        return reply

    async def _sent(
        self, request: web.BaseRequest, ask: Ask, reply: Reply, fault: Fault | None
    ) -> web.StreamResponse:
        kind = fault.kind if fault else ""
        wire = self.encode(ask, reply, "" if kind in BROKEN or kind == "huge" else kind)
        if kind == "half":
            return await delivery.half(request, wire)
        if kind == "drip":
            return await delivery.drip(request, wire, self.settings.drip_seconds)
        if kind == "huge":
            return await delivery.huge(request, wire, self.settings.huge_bytes)
        if wire.stream:
            wire.pause = self.settings.per_token * 6
            return await delivery.streamed(request, wire)
        return delivery.whole(wire)

    async def _stats(self, request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response(self.report())

    async def _reset(self, request: web.BaseRequest) -> web.StreamResponse:
        self.clear()
        return web.json_response({})

    def clear(self) -> None:
        """Counts and faults are forgotten; settings and loaded models stay."""
        in_flight = self.tally.in_flight
        self.tally = Tally()
        self.tally.in_flight = in_flight
        self.plan = FaultPlan()
        self.limiter = RateLimit()

    async def _script(self, request: web.BaseRequest) -> web.StreamResponse:
        """`next`, `mix`, `seed`, `only` (see FaultPlan) and `set`: settings."""
        plan = await request.json()
        try:
            if unknown := plan.keys() - {"next", "mix", "seed", "only", "set"}:
                raise ValueError(f"a script has no {sorted(unknown)}")
            self.settings.change(plan.get("set", {}))
            self.plan.script(plan)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        if "slots" in plan.get("set", {}):
            self.slots = None
        return web.json_response({})
