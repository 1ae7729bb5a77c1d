"""Words of a verdict as people read them: the order it was asked in, and its reason.

A verdict made of two scores that were given to each answer alone has no order; its reason
joins both, and is written and read here only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from fellowship.number_format import scores
from fellowship.wording import order_word, shuffle_word

ALONE_STRATEGIES = ("independent",)
"""Strategies that show a judge one answer at a time."""

EACH_ALONE = "each alone"
"""Stands where an order would, for answers that were scored one at a time."""


class ReasonedVerdict(Protocol):
    """What is needed of `records.Verdict`."""

    @property
    def strategy(self) -> str: ...
    @property
    def order(self) -> str: ...
    @property
    def sample(self) -> int: ...
    @property
    def reason(self) -> str: ...


def verdict_order(verdict: ReasonedVerdict) -> str:
    """`A first`, `B first`; that each answer was scored alone; of a list the shuffle."""
    if verdict.strategy in ALONE_STRATEGIES:
        return EACH_ALONE
    if verdict.strategy == "listwise":
        return shuffle_word(verdict.sample + 1)
    return order_word(verdict.order)


class CriterionScores(Protocol):
    """What is needed of `records.CriterionScores`."""

    @property
    def name(self) -> str: ...
    @property
    def weight(self) -> float: ...
    @property
    def first(self) -> float: ...
    @property
    def second(self) -> float: ...


def criterion_title(name: str, weight: float) -> str:
    """A criterion's name, and that it is a fault where it is one."""
    return f"{name} (fault)" if weight < 0 else name


def criteria_words(given: Iterable[CriterionScores]) -> str:
    """Scores by each criterion, in one line: `accuracy 9 : 4, rambling (fault) 2 : 5`."""
    return ", ".join(
        f"{criterion_title(one.name, one.weight)} {scores(one.first, one.second)}"
        for one in given
    )


def join_reasons(first: str, second: str) -> str:
    """The reasons of two scores as the one reason that ledgers hold."""
    return f"first: {first} second: {second}"


def verdict_reason(verdict: ReasonedVerdict) -> str:
    """A verdict's reason; A and B where two reasons were joined.

    A reason in which the second's beginning can't be told apart stays as it is stored.
    """
    reason, mark = verdict.reason, " second: "
    joined = verdict.strategy in ALONE_STRATEGIES and reason.startswith("first: ")
    if not joined or reason.count(mark) != 1:
        return reason
    first, _, second = reason.removeprefix("first: ").partition(mark)
    return f"A: {first} B: {second}"
