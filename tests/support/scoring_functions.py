"""Functions that score answers, for recipes of tests."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Sequence
from typing import Any

CALLS: list[str] = []


def by_length(messages: Sequence[Any], answer: str) -> int:
    """A longer answer is a better one, up to 10."""
    CALLS.append(answer)
    return min(10, 1 + len(answer) // 4)


async def the_longer(messages: Sequence[Any], first: str, second: str) -> str:
    """The side of the longer answer."""
    return "first" if len(first) > len(second) else "second"


def both(messages: Sequence[Any], first: str, second: str) -> tuple[float, float]:
    """Both answers' scores."""
    return min(10.0, len(first)), min(10.0, len(second))


def broken(messages: Sequence[Any], answer: str) -> float:
    """No score."""
    raise ValueError("out of memory")


def leaves(messages: Sequence[Any], answer: str) -> float:
    """No score: it leaves in the way that the answer names."""
    left = {"StopIteration": StopIteration, "SystemExit": SystemExit}
    raise (left | {"Cancelled": CancelledError}).get(answer, ValueError)(answer)


class Later:
    """A score by an object that is awaited."""

    async def __call__(self, messages: Sequence[Any], answer: str) -> int:
        return 5


later = Later()
