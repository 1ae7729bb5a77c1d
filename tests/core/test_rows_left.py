"""Rows left: numbers kept as ranges are the set that they stand for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.rows_left import NumberRanges

NUMBERS = st.lists(st.integers(1, 24), max_size=24)


@settings(max_examples=60, deadline=None)
@given(seen=NUMBERS, ended=st.sets(st.integers(1, 24)), ordered=st.booleans())
def test_what_is_left_is_what_was_seen_without_what_ended(
    seen: list[int], ended: set[int], ordered: bool
) -> None:
    numbers = NumberRanges()
    numbers.update(sorted(seen) if ordered else seen)
    left = numbers.without(sorted(ended))
    found = [n for first, last in left for n in range(first, last + 1)]
    assert found == sorted({*seen} - ended)
