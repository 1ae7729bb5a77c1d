"""The names of a row's evaluating sessions, as they stand in ledgers."""

from __future__ import annotations

import re

ALONE = "evaluate alone"
"""The session in which every candidate is scored alone (`meet: pointwise`)."""

LISTED = "evaluate list"
"""The session in which all candidates are ranked together (`meet: listwise`)."""

PAIR = re.compile(r"evaluate (?P<first>\d+)-(?P<second>\d+)")


def pair_session(first: int, second: int) -> str:
    """The session that compares two candidates, by their indices from 0."""
    return f"evaluate {first + 1}-{second + 1}"


def answers_of_session(name: str) -> tuple[int, int] | None:
    """The indices, from 0, that a session of this name compares; None if it is no such."""
    pair = PAIR.fullmatch(name)
    return (int(pair["first"]) - 1, int(pair["second"]) - 1) if pair else None


def is_evaluation(name: str) -> bool:
    """Whether a session of this name is an evaluator's."""
    return name in (ALONE, LISTED) or PAIR.fullmatch(name) is not None
