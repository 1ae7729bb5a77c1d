"""Queues that labels are asked from, and which labels speak for all rows of a run.

Each row has a permanent random number, its draw, from its texts alone. The queue to measure
asks in the order of the draws, so whatever it has asked up to a draw is a random sample of
the rows (Ohlsson 1995, permanent random numbers): of a row up to the largest draw that it
asked, every label counts, whoever asked for it. The queue to teach asks for what judges
contest; beyond that draw its rows were certain to be asked because of what the judges said,
no weight can mend that, and their labels are kept apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

from fellowship.hashing import derived_seed
from fellowship.pipelines.labels.label_rows import Asked

Queue = Literal["measure", "teach", "picked", "unknown"]
"""`picked`: the row was opened by its number; `unknown`: nothing was recorded."""

QUEUES: Final[tuple[Queue, ...]] = get_args(Queue)

MEASURING: Final[tuple[Queue, ...]] = ("measure", "unknown")
"""The queues whose labels enter figures unless others are asked for."""

QUEUE_WORDS: Final[Mapping[str, str]] = {
    "measure": "of rows drawn at random",
    "teach": "of contested rows (the queue to teach)",
    "picked": "of rows that somebody picked",
    "unknown": "of rows of which it is not known how they were chosen",
}

SEED: Final = 0
"""The draw's seed: the same texts have the same draw in every run."""


def draw_of(item: str) -> float:
    """The permanent random number of an item, from 0 to under 1."""
    return derived_seed("draw", SEED, item) / 2**31


def queue_of(asked: Iterable[Asked]) -> Queue:
    """How a unit's labels were asked for: the queue that says most of its choice."""
    names = {one.queue or "unknown" for one in asked}
    return next((q for q in ("measure", "unknown", "teach") if q in names), "picked")


def last_draw(asked: Iterable[tuple[Asked, float]]) -> float:
    """The largest draw that the queue to measure asked for; -1 where it asked nothing."""
    return max((draw for one, draw in asked if one.queue == "measure"), default=-1.0)
