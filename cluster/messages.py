"""Messages between a worker and the coordinator: what JSON can hold and nothing else.

A worker writes `Message`s, of which those with a number want an answer; the coordinator
writes `Answer`s. An error crosses as its name and its words, and is the same class on the
other side.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from fellowship.errors import (
    BudgetStop,
    EndpointDown,
    FellowshipError,
    InputError,
    LedgerError,
    ModelError,
    RecipeError,
    RowError,
    VerdictError,
)
from fellowship.ledger import CallRow
from fellowship.stop_reasons import StopReason
from fellowship.usage import Usage

Kind = Literal[
    "pull", "outcome", "trouble", "open", "cancel", "record", "fail", "drop", "flush"
]


TEXTS_FROM = CallRow._fields.index("request")
TEXTS_TO = CallRow._fields.index("text") + 1
"""The long texts of a reply among its fields."""

ERRORS: dict[str, type[FellowshipError]] = {
    kind.__name__: kind
    for kind in (
        *(EndpointDown, InputError, LedgerError, RecipeError),
        *(RowError, VerdictError),
    )
}


class Message(NamedTuple):
    """From a worker to the coordinator. `number` 0: no answer is wanted."""

    number: int
    kind: Kind
    value: Any = None
    texts: Sequence[str] = ()
    """Long texts of the value, which cross as they are: nobody reads them as JSON."""


class Answer(NamedTuple):
    """From the coordinator to a worker: to message `number`, or (0) the row to give up."""

    number: int
    value: Any = None
    error: RemoteError | None = None


def without_texts(row: CallRow) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """A reply as a message has it: its short values, and its long texts."""
    short = (*row[:TEXTS_FROM], *row[TEXTS_TO:])
    return short, (row.request, row.reply, row.text)


def with_texts(values: Sequence[Any], texts: Sequence[str]) -> CallRow:
    """The reply again."""
    return CallRow(*values[:TEXTS_FROM], *texts, *values[TEXTS_FROM:])


class RemoteError(NamedTuple):
    """An error of ours as plain values, to cross to another process."""

    name: str
    message: str
    kind: str = ""
    retry_after: float | None = None
    tokens: tuple[int, int, int] | None = None
    usd: float | None = None
    reply: str = "{}"

    @classmethod
    def from_error(cls, error: FellowshipError) -> RemoteError:
        """The error as plain values."""
        if isinstance(error, ModelError):
            return cls.from_model_error(error)
        if isinstance(error, BudgetStop):
            return cls("BudgetStop", str(error), error.reason.value)
        return cls(type(error).__name__, str(error))

    @classmethod
    def from_model_error(cls, error: ModelError) -> RemoteError:
        """The error of a model, with what its reply cost."""
        used = error.usage
        return cls(
            "ModelError",
            str(error),
            error.kind,
            error.retry_after,
            (used.prompt, used.completion, used.cached) if used else None,
            error.usd,
            json.dumps(error.raw, default=str),
        )

    def to_model_error(self) -> ModelError:
        """The error of a model again."""
        error = ModelError(self.message, self.kind, self.retry_after)  # type: ignore[arg-type]
        if self.tokens is not None:
            error.usage, error.usd = Usage(*self.tokens), self.usd
            error.raw = json.loads(self.reply)
        return error

    def to_error(self) -> FellowshipError:
        """The error again; of a class unknown here, a `FellowshipError`."""
        if self.name == "ModelError":
            return self.to_model_error()
        if self.name == "BudgetStop":
            return BudgetStop(self.message, StopReason(self.kind))
        return ERRORS.get(self.name, FellowshipError)(self.message)


def own_error(error: Exception) -> FellowshipError:
    """What a worker is told: one of ours as it is, a bug as what ends the run."""
    if isinstance(error, FellowshipError):
        return error
    return FellowshipError(f"the coordinator met {type(error).__name__}: {error}")
