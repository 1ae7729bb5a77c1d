"""Lines of a batch's files: what a provider says of one call, and what it refused of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from fellowship.errors import Failure, ModelError
from fellowship.models.limits.error_bodies import ErrorBody, error_body
from fellowship.models.limits.refusals import failure_kind
from fellowship.models.providers.openai_errors import OpenAIErrors
from fellowship.models.replies.reading import unusable

LARGEST_FILE = 150_000_000
"""Bytes of one batch's file; OpenAI takes 200 MB."""

KINDS: Mapping[str, Failure] = {
    "batch_expired": "unavailable",
    "batch_cancelled": "rejected",
}
"""What a line's own code means, where it has no HTTP status."""


class LineAnswer(NamedTuple):
    """One line. `status` is 0 where the call was never answered; `error` is None then not.

    `body` is the completion of a call that was answered.
    """

    status: int
    body: Any
    error: ErrorBody | None


def read_line(name: str, text: str) -> LineAnswer:
    """What a line says; `ModelError` where it can't be read. `name`: the model's."""
    try:
        line = json.loads(text)
        response, error = line.get("response"), line.get("error")
        if response is None:
            body = error_body(error)
            return LineAnswer(
                0,
                None,
                body._replace(codes=str(error["code"]), message=error["message"]),
            )
        status, body = int(response["status_code"]), response["body"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as odd:
        raise unusable(name, f"its line can't be read ({odd!r})") from odd
    return LineAnswer(status, body, error_body(body) if status >= 400 else None)


def line_failure(errors: OpenAIErrors, line: LineAnswer) -> ModelError:
    """The failure of a call whose line has an error."""
    error = line.error or ErrorBody("")
    said = errors.redacted(error.message)
    if line.status:
        kind = failure_kind(line.status, error.codes, error.message)
        return ModelError(f"{errors.where}: HTTP {line.status}: {said}", kind)
    code = error.codes
    kind = KINDS.get(code, failed_kind(code, error.message))
    return ModelError(f"{errors.where}: {code}: {said}", kind)


def failed_kind(code: str, words: str) -> Failure:
    """For a batch that failed as a whole: too much enqueued passes, the rest not."""
    if "token_limit" in f"{code} {words}":
        return "unavailable"
    return "rejected" if code == "batch_failed" else "malformed"


def first_batch(bodies: Mapping[str, dict[str, Any]], lines: int) -> dict[str, Any]:
    """The first of these that go into one file."""
    taken: dict[str, Any] = {}
    room = LARGEST_FILE
    for key, body in bodies.items():
        room -= len(json.dumps(body)) + 200
        if len(taken) == lines or (taken and room < 0):
            break
        taken[key] = body
    return taken
