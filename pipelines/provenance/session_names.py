"""The names of a row's evaluating sessions, as they stand in ledgers."""

from __future__ import annotations

import re

ALONE = "evaluate alone"
"""The session in which every candidate is scored alone (`meet: pointwise`)."""

PAIR = re.compile(r"evaluate \d+-\d+")


def pair_session(first: int, second: int) -> str:
    """The session that compares two candidates, by their indices from 0."""
    return f"evaluate {first + 1}-{second + 1}"


def is_evaluation(name: str) -> bool:
    """Whether a session of this name is an evaluator's."""
    return name == ALONE or PAIR.fullmatch(name) is not None
