"""Web application of one evaluator: scores and comparisons for programs on this machine.

Every answer is a row of a run, asked about once. Nothing is answered without the token.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fellowship.errors import (
    BudgetStop,
    EndpointDown,
    FellowshipError,
    InputError,
    RecipeError,
    RowError,
)
from fellowship.faults import first_fault
from fellowship.models.record.meter import Limits
from fellowship.pipelines.asking.asking import COLUMNS, Answered, Asking, Kind, ask
from fellowship.pipelines.asking.evaluators import scoring_alone
from fellowship.pipelines.asking.judgement import judgement_of, rating_of
from fellowship.pipelines.asking.judging import scale_of
from fellowship.pipelines.asking.row_register import items_of
from fellowship.pipelines.asking.waits import Waits
from fellowship.pipelines.recipe.recipe import Recipe, Source
from fellowship.pipelines.running.shared_limits import NOT_SHARED, SharedLimits
from fellowship.records import Record
from fellowship.viewer.access import AccessPolicy
from fellowship.viewer.jury_requests import PATHS, Failure, openapi

MOST = 16_000_000
"""Bytes of a request."""

SCHEME = re.compile("bearer +", re.IGNORECASE)
OF_THE_RECIPE = ("prompts", "concurrency", "row_deadline")
"""What is taken of a recipe beside its evaluator, models, limits and seed."""

ERRORS: tuple[tuple[type[FellowshipError], int], ...] = (
    (BudgetStop, 429),
    (EndpointDown, 503),
    (RowError, 502),
    (RecipeError, 400),
    (InputError, 400),
    (FellowshipError, 503),
)
"""Errors, the narrower first, and the status each is."""


@dataclass(frozen=True)
class JuryServer:
    """An evaluator with its folders: one for comparisons, one for scores."""

    recipe: Recipe
    into: Path
    access: AccessPolicy
    waits: Waits = field(default_factory=Waits)

    def asking(self, kind: Kind) -> Asking:
        """What is asked of every row; `RecipeError` where the evaluator can't.

        Limits are of both kinds together; one of pairs means nothing here.
        """
        recipe = self.recipe
        team = scoring_alone(recipe.evaluate) if kind == "score" else recipe.evaluate
        limits = recipe.limits.model_copy(update={"accept": None})
        made = Asking.of(kind, (team, recipe.models), limits, recipe.seed)
        own = made.recipe.model_copy(
            update={name: getattr(recipe, name) for name in OF_THE_RECIPE}
        )
        runs = tuple(self.into / kind for kind in COLUMNS)
        shared = NOT_SHARED if limits == Limits() else SharedLimits(runs, day=runs)
        return replace(made, recipe=own, shared=shared, waits=self.waits)

    def check(self) -> None:
        """`RecipeError` where nothing could be compared; a debate can't score."""
        for kind in COLUMNS:
            try:
                asking = self.asking(kind)
            except RecipeError:
                if kind == "compare":
                    raise
                continue
            asking.check(self.into / kind)

    async def rows(
        self, kind: Kind, rows: Sequence[Record], *, batch: bool
    ) -> list[Record]:
        """The answers to these rows, in their order.

        A row of a batch that is no question, or failed, has a `Failure`; alone it raises.
        """
        asking, folder = self.asking(kind), self.into / kind
        given = [row.model_dump(mode="json") for row in rows]
        refused = refused_rows(given, asking.recipe.source) if batch else {}
        wanted = [row for n, row in enumerate(given) if n not in refused]
        answered = iter(await ask(asking, wanted, folder))
        return [
            refused[n]
            if n in refused
            else self.answer(kind, next(answered), folder, asking)
            for n in range(len(given))
        ]

    def answer(
        self, kind: Kind, answered: Answered, folder: Path, asking: Asking
    ) -> Record:
        """One row's judgement or rating, or why it has none."""
        try:
            if kind == "compare":
                return judgement_of(answered, folder)
            return rating_of(answered, folder, scale_of(asking.recipe.evaluate))
        except RowError as error:
            return Failure(error=str(error))

    async def post(self, request: Request) -> Response:
        """Answer one request, or a batch."""
        if refused := self.refusal(request):
            return refused
        path = request.url.path
        kind: Kind = "score" if path.startswith("/score") else "compare"
        try:
            wanted = read_body(PATHS[path][1], await body_of(request))
            batch: Sequence[Record] | None = getattr(wanted, "rows", None)
            rows = [wanted] if batch is None else batch
            found = await self.rows(kind, rows, batch=batch is not None)
        except FellowshipError as error:
            status = next(code for kind_, code in ERRORS if isinstance(error, kind_))
            reason = error.reason.value if isinstance(error, BudgetStop) else None
            return failure(status, str(error), reason)
        values = [one.model_dump(mode="json") for one in found]
        if batch is not None:
            return JSONResponse({"results": values})
        return JSONResponse(values[0], 502 if isinstance(found[0], Failure) else 200)

    def document(self, request: Request) -> Response:
        """The OpenAPI document."""
        return self.refusal(request) or JSONResponse(openapi())

    def refusal(self, request: Request) -> Response | None:
        """Why a request is not answered: a site's, or one without the token."""
        headers: Mapping[str, str] = request.headers
        if not self.access.is_known_host(headers.get("host", "").lower()):
            return failure(421, "this server doesn't answer to that host name")
        if "origin" in headers:
            return failure(403, "programs are answered, not web pages")
        given = SCHEME.sub("", headers.get("authorization", ""), count=1)
        if not hmac.compare_digest(given.encode(), self.access.token.encode()):
            return failure(401, "give the printed token: Authorization: Bearer TOKEN")
        return None

    async def nowhere(self, request: Request, error: Exception) -> Response:
        """Answer a request of a path or method that is not served."""
        if refused := self.refusal(request):
            return refused
        status = error.status_code if isinstance(error, HTTPException) else 404
        served = "".join(f", POST {path}" for path in PATHS)
        return failure(
            status,
            f"{request.method} {request.url.path} is not served: GET /openapi.json{served}",
        )


def read_body(kind: type[Record], body: bytes) -> Record:
    """What a request holds; `InputError` for what is no such request."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise InputError(first_fault(error, body, kind, whole="the body")) from error


def refused_rows(
    rows: Sequence[Mapping[str, Any]], source: Source
) -> dict[int, Failure]:
    """The rows that are no question, by their places from 0."""
    found = {}
    for n, row in enumerate(rows):
        try:
            items_of([row], source)
        except InputError as error:
            found[n] = Failure(error=str(error))
    return found


async def body_of(request: Request) -> bytes:
    """A request's body; `InputError` where it is too long."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST:
            raise InputError(f"a request has at most {MOST:,} bytes: send fewer rows")
    return bytes(body)


def failure(status: int, why: str, reason: str | None = None) -> JSONResponse:
    """A refusal as JSON."""
    value: dict[str, Any] = Failure(error=why, reason=reason).model_dump()
    return JSONResponse(value, status)


def create_jury_app(server: JuryServer) -> Starlette:
    """The app; `RecipeError` where its evaluator can't compare answers."""
    server.check()
    posts = [Route(path, server.post, methods=["POST"]) for path in PATHS]
    return Starlette(
        routes=[*posts, Route("/openapi.json", server.document)],
        exception_handlers={HTTPException: server.nowhere},
    )
