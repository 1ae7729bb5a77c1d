"""Reasons why a reply holds no verdict: one fixed phrase each.

The terminal, the page, the report and `--json` show these phrases and no others; what was
found in one reply stands in the error's own message.
"""

from __future__ import annotations

from enum import StrEnum

from fellowship.errors import VerdictError


class Unreadable(StrEnum):
    """Why no verdict was read. The value is the phrase that people see."""

    NOTHING = "no verdict in the asked form"
    TWO_ANSWERS = "two different verdicts"
    UNCLEAR = "a hedged, negated or double verdict"
    CONTRADICTION = "the reason and the verdict disagree"
    QUESTION = "may name the question's answer, not the better response"
    OUT_OF_RANGE = "a score outside the scale"
    OTHER_SCALE = "a score on another scale"
    NO_VALUE = "a field without a value of its kind"
    ECHO = "a candidate's own words"
    THOUGHT = "thoughts that never end"
    CUT = "cut off before the verdict was complete"
    BROKEN_JSON = "JSON that can be mended in more than one way"
    NO_CRITIQUE = "a score without a critique"
    RUNAWAY = "the same form over and over"


class UnreadableReply(VerdictError):
    """A reply that says nothing clear: `kind` of the fixed table, and what was found."""

    def __init__(self, kind: Unreadable, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def kind_of(error: VerdictError) -> str:
    """The phrase for a reply that could not be read."""
    kind = error.kind if isinstance(error, UnreadableReply) else Unreadable.NOTHING
    return kind.value
