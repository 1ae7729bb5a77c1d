"""Deadlines learned from replies."""

from __future__ import annotations

from fellowship.models.limits.deadlines import Deadlines


def test_a_slow_model_is_given_its_time_and_a_fast_one_is_not_waited_for() -> None:
    slow, fast = Deadlines(floor=1.0), Deadlines(floor=1.0)
    for _ in range(20):
        slow.record_reply(100, 82.0)  # half a second a token
        fast.record_reply(100, 0.82)
    assert slow.seconds_for(1000) > 2 * 500
    assert fast.seconds_for(1000) < 60
    assert Deadlines(fixed=7.0).seconds_for(10_000) == 7.0


def test_a_missed_deadline_doubles_the_next_and_a_reply_forgives_it() -> None:
    deadlines = Deadlines(cold=100)
    deadlines.record_timeout()
    assert deadlines.seconds_for(10) == 200
    deadlines.record_reply(10, 1.0)
    assert deadlines.seconds_for(10) == 100
