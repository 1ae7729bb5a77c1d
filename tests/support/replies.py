"""Replies of judges to parse: readers with the scale of the tests."""

from __future__ import annotations

from fellowship.agents.parsing.replies import (
    read_score,
    read_scores,
)
from fellowship.records import Scores


def pairs(text: str, **more: object) -> Scores:
    return read_scores(text, low=0, high=10, **more)  # type: ignore[arg-type]


def single(text: str, **more: object) -> float:
    return read_score(text, low=0, high=10, **more)  # type: ignore[arg-type]
