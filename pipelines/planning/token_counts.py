"""Token counts of calls, expected before any is made."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from fellowship.pipelines.planning.call_counts import Span, system_calls
from fellowship.records import Record
from fellowship.teams.settings import (
    FeedbackSettings,
    SingleSettings,
    SystemSettings,
    role_config,
)

ANSWER, REVIEW, VERDICT = 350, 150, 150
"""Average lengths of replies, in tokens; a model's `max_tokens` cuts them."""

INSTRUCTIONS = 200
"""Tokens of a role's prompt around the texts it is given."""


class Rows(Record):
    """What a plan needs to know of a source."""

    prompts: int
    rejected: int = 0
    why: str = Field(default="", description="why the first rejected row is no prompt")
    reasons: dict[str, tuple[int, ...]] = Field(
        default_factory=dict, description="numbers of the rejected rows by reason"
    )
    repeated: str = Field(default="", description="rows whose id an earlier row has")
    tokens: int = 0
    longest: int = Field(default=0, description="tokens of the longest prompt")
    candidates: int = Field(default=0, description="answers that came with a prompt")
    open_turns: int = Field(default=0, description="earlier user turns to be answered")


class Load(NamedTuple):
    """Calls of one kind, for one row or (`each` is open_turns) for one earlier turn."""

    model: str
    calls: Span
    writes: Literal["answer", "review", "verdict"]
    reads: tuple[int, int, int]
    """How many prompts, answers and reviews go into one such call."""
    each: Literal["prompts", "open_turns"] = "prompts"
    share: float = 1.0
    """Of the rows, those for which they are made: a sample, where it is below 1."""

    def times(self, rows: Rows) -> int:
        """How often these calls are made over a source, to the nearest."""
        often = rows.prompts if self.each == "prompts" else rows.open_turns
        return round(often * self.share)


class Lengths(NamedTuple):
    """How long texts are, in tokens."""

    answer: int
    review: int
    verdict: int

    @classmethod
    def average(cls, longest: int) -> Lengths:
        """The lengths we expect, where none may exceed `longest`."""
        return cls(min(ANSWER, longest), min(REVIEW, longest), min(VERDICT, longest))


def system_loads(system: SystemSettings) -> list[Load]:
    """The calls of one system for one row: first drafts, revisions, reviews."""
    calls = system_calls(system)
    if calls is None:
        return []
    assert isinstance(system, SingleSettings | FeedbackSettings)
    writer = role_config(system.generator).model
    sessions = Span(calls.sessions, calls.sessions)
    earlier = Load(writer, sessions, "answer", (1, 0, 0), "open_turns")
    if isinstance(system, SingleSettings):
        return [earlier, Load(writer, calls.generator, "answer", (1, 0, 0))]
    # The n-th draft is written with all drafts and reviews before it in view.
    fewest = calls.generator.low
    again = [
        Load(
            writer,
            Span(int(n < fewest), 1),
            "answer",
            (1, n, n * len(system.reviewers)),
        )
        for n in range(1, system.drafts)
    ]
    return [
        earlier,
        Load(writer, Span(1, 1), "answer", (1, 0, 0)),
        *again,
        *(
            Load(
                role_config(one).model,
                calls.each_reviewer,
                "review",
                (1, 1, at if system.in_order else 0),
            )
            for at, one in enumerate(system.reviewers)
        ),
    ]
