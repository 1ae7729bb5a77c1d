"""Recorded client: records, retries, limits and prices the calls of one model.

Its caller gets a reply that is on the disk already: an old one if this very request was
answered before, else a new one. Slots, budget and ledger are the broker's.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Mapping
from typing import Any

import structlog
from msgspec import structs
from opentelemetry.trace import INVALID_SPAN, Span

from fellowship.errors import ModelError
from fellowship.ledger import CallRow
from fellowship.models.client import (
    EDITED,
    Client,
    Finding,
    Reply,
    Request,
    estimated_tokens,
)
from fellowship.models.config import Price
from fellowship.models.limits.busy_clock import BusyClock
from fellowship.models.limits.deadlines import Deadlines
from fellowship.models.limits.gate import LONGEST_ASKED
from fellowship.models.record.call_broker import Call, CallBroker
from fellowship.models.record.prices import cost, tier_factor
from fellowship.models.record.reply_notes import (
    notes_on,
    parsed_notes,
    remarks_on,
    reply_record,
)
from fellowship.models.record.tracing import (
    add_retry,
    call_span,
    is_traced,
    set_reply,
)
from fellowship.models.request_json import RequestJson, RequestWriter
from fellowship.sanitize import replace_surrogates
from fellowship.usage import Usage

log = structlog.get_logger("fellowship.models")


class RecordedClient(Client):
    """`inner`, with everything it says on record."""

    def __init__(
        self,
        inner: Client,
        *,
        broker: CallBroker,
        endpoint: str,
        resident: str,
        price: Price | None,
        deadlines: Deadlines,
        tries: int,
        busy: BusyClock | None = None,
        usd_per_hour: float = 0.0,
    ) -> None:
        self.inner = inner
        self.name = inner.name
        self.model = inner.model
        self.identity = inner.identity
        self.structured = inner.structured
        self.family = inner.family
        self.sampling = inner.sampling
        self.thinking_tokens = inner.thinking_tokens
        self.scores = inner.scores
        self.system_role = inner.system_role
        self._broker = broker
        self._endpoint = endpoint
        self._resident = resident
        self._price = price
        self._deadlines = deadlines
        self._tries = tries
        self._busy = busy or BusyClock()
        self._usd_per_second = usd_per_hour / 3600
        self._writer = RequestWriter(inner.identity)
        self._traced = is_traced()

    def key(self, request: Request) -> str:
        """Everything that shapes the answer, as one digest of 64 hex letters."""
        return self._writer.parts(request).key()

    async def complete(self, request: Request) -> Reply:
        """The recorded reply to this request, asked for once.

        Raises `ModelError` when the provider would not answer, `BudgetStop` and
        `EndpointDown` when it was not asked.
        """
        if not self._traced:
            return await self._complete(request, INVALID_SPAN)
        with call_span(request, self.model, self.identity) as span:
            reply = await self._complete(request, span)
            set_reply(span, reply)
        return reply

    async def _complete(self, request: Request, span: Span) -> Reply:
        written = self._writer.parts(request)
        call, used_up = self._call(request, written.key()), 0
        while True:
            if row := await self._broker.open(call):
                return reply_from_row(row, parsed_notes(row.reply))
            try:
                return await self._try(call, written)
            except ModelError as error:
                used_up += error.uses_a_try
                if not error.may_retry or used_up >= self._tries:
                    raise
                wait = retry_delay(error, call.attempt)
                log.debug("retry", model=self.name, kind=error.kind, wait=wait)
                add_retry(span, error.kind, call.attempt, wait)
            await asyncio.sleep(wait)
            call = call._replace(attempt=call.attempt + 1)

    def _call(self, request: Request, key: str) -> Call:
        prompt = sum([estimated_tokens(m.content) for m in request.messages])
        longest, worst = self._longest(request), 0.0
        if self.inner.delayed:
            worst = cost(self._price, Usage(prompt, longest)) or 0.0
        return Call(
            key,
            self.name,
            self._endpoint,
            request.session,
            self._resident,
            prompt,
            longest,
            worst,
        )

    def _longest(self, request: Request) -> int:
        """Tokens the reply may have, its thinking among them."""
        return max_reply_tokens(request) + self.thinking_tokens

    async def _try(self, call: Call, written: RequestJson) -> Reply:
        request, began, mark = written.request, time.time(), self._busy.start()
        charged: float | None = None
        allowed = self._deadlines.seconds_for(call.longest)
        try:
            async with asyncio.timeout(allowed):
                reply = await self.inner.complete(request)
            if not reply.usage.is_possible:
                raise impossible_usage(self.name, reply.usage)
            if reply.usage.estimated:
                usage = estimated_usage(request, reply)
                reply = structs.replace(reply, usage=usage)
            if (remarks := remarks_on(request, reply)) != reply.remarks:
                reply = structs.replace(reply, remarks=remarks)
            charged = self._busy.charge(mark)
        except asyncio.CancelledError:
            self._broker.drop(call, began)
            raise
        except TimeoutError as error:
            slow = f"model {self.name!r}: no reply within {allowed:.3g} s"
            late = ModelError(slow, "deadline")
            await self._record_failure(call, late, began)
            raise late from error
        except ModelError as error:
            await self._record_failure(call, error, began)
            raise
        except BaseException:
            self._broker.drop(call, began)
            raise
        finally:
            if charged is None:
                self._busy.fail(mark)
        notes = notes_on(reply)
        row = self._row(call, written, reply, notes, began)
        if self._usd_per_second and row.usd is not None:
            row = row._replace(usd=row.usd + self._usd_per_second * charged)
        self._deadlines.record_reply(reply.usage.completion, row.seconds)
        await self._broker.record(call, row)
        return reply_from_row(row, notes, recorded=False)

    async def _record_failure(
        self, call: Call, error: ModelError, began: float
    ) -> None:
        """Have a failed try recorded; what it means for another is noted on the error."""
        if error.kind == "deadline":
            self._deadlines.record_timeout()
        if error.usage is not None and error.usage.is_possible:
            usd = cost(self._price, error.usage)
            error.usd = None if usd is None else usd * tier_factor(error.raw or {})
            if error.usage.estimated and cost(self._price, Usage(1, 1)):
                error.usd = None  # it was billed for, and nobody counted it
        if error.kind == "rate" and (error.retry_after or 0) > LONGEST_ASKED:
            message = f"{error} (it asks for a wait of {error.retry_after:,.0f} s)"
            error.kind, error.args = "quota", (message,)
        free_retry = await self._broker.fail(call, error, began)
        error.uses_a_try = not free_retry
        error.may_retry = free_retry or error.is_transient

    def _row(
        self,
        call: Call,
        written: RequestJson,
        reply: Reply,
        notes: Mapping[str, Any],
        began: float,
    ) -> CallRow:
        request = written.request
        return CallRow(
            key=call.key,
            session=request.session,
            seat=request.seat,
            role=request.role,
            model=self.name,
            request=replace_surrogates(written.record()),
            reply=replace_surrogates(reply_record(reply.raw, notes)),
            text=replace_surrogates(reply.text),
            finish=reply.finish,
            prompt_tokens=reply.usage.prompt,
            completion_tokens=reply.usage.completion,
            cached_tokens=reply.usage.cached,
            usd=reply_cost(self._price, reply),
            started=began,
            seconds=time.time() - began,
            tries=call.attempt,
        )

    async def check(self) -> list[Finding]:
        """As the inner client says."""
        return await self.inner.check()

    async def close(self) -> None:
        """Close the inner client."""
        await self.inner.close()


def impossible_usage(name: str, usage: Usage) -> ModelError:
    """The error of a reply that reports counts of tokens no call can have."""
    counts = f"{usage.prompt!r:.40}, {usage.cached!r:.40}, {usage.completion!r:.40}"
    message = f"model {name!r} reports impossible token counts"
    return ModelError(f"{message} (prompt, cached, completion: {counts})", "malformed")


def reply_from_row(
    row: CallRow, notes: Mapping[str, Any] | None, *, recorded: bool = True
) -> Reply:
    """The reply as the ledger holds it: a new one and an old one are the same.

    `notes` are those on its record; None for one of an older version.
    """
    known = notes or {}
    return Reply(
        text=row.text,
        finish=row.finish,  # type: ignore[arg-type]
        usage=Usage(
            row.prompt_tokens,
            row.completion_tokens,
            row.cached_tokens,
            known.get("thinking_tokens"),
            known.get("usage") == "estimated",
        ),
        raw=json.loads(row.reply) if '"top_logprobs"' in row.reply else {},
        call=row.key,
        seconds=row.seconds,
        usd=row.usd or 0.0,
        recorded=recorded,
        edited=row.model == EDITED,
        thinking=known.get("thinking", ""),
        finish_word=known.get("finish_reason", ""),
        remarks=tuple(known.get("remarks", ())),
        left_out=tuple(known.get("left_out", ())),
        legacy=notes is None,
    )


def estimated_usage(request: Request, reply: Reply) -> Usage:
    """A reply's tokens, those that its provider didn't count guessed, and marked so."""
    prompt = sum(estimated_tokens(message.content) for message in request.messages)
    written = estimated_tokens(reply.text) + estimated_tokens(reply.thinking)
    known = reply.usage
    return Usage(known.prompt or prompt, known.completion or written, estimated=True)


def reply_cost(price: Price | None, reply: Reply) -> float | None:
    """US dollars for a reply; None where the price or the tokens are not known."""
    usd = cost(price, reply.usage)
    if usd is None or (reply.usage.estimated and usd):
        return None
    return usd * tier_factor(reply.raw)


def max_reply_tokens(request: Request) -> int:
    """Tokens the reply may have; a guess where the request sets no limit."""
    limit = request.sampling.get("max_tokens")
    return limit if isinstance(limit, int) else 1024


def retry_delay(error: ModelError, attempt: int) -> float:
    """Seconds before the next try: full jitter.

    Uniform over 0 .. min(30, 0.5 * 2^attempt), after M. Brooker, "Exponential Backoff And
    Jitter" (2015). A provider's Retry-After, and an endpoint that is down, are waited
    for at the gate, by all calls; here they get a tenth of a second to tell them apart.
    """
    if error.kind in ("down", "rate"):
        return random.uniform(0, 0.1)
    return random.uniform(0, min(30.0, 0.5 * 2.0**attempt))
