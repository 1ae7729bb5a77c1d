"""Circuit breaker of an endpoint: opens, looks again, and gives up."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fellowship.errors import ModelError
from fellowship.models.limits.breaker import ALIKE_IN_A_ROW, IN_A_ROW, Breaker
from fellowship.models.limits.gate import EndpointLimits, Gate


async def test_an_endpoint_that_is_down_says_when_it_will_be_given_up() -> None:
    gate = Gate(EndpointLimits("openai x", patience=600.0))
    passage = await gate.enter("m", "m", 10, 10)
    gate.record_failure(passage, ModelError("no server", "down"))
    assert "given up in 10 min" in str(gate.status_note())


def test_one_refused_connection_opens_the_breaker_and_one_reply_closes_it() -> None:
    breaker = Breaker(600)
    assert breaker.record_failure("m", "down", "nobody", 10.0)
    assert breaker.wait(10.0) > 0
    breaker.record_success("m")
    assert breaker.wait(10.0) == 0


def test_an_open_breaker_lets_one_call_look_and_waits_longer_each_time() -> None:
    breaker, now, waits = Breaker(600), 0.0, []
    breaker.record_failure("m", "down", "nobody", now)
    for _ in range(9):
        waits.append(breaker.wait(now))
        now += waits[-1]
        breaker.record_sent()
        assert breaker.wait(now) == float("inf")
        assert breaker.record_failure("m", "down", "nobody", now)
    assert all(a <= b <= 2 * a for a, b in pairwise(waits))
    assert waits[-1] == 30


def test_an_endpoint_is_given_up_after_its_patience_not_before() -> None:
    breaker, now = Breaker(patience=100), 0.0
    while not breaker.reason_given_up("m"):
        now += breaker.wait(now)
        breaker.record_sent()
        breaker.record_failure("m", "down", "nobody listens", now)
    assert 100 <= now <= 131
    assert "nobody listens" in breaker.reason_given_up("any other model")


def test_a_wrong_key_is_given_up_after_three_calls_and_for_its_model_alone() -> None:
    breaker = Breaker(600)
    for _ in range(3):
        assert not breaker.reason_given_up("m")
        assert breaker.record_failure("m", "missing", "no such model", 1.0)
        breaker.record_success("other")
    assert breaker.reason_given_up("m")
    assert not breaker.reason_given_up("other")


def test_a_request_that_breaks_its_server_uses_up_its_own_tries() -> None:
    breaker = Breaker(600)
    counted = [not breaker.record_failure("m", "server", "500", 1.0) for _ in range(20)]
    assert all(counted)


def test_an_overloaded_server_uses_up_nobodys_tries_once_it_is_known() -> None:
    breaker = Breaker(600)
    spared = [breaker.record_failure("m", "unavailable", "503", 1.0) for _ in range(20)]
    assert spared == [False] * (IN_A_ROW - 1) + [True] * (21 - IN_A_ROW)


@pytest.mark.parametrize("why", ["bad: {n}", "bad (request id: req_{n:x}bead)"])
@pytest.mark.fault(number=105, on="run")
def test_refusals_that_differ_by_a_number_or_an_id_are_alike(why: str) -> None:
    breaker = Breaker(600)
    for n in range(ALIKE_IN_A_ROW):
        assert not breaker.given_up
        breaker.record_failure("m", "rejected", why.format(n=7919 * n), 1.0)
    assert "m" in breaker.given_up
