"""A run's length-controlled win rates: one pool for each judge, and words for all of it."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console
from scipy.special import expit

from fellowship.cli.winrate import show_length_control
from fellowship.pipelines.agreement.length_control import LengthControl, length_control
from fellowship.pipelines.agreement.matches import Match
from fellowship.pipelines.agreement.win_rates import WinRates, rate_matches
from fellowship.stats.intervals import Resampling
from fellowship.viewer.report.judges import at_equal_lengths

Pairs = dict[tuple[str, str], list[Match]]


def matches(
    first: str, prompts: int = 60, judge: str = "gpt-4o", effect: float = 1.0
) -> list[Match]:
    """A system against the baseline, as good as it, by a judge that likes length."""
    rng = np.random.default_rng(sum(map(ord, first)))
    sizes = np.exp(rng.normal(7, 0.5, (prompts, 2))).astype(int)
    apart = np.log(sizes[:, 0] / sizes[:, 1])
    won = rng.random(prompts) < expit(effect * np.tanh(apart / apart.std()))
    return [
        Match(
            prompt=f"p{n}",
            first=first,
            second="base",
            outcome="first" if won[n] else "second",
            forward="invalid",
            swapped="invalid",
            lengths=(int(sizes[n, 0]), int(sizes[n, 1])),
            label="invalid",
            judges=(judge,),
        )
        for n in range(prompts)
    ]


def by_pair(names: str, judge: str = "gpt-4o", effect: float = 1.0) -> Pairs:
    return {(n, "base"): matches(n, judge=judge, effect=effect) for n in names}


def test_judges_are_never_fitted_together() -> None:
    fair = by_pair("abcde", "fair", effect=0.0)
    keen = by_pair("vwxyz", "keen", effect=3.0)
    together = length_control(fair | keen)
    assert [one.judges for one in together.effects] == [("fair",), ("keen",)]
    apart = [length_control(fair), length_control(keen)]
    assert together.effects == apart[0].effects + apart[1].effects
    assert together.rates == {**apart[0].rates, **apart[1].rates}
    assert together.effects[0].effect.value < 1 < together.effects[1].effect.value


def test_a_pair_of_several_judges_has_no_rate_and_says_so() -> None:
    mixed = matches("a")[:30] + matches("a", judge="llama")[30:]
    found = length_control({("a", "base"): mixed})
    assert (found.rates, found.effects) == ({}, ())
    assert "different judges (gpt-4o, llama): choose one with --judge" in found.notes[0]


def test_a_jury_that_calls_a_further_judge_at_times_is_one_jury() -> None:
    rows = matches("a")
    rows[::3] = [replace(m, judges=("gpt-4o", "o3")) for m in rows[::3]]
    assert length_control({("a", "base"): rows}).effects[0].judges == ("gpt-4o", "o3")


def test_under_ten_prompts_there_is_no_rate() -> None:
    rows = matches("a", 12)
    rows[0] = replace(rows[0], outcome="invalid")
    rows[1] = replace(rows[1], lengths=(0, 5))
    assert length_control({("a", "base"): rows}).rates
    rows[2] = replace(rows[2], lengths=(0, 5))
    found = length_control({("a", "base"): rows})
    assert found.rates == {}
    assert "are of 9 prompts and 10 are needed" in found.notes[0]


def test_unreadable_verdicts_are_counted_and_ties_are_half() -> None:
    rows = matches("a")
    rows[:5] = [replace(m, outcome="invalid") for m in rows[:5]]
    rows[5:10] = [replace(m, outcome="tie") for m in rows[5:10]]
    [found] = length_control({("a", "base"): rows}).rates.values()
    won = sum(m.outcome == "first" for m in rows)
    assert (found.rows, found.invalid) == (55, 5)
    assert found.raw == pytest.approx((won + 2.5) / 55)


def test_who_is_named_first_mirrors_the_rate() -> None:
    rows = [m for ms in by_pair("abcde").values() for m in ms]
    turned = [
        replace(
            m,
            first="base",
            second=m.first,
            outcome="second" if m.outcome == "first" else "first",
            lengths=m.lengths[::-1],
        )
        for m in rows
    ]
    ours, theirs = rates(rows).pairs, rates(turned).pairs
    for one, other in zip(ours, theirs, strict=True):
        assert one.controlled is not None
        assert other.controlled is not None
        mirror = 1 - other.controlled.controlled.value
        assert one.controlled.controlled.value == pytest.approx(mirror, abs=1e-9)


def rates(rows: list[Match]) -> WinRates:
    return rate_matches(rows, Resampling(20))


def printed(found: WinRates) -> str:
    text = StringIO()
    show_length_control(found, Console(width=500, file=text))
    return text.getvalue()


def test_the_effect_is_printed_with_its_basis() -> None:
    few = rates([m for ms in by_pair("ab").values() for m in ms])
    assert few.as_json()["length_effects"][0]["effect"]["source"] == "assumed"
    many = rates([m for ms in by_pair("abcdefgh").values() for m in ms])
    for text in (printed(few), at_equal_lengths(few)):
        assert "Length effect of gpt-4o: 1.00 [−0.18, 2.18]" in text
        assert "assumed, not estimated: it compared 2 of the 4 pairs" in text
        assert "standard deviation of 0.6" in text
    for text in (printed(many), at_equal_lengths(many)):
        assert "estimated from 8 pairs on 60 prompts" in text
        assert "assumed, not" not in text


def test_a_one_sided_pair_is_named() -> None:
    long = [replace(m, lengths=(3000 + n, 900)) for n, m in enumerate(matches("long"))]
    found = rates([m for ms in by_pair("abcde").values() for m in ms] + long)
    assert "One-sided" in printed(found)
    assert "hardly, observed for long against base: there the" in at_equal_lengths(
        found
    )


def test_without_a_pair_there_is_no_effect() -> None:
    assert length_control({}) == LengthControl({}, (), ())
