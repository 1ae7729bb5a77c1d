"""Rankings from comparisons: the winner has the highest score."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.pipelines.pairing.ranking import TOURNAMENTS
from fellowship.records import (
    Comparison,
    Decision,
    Scores,
)


@pytest.mark.parametrize("meet", TOURNAMENTS)
@settings(max_examples=40, deadline=None)
@given(quality=st.lists(st.integers(1, 10), min_size=2, max_size=6), seed=st.integers())
def test_the_winner_has_the_highest_score_whatever_the_path(
    meet: str, quality: list[int], seed: int
) -> None:
    dice = random.Random(seed)

    async def compare(a: int, b: int) -> Comparison:
        noise = [max(1, quality[i] + dice.randint(-2, 2)) for i in (a, b)]
        scores = Scores(first=noise[0], second=noise[1])
        said: Decision = scores.winner
        if dice.random() < 0.2:
            said = dice.choice(("invalid", "order-inconsistent"))
        kept = None if said == "invalid" else scores
        return Comparison(first=a, second=b, outcome=said, scores=kept)

    made = asyncio.run(TOURNAMENTS[meet](len(quality), compare))
    known = [score for score in made.scores if score is not None]
    if made.winner is None:
        assert not known
    else:
        assert made.scores[made.winner] == max(known)
    for one in made.comparisons if meet != "round-robin" else ():
        first, second = made.scores[one.first], made.scores[one.second]
        if one.outcome in ("first", "second") and first and second:
            assert (first > second) == (one.outcome == "first")
