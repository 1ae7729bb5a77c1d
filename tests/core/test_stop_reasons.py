"""Why a run stops is decided once and carried as a value, whatever the words are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from fellowship.cluster.messages import RemoteError
from fellowship.errors import BudgetStop, FellowshipError
from fellowship.models.record.meter import DAY, DaySpending, Limits, Meter
from fellowship.session_names import is_evaluation, pair_session
from fellowship.stop_reasons import SessionStop, Stop, StopReason
from fellowship.usage import Usage
from tests.support.paths import ROOT

SPENT = Usage(prompt=6, completion=4, cached=0)


@pytest.mark.parametrize(
    ("limits", "reason", "words"),
    [
        (Limits(calls=1), StopReason.CALLS, "the limit of 1 call is reached"),
        (Limits(tokens=10), StopReason.TOKENS, "the limit of 10 tokens is reached"),
        (Limits(usd=0.5), StopReason.USD, "the limit of $0.5000 is reached"),
        (
            Limits(usd=9),
            StopReason.USD_ON_THE_WAY,
            "the limit of $9.00 is reached with",
        ),
    ],
)
def test_a_meter_names_the_limit_it_stops_at(
    limits: Limits, reason: StopReason, words: str
) -> None:
    meter = Meter(limits)
    meter.add(SPENT, 0.5)
    with pytest.raises(BudgetStop, match=re.escape(words)) as raised:
        meter.admit(worst_usd=9.0 if reason is StopReason.USD_ON_THE_WAY else 0.0)
    assert raised.value.reason is reason
    assert meter.stop is not None
    assert meter.stop[:2] == (reason, str(raised.value))
    assert reason.is_limit


def test_the_first_reason_stands() -> None:
    meter = Meter(Limits())
    meter.stop_for(StopReason.ENDPOINT_DOWN, "no server")
    meter.stop_for(StopReason.INTERRUPTED, "interrupted")
    assert meter.stop == Stop(StopReason.ENDPOINT_DOWN, "no server")


def test_a_larger_limit_helps_only_where_one_is_reached() -> None:
    assert {reason for reason in StopReason if not reason.wants_larger_limit} == {
        *(StopReason.USD_ON_THE_WAY, StopReason.UNKNOWN_COST, StopReason.INTERRUPTED),
        *(StopReason.ENDPOINT_DOWN, StopReason.ERROR, StopReason.USD_PER_DAY),
    }


def test_the_limit_of_a_day_is_reached_anew_every_day() -> None:
    now = [100 * DAY + 5]
    meter = Meter(Limits(usd_per_day=1), day=DaySpending(0.5, lambda: now[0]))
    meter.admit()
    with pytest.raises(BudgetStop, match="batches"):
        replace(meter, day=replace(meter.day)).admit(worst_usd=0.6)
    meter.add(SPENT, 0.5)
    with pytest.raises(BudgetStop, match=r"\$1\.00 a day \(UTC\)"):
        meter.admit()
    meter.stop, now[0] = None, 101 * DAY
    meter.admit()


def test_a_reason_crosses_between_the_machines_of_a_cluster() -> None:
    sent = RemoteError.from_error(BudgetStop("the words are free", StopReason.TOKENS))
    made: FellowshipError = RemoteError(*sent).to_error()
    assert isinstance(made, BudgetStop)
    assert (str(made), made.reason) == ("the words are free", StopReason.TOKENS)


def test_sessions_stop_in_the_words_that_stand_in_ledgers() -> None:
    assert SessionStop.UNCHANGED.format(round=3) == "draft 3 changed nothing"
    fell = SessionStop.WORSE.format(before=8.0, after=7.5)
    assert fell == "the review score fell from 8 to 7.5"


def test_evaluating_sessions_are_told_by_the_names_they_are_given() -> None:
    assert is_evaluation(pair_session(0, 11))
    assert not is_evaluation("evaluate and improve")


@pytest.mark.parametrize("folder", ["core", "pipelines", "cli", "cluster", "viewer"])
def test_no_code_reads_what_fellowship_itself_says_of_a_stop(folder: str) -> None:
    prose = ('startswith("the ', 'startswith("paused', "in why", '"the limit" ')
    for path in sorted((ROOT / folder).rglob("*.py")):
        for line in Path(path).read_text().splitlines():
            found = [bit for bit in prose if bit in line and " for " not in line]
            assert not found, f"{path}: {line}"
