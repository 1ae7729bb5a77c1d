"""Voting rules: blind to seats, and alike for both candidates."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.records import (
    Decision,
    Scores,
)
from fellowship.teams.vote_counting import Vote
from fellowship.teams.voting_rules import apply_rule

SIDES: tuple[Decision, ...] = (
    "first",
    "second",
    "tie",
    "invalid",
    "order-inconsistent",
)

MIRROR: dict[Decision, Decision] = {"first": "second", "second": "first"}


def votes(draw: st.DrawFn) -> list[Vote]:
    made = []
    for decision in draw(st.lists(st.sampled_from(SIDES), min_size=1, max_size=7)):
        first = draw(st.integers(1, 10))
        scores = {
            "first": Scores(first=first + 1, second=first),
            "second": Scores(first=first, second=first + 1),
            "tie": Scores(first=first, second=first),
        }.get(decision)
        made.append(Vote(decision, scores, draw(st.sampled_from([0.5, 1.0, 2.0]))))
    return made


@st.composite
def juries(draw: st.DrawFn) -> tuple[list[Vote], list[Vote]]:
    """Votes, and the same in another order."""
    made = votes(draw)
    return made, draw(st.permutations(made))


@pytest.mark.parametrize("rule", ["majority", "mean", "weighted"])
@given(both=juries())
def test_a_rule_does_not_know_who_sits_where(
    rule: Any, both: tuple[list[Vote], list[Vote]]
) -> None:
    assert apply_rule(rule, both[0], 10) == apply_rule(rule, both[1], 10)


@pytest.mark.parametrize("rule", ["majority", "mean", "weighted"])
@given(both=juries())
def test_a_rule_treats_both_candidates_alike(
    rule: Any, both: tuple[list[Vote], list[Vote]]
) -> None:
    turned = [
        vote._replace(
            decision=MIRROR.get(vote.decision, vote.decision),
            scores=vote.scores.swapped() if vote.scores else None,
        )
        for vote in both[0]
    ]
    decision, scores = apply_rule(rule, both[0], 10)
    other, swapped = apply_rule(rule, turned, 10)
    assert other == MIRROR.get(decision, decision)
    assert swapped == (scores.swapped() if scores else None)


@pytest.mark.parametrize(
    ("rule", "side"), [("majority", "first"), ("weighted", "second")]
)
def test_a_weight_counts_where_votes_are_weighed_and_nowhere_else(
    rule: Any, side: Decision
) -> None:
    given = [Vote("first"), Vote("first"), Vote("second", weight=3.0)]
    assert apply_rule(rule, given, 10)[0] == side
