"""Requests and answers of the jury server, and their OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from pydantic.json_schema import models_json_schema

from fellowship import __version__
from fellowship.pipelines.asking.judgement import Judgement, Rating
from fellowship.records import Message, Record

Prompt = str | tuple[Message, ...]
"""A text, or a conversation whose last turn is the user's."""


class CompareRequest(Record):
    """Two answers to a prompt, to be compared."""

    prompt: Prompt
    a: str
    b: str
    reference: str | None = Field(default=None, description="a reference answer")


class ScoreRequest(Record):
    """One answer to a prompt, to be scored."""

    prompt: Prompt
    answer: str
    reference: str | None = Field(default=None, description="a reference answer")


class CompareBatch(Record):
    """Several comparisons, worked on together."""

    rows: tuple[CompareRequest, ...] = Field(min_length=1, max_length=4096)


class ScoreBatch(Record):
    """Several scores, worked on together."""

    rows: tuple[ScoreRequest, ...] = Field(min_length=1, max_length=4096)


class Failure(Record):
    """Why there is no answer. `reason`: the limit that was reached, if one was."""

    error: str
    reason: str | None = None


PATHS: dict[str, tuple[str, type[Record], type[Record]]] = {
    "/compare": ("Compare two answers", CompareRequest, Judgement),
    "/score": ("Score one answer", ScoreRequest, Rating),
    "/compare/batch": ("Compare many pairs", CompareBatch, Judgement),
    "/score/batch": ("Score many answers", ScoreBatch, Rating),
}
"""Path -> what it does, what it takes, what it answers; a batch answers a list."""

STATUSES = {
    "400": "the request is no question, or this evaluator can't answer it",
    "401": "the token is missing or wrong",
    "429": "a limit of the run folder is reached",
    "502": "the row failed: a model refused or gave nothing usable",
    "503": "an endpoint is down, or the record can't be used",
}


def openapi() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the server."""
    kinds = {kind for _, *both in PATHS.values() for kind in both} | {Failure}
    ordered = sorted(kinds, key=lambda kind: kind.__name__)
    template = "#/components/schemas/{model}"
    _, schema = models_json_schema(
        [(kind, "serialization") for kind in ordered], ref_template=template
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fellowship jury", "version": __version__},
        "security": [{"token": []}],
        "paths": {path: {"post": operation(path)} for path in PATHS},
        "components": {
            "schemas": schema["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def operation(path: str) -> dict[str, Any]:
    """One path's request, answer and failures."""
    summary, taken, given = PATHS[path]
    answer: dict[str, Any] = {**reference(given)}
    if path.endswith("/batch"):
        one = {"anyOf": [answer, reference(Failure)]}
        rows = {"type": "array", "items": one}
        answer = {"type": "object", "properties": {"results": rows}}
    failures = {
        status: {"description": why, "content": as_json(reference(Failure))}
        for status, why in STATUSES.items()
    }
    return {
        "summary": summary,
        "operationId": path.strip("/").replace("/", "_"),
        "requestBody": {"required": True, "content": as_json(reference(taken))},
        "responses": {
            "200": {"description": "answered", "content": as_json(answer)},
            **failures,
        },
    }


def reference(kind: type[Record]) -> dict[str, str]:
    """Where a record's schema is in the document."""
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def as_json(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema as a body's content."""
    return {"application/json": {"schema": schema}}
