"""Weights of jurors over a run: no name, seat or order of rows matters."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.pipelines.agreement.comparison_votes import ComparisonVotes
from fellowship.records import (
    Decision,
)

SIDES: tuple[Decision, ...] = (
    "first",
    "second",
    "tie",
    "invalid",
    "order-inconsistent",
)


def heard(number: int, said: tuple[Decision, ...], names: str) -> ComparisonVotes:
    by = dict(zip(names, said, strict=True))
    nothing: dict[str, Any] = {
        "blind": None,
        "equal": None,
        "spared": (),
        "recused": (),
    }
    return ComparisonVotes(
        number, 0, (0, 1), by, "tie", label="tie", same_family=False, **nothing
    )


three = st.tuples(*(st.sampled_from(SIDES) for _ in range(3)))


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(three, min_size=2, max_size=12), dice=st.randoms())
def test_a_weighed_jury_does_not_know_names_seats_or_the_order_of_rows(
    rows: list[tuple[Decision, ...]], dice: random.Random
) -> None:
    weighed = pytest.importorskip(
        "fellowship.pipelines.agreement.jury_weights"
    ).dawid_skene_chances
    made = [heard(n, said, "abc") for n, said in enumerate(rows)]
    known = dict(enumerate(weighed(made, "abc")))
    order = dice.sample(range(len(rows)), len(rows))
    turned = [heard(n, rows[n][::-1], "zyx") for n in order]
    found = dict(zip(order, weighed(turned, "xyz"), strict=True))
    for n, scores in known.items():
        assert (scores is None) == (found[n] is None)
        if scores is not None:
            assert found[n].first == pytest.approx(scores.first, abs=1e-6)
