"""A figure is spelt one way, and one of a thing is never a plural."""

from __future__ import annotations

from math import nan

from hypothesis import given
from hypothesis import strategies as st

from fellowship import number_format as spelt
from fellowship.stats.intervals import Interval


def test_one_is_one_and_none_is_what_was_asked_for() -> None:
    assert [spelt.counted(n, "call") for n in (0, 1, 1200)] == [
        *("0 calls", "1 call", "1,200 calls")
    ]
    assert spelt.counted(2, "reply", "replies") == "2 replies"
    assert spelt.counted(None, "row", none="No") == "No rows"


def test_an_estimate_has_its_limits_and_a_minus_that_is_one() -> None:
    found = Interval(-0.0514, -0.2, 0.1, 60)
    assert spelt.interval(found) == "−0.051 [−0.200, 0.100]"
    assert spelt.interval(found, 2, sign=True) == "−0.05 [−0.20, +0.10]"
    assert spelt.interval(Interval(0.5, nan, nan, 1)) == "0.500"
    assert spelt.interval(None, none="too few to say") == "too few to say"
    assert spelt.figure(nan) == spelt.figure(None) == "–"


def test_zero_has_no_sign_of_its_own() -> None:
    for near in (-0.0, -0.0001):
        assert spelt.figure(near) == "0.000"
        assert spelt.percent(near / 10) == "0.0 %"
    assert spelt.score(-0.0) == "0"
    assert spelt.figure(-0.0001, sign=True) == "+0.000"


def test_shares_money_and_times() -> None:
    assert [spelt.percent(x, d) for x, d in ((0.123, 1), (1, 0))] == ["12.3 %", "100 %"]
    assert spelt.percent(None) == spelt.part(0, 0) == ""
    assert [spelt.usd(x) for x in (0, 0.00421, 12.3, None)] == [
        *("$0.00", "$0.0042", "$12.30", "unknown")
    ]
    assert spelt.money(1, 1) == "$1.00 and 1 call of unknown cost"
    assert [spelt.brief(x) for x in (999, 12_345, 3.4e6)] == ["999", "12.3 k", "3.4 M"]


@given(st.floats(0, 1e6))
def test_a_time_is_never_sixty_of_the_next_unit(seconds: float) -> None:
    said = spelt.duration(seconds)
    assert "60 s" not in said.split(" min ")[-1:]
    assert "10.0 s" not in said
