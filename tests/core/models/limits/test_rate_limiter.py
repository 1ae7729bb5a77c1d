"""Calls and tokens a minute, wherever the minute begins."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.models.limits.rate_limiter import RateLimiter


@settings(max_examples=60, deadline=None)
@given(
    rpm=st.integers(1, 900),
    gaps=st.lists(st.floats(0, 3), min_size=50, max_size=300),
    delays=st.lists(st.floats(0, 0.5), min_size=50, max_size=50),
)
def test_no_minute_wherever_it_begins_holds_more_calls_than_allowed(
    rpm: int, gaps: list[float], delays: list[float]
) -> None:
    pace, now, arrived = RateLimiter(rpm, None), 0.0, []
    for n, gap in enumerate(gaps):
        now += gap * 60 / rpm
        while (wait := pace.wait(1, now)) > 0:
            now += wait
        pace.take(1, now)
        arrived.append(now + delays[n % 50])
    arrived.sort()
    most = max(sum(a <= b < a + 60 for b in arrived) for a in arrived)
    assert most <= rpm * 1.01


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(20, 400), min_size=100, max_size=300),
    tpm=st.integers(4_000, 40_000),
)
def test_tokens_keep_to_their_minute_and_use_most_of_it(
    sizes: list[int], tpm: int
) -> None:
    pace, now, sent = RateLimiter(None, tpm), 0.0, []
    for size in sizes:
        while (wait := pace.wait(size, now)) > 0:
            now += wait
        pace.take(size, now)
        sent.append((now, size))
    most = max(sum(s for b, s in sent if a <= b < a + 60) for a, _ in sent)
    assert most <= tpm * 1.01
    if now > 60:
        assert sum(sizes) / (now / 60) >= 0.8 * tpm


def test_what_was_expected_of_a_call_is_given_back_when_it_used_less() -> None:
    pace = RateLimiter(None, 6_000)
    pace.take(6_000, 0.0)
    long = pace.wait(100, 1.0)
    pace.correct(6_000, 50, 1.0)
    assert pace.wait(100, 1.0) < long / 50
