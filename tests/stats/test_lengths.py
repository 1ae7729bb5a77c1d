"""Win rates at equal lengths: length buys nothing, and what isn't observed is assumed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from benchmarks import length_control
from benchmarks.length_coverage import coverage, worlds
from fellowship.stats.codes import DataError
from fellowship.stats.length_designs import PairRows, design
from fellowship.stats.length_effects import PRIOR_EFFECT, PRIOR_WIDTH, centre_of, pool
from fellowship.stats.length_fits import fit
from fellowship.stats.lengths import (
    LengthControlled,
    length_controlled,
)
from tests.support.paths import SHARED

Floats = NDArray[np.float64]
ALPACA = SHARED / "alpaca_eval" / "lengths.jsonl"
with_data = pytest.mark.skipif(
    not ALPACA.is_file(), reason=f"the leaderboard's lengths are not in {ALPACA}"
)


def alone(rows: PairRows) -> LengthControlled:
    return length_controlled([rows])[1][0]


def pair(
    seed: int,
    rows: int = 200,
    effect: float = 1.0,
    level: float = 0.0,
    longer: float = 0.0,
) -> PairRows:
    """A judge that likes length, two systems, the first `longer` by so many e-folds."""
    rng = np.random.default_rng(seed)
    sizes = np.exp(rng.normal([7 + longer, 7], 0.5, (rows, 2)))
    apart = np.log(sizes[:, 0] / sizes[:, 1])
    chance = expit(level + effect * np.tanh(apart / apart.std()))
    return PairRows((rng.random(rows) < chance).astype(float), sizes, np.arange(rows))


def always_longer(seed: int, rows: int = 200, effect: float = 1.0) -> PairRows:
    """As good as the other, and 2000 +- 200 longer on every prompt."""
    rng = np.random.default_rng(seed)
    theirs = rng.normal(1000, 100, rows)
    sizes = np.stack([theirs + rng.normal(2000, 200, rows), theirs], 1)
    return PairRows((rng.random(rows) < expit(effect)).astype(float), sizes)


def mirrored(rows: PairRows) -> PairRows:
    points, sizes = np.asarray(rows.points), np.asarray(rows.lengths)
    return PairRows(1 - points, sizes[:, ::-1], rows.prompts)


def taken(rows: PairRows, which: Sequence[int] | NDArray[np.intp]) -> PairRows:
    points, sizes = np.asarray(rows.points), np.asarray(rows.lengths)
    return PairRows(points[which], sizes[which], np.asarray(rows.prompts)[which])


def limits(one: LengthControlled) -> list[float]:
    return [one.controlled.low, one.controlled.value, one.controlled.high]


@st.composite
def contests(draw: st.DrawFn) -> PairRows:
    n = draw(st.integers(10, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    points = rng.choice([0, 0.3, 0.5, 1, np.nan], n)
    points[:10] = rng.choice([0, 0.5, 1], 10)
    sizes = rng.integers(0, draw(st.sampled_from([2, 500])), (n, 2)).astype(float)
    copies = rng.integers(1, 3, n)
    return taken(PairRows(points, sizes, np.arange(n)), np.repeat(np.arange(n), copies))


@settings(deadline=None, max_examples=60)
@given(contests())
def test_exchanging_the_sides_mirrors_the_rate(rows: PairRows) -> None:
    ours, theirs = alone(rows), alone(mirrored(rows))
    assert limits(ours) == pytest.approx(
        [1 - x for x in limits(theirs)][::-1], abs=1e-9
    )
    assert ours.effect.value == pytest.approx(theirs.effect.value, abs=1e-7)


def test_exchanging_the_sides_of_one_pair_leaves_the_others_alone() -> None:
    rows = [pair(n, longer=0.3 * n) for n in range(5)]
    before = length_controlled(rows)[1]
    after = length_controlled([mirrored(rows[0]), *rows[1:]])[1]
    for one, other in zip(before[1:], after[1:], strict=True):
        assert limits(one) == pytest.approx(limits(other), abs=1e-8)


@settings(deadline=None, max_examples=40)
@given(contests())
def test_without_length_differences_the_controlled_rate_is_the_raw_one(
    rows: PairRows,
) -> None:
    sizes = np.asarray(rows.lengths)
    found = alone(replace(rows, lengths=sizes[:, [0, 0]]))
    assert found.controlled.value == pytest.approx(found.raw, abs=1e-5)
    assert found.own == 0


def test_an_answer_against_itself_wins_half_and_tells_nothing_of_the_judge() -> None:
    itself = PairRows(np.full(30, 0.5), np.full((30, 2), 120.0))
    assert alone(itself).controlled.value == 0.5
    rows = [pair(n) for n in range(4)]
    before, after = length_controlled(rows), length_controlled([*rows, itself])
    assert after[0].pairs == before[0].pairs == 4
    for one, other in zip(before[1], after[1], strict=False):
        assert one.controlled.value == pytest.approx(other.controlled.value, abs=0.01)


def test_length_alone_buys_no_win() -> None:
    rows = [pair(n, longer=x) for n, x in enumerate((-0.6, -0.3, 0, 0.3, 0.6, 1.2))]
    judge, found = length_controlled(rows)
    assert found[-1].raw > 0.6
    for one in found:
        assert one.controlled.low < 0.5 < one.controlled.high
    assert judge.low < 1 < judge.high
    assert (judge.pairs, judge.prompts) == (6, 200)
    assert judge.source != "assumed"


def test_a_length_loving_judge_is_corrected_within_two_points() -> None:
    rng = np.random.default_rng(8)
    words = rng.normal([260, 200], 50, (10_000, 2)).clip(20)
    apart = words[:, 0] - words[:, 1]
    chance = expit(logit(0.45) + 1.2 * np.tanh(apart / apart.std()))
    points = (rng.random(10_000) < chance).astype(float)
    found = alone(PairRows(points, words))
    assert found.raw > 0.55
    assert found.controlled.value == pytest.approx(0.45, abs=0.02)
    assert found.controlled.low < 0.45 < found.controlled.high
    assert found.effect.value == pytest.approx(1.2, abs=0.15)


def test_a_system_that_is_always_longer_is_rated_by_what_others_show() -> None:
    others = [pair(n, effect=1.8, longer=0.1 * n) for n in range(6)]
    found = length_controlled([*others, always_longer(9, effect=1.8)])[1][-1]
    assert (found.one_sided, found.own) == (True, 0)
    assert found.source != "assumed"
    assert found.raw > 0.8
    assert found.controlled.low < 0.5 < found.controlled.high
    assert abs(found.effect.value - 1.8) < 0.3


def test_a_system_that_is_always_longer_and_alone_is_rated_by_the_prior() -> None:
    judge, [found] = length_controlled([always_longer(1)])
    assert (found.one_sided, found.own, found.source) == (True, 0, "assumed")
    assert (judge.source, judge.prior, judge.value) == ("assumed", 1, PRIOR_EFFECT)
    assert judge.high - judge.low == pytest.approx(2 * 1.96 * PRIOR_WIDTH, abs=0.01)
    assert found.controlled.high - found.controlled.low > 0.4


@pytest.mark.parametrize(("count", "source"), [(1, "assumed"), (3, "assumed")])
def test_few_pairs_do_not_show_a_judges_effect(count: int, source: str) -> None:
    judge, found = length_controlled([pair(n, rows=400) for n in range(count)])
    assert {judge.source, *(one.source for one in found)} == {source}


def test_a_prior_that_matters_is_called_shrinkage() -> None:
    few, _ = length_controlled([pair(n, rows=30) for n in range(4)])
    many, _ = length_controlled([pair(n, rows=600) for n in range(12)])
    assert (few.source, many.source) == ("shrunk", "estimated")
    assert few.prior > 0.05 > many.prior


def test_what_the_others_show_excludes_the_pair_itself() -> None:
    rows = [pair(n, rows=400) for n in range(6)]
    odd = [*rows[:5], pair(5, rows=400, effect=-3.0)]
    before, after = (pool([design(r) for r in some]) for some in (rows, odd))
    unmoved = centre_of(after, 5).value - centre_of(before, 5).value
    moved = centre_of(after).value - centre_of(before).value
    assert abs(unmoved) < 0.1
    assert moved < -0.3


def test_more_prompts_give_a_narrower_interval() -> None:
    sizes = (25, 100, 400, 1600)
    spans = [limits(alone(pair(3, rows=n))) for n in sizes]
    widths = [high - low for low, _, high in spans]
    assert widths == sorted(widths, reverse=True)


def test_rows_of_one_prompt_are_not_more_prompts() -> None:
    rows = pair(4, rows=60)
    tripled = taken(rows, np.repeat(np.arange(60), 3))
    one, three = limits(alone(rows)), limits(alone(tripled))
    assert three[2] - three[0] > 0.85 * (one[2] - one[0])


def test_no_order_of_rows_or_pairs_matters() -> None:
    rows = [pair(n, longer=0.2 * n) for n in range(4)]
    order = np.random.default_rng(0).permutation(200)
    before = length_controlled(rows)[1]
    after = length_controlled([taken(one, order) for one in rows[::-1]])[1][::-1]
    for one, other in zip(before, after, strict=True):
        assert limits(one) == pytest.approx(limits(other), abs=1e-8)


def test_what_has_no_verdict_is_counted_and_changes_nothing() -> None:
    rows = pair(5, rows=100)
    points, sizes = np.asarray(rows.points), np.asarray(rows.lengths)
    more = PairRows(
        np.append(points, [np.nan] * 7),
        np.concatenate([sizes, np.full((7, 2), 9e5)]),
        np.arange(107),
    )
    one, other = alone(rows), alone(more)
    assert (other.rows, other.invalid) == (100, 7)
    assert limits(one) == limits(other)


def test_a_tie_is_half_a_win_and_half_a_loss() -> None:
    rows = pair(6, rows=40)
    sizes = np.asarray(rows.lengths)
    ties = PairRows(np.full(40, 0.5), sizes)
    halves = PairRows(np.repeat([0.0, 1.0], 40), np.concatenate([sizes, sizes]))
    expected = alone(halves).controlled.value
    assert alone(ties).controlled.value == pytest.approx(expected, abs=0.01)


def test_winning_everything_stays_finite_and_is_not_certain() -> None:
    found = alone(replace(pair(0, rows=40), points=np.ones(40)))
    assert 0.99 < found.controlled.value <= found.controlled.high <= 1
    assert 0.5 < found.controlled.low < 0.95


def test_the_fit_is_the_penalised_maximum() -> None:
    given = design(pair(7, rows=300, level=0.5))

    def loss(v: Floats) -> float:
        score = given.columns @ v
        likelihood = float(given.points @ score - np.logaddexp(0, score).sum())
        return -likelihood + 2.0 * (v[2] - 1) ** 2 + 0.125 * v[1] ** 2

    theirs = minimize(loss, np.zeros(3), tol=1e-12).x
    assert fit(given, 1.0, 4.0).values == pytest.approx(theirs, abs=1e-4)


def test_the_fit_without_a_prior_is_scikit_learns() -> None:
    given = design(pair(8, rows=2000, level=0.5))
    theirs = LogisticRegression(C=1e9, tol=1e-10)
    theirs.fit(given.columns[:, 1:], given.points)
    ours = fit(given, 0.0, 1e-9).values
    assert ours[1:] == pytest.approx(theirs.coef_[0], abs=1e-3)
    assert ours[0] == pytest.approx(theirs.intercept_[0], abs=1e-3)


def test_what_gives_no_rate_is_refused_by_name() -> None:
    for points, sizes, why in (
        ([7, 0], [[2, 1], [3, 9]], "between 0 and 1"),
        ([1, 0], [[2, 1]], "lengths has 1"),
        ([1, 0], [[2, 1], [-3, 1]], "0 or more"),
        ([np.nan] * 2, [[2, 1], [3, 1]], "not all be missing"),
        ([1, 0], [[2, 1], [3, 1]], "pair 0 has verdicts on 2 prompts"),
    ):
        with pytest.raises(DataError, match=why):
            length_controlled([PairRows(points, sizes)])
    with pytest.raises(DataError, match="no pair"):
        length_controlled([])


@pytest.mark.parametrize(
    "name",
    [
        *("2 systems", "2 systems, one-sided", "3 systems, one-sided", "8 systems"),
        "the one-sided one beside 7 others",
    ],
)
def test_intervals_cover_the_rate(name: str) -> None:
    world = worlds()[name]
    rates = len(world.pairs)
    found = coverage(world, 100, max(420 // rates, 60))
    assert 0.91 <= found.rate <= 0.99
    assert found.judge >= 0.90
    assert abs(found.error) < 0.03


def published(systems: Sequence[length_control.System]) -> tuple[float, float]:
    """The mean and the largest distance from the published rates, in points."""
    rates = length_control.fitted(systems)[1]
    apart = [points for points, _ in length_control.errors(systems, rates)]
    return float(np.mean(apart)), max(apart)


@with_data
def test_the_leaderboards_rates_are_met_without_being_shown() -> None:
    systems = length_control.read(ALPACA)
    mean, largest = published(systems)
    assert mean < 0.8
    assert largest < 3
    for half in (systems[::2], systems[1::2], systems[:12], systems[12:]):
        mean, largest = published(half)
        assert mean < 0.8
        assert largest < 3
    hidden = [replace(system, published=None) for system in systems]
    assert length_control.fitted(hidden) == length_control.fitted(systems)


@with_data
def test_a_leaderboards_system_alone_is_near_and_assumed() -> None:
    for system in length_control.read(ALPACA):
        judge, [found] = length_control.fitted([system])
        assert judge.source == "assumed"
        assert system.published is not None
        assert abs(100 * found.controlled.value - system.published) < 3


def test_the_benchmark_prints_every_system(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def line(name: str, rows: PairRows, rate: float | None) -> str:
        sizes = np.asarray(rows.lengths).tolist()
        points = np.asarray(rows.points).tolist()
        listed = [
            [n, p, *s] for n, (p, s) in enumerate(zip(points, sizes, strict=True))
        ]
        listed.append([len(listed), None, 9, 9])
        return json.dumps(
            {"system": name, "published_length_controlled": rate, "rows": listed}
        )

    file = tmp_path / "systems.jsonl"
    file.write_text(f"{line('a', pair(1), 50.0)}\n{line('b', pair(2), None)}\n")
    assert length_control.main([str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    keys = ["system", "raw", "length_controlled", "published"]
    assert [list(one) for one in found["systems"]] == [keys, keys]
    assert found["mean_error"] == found["largest_error"] > 0
    assert length_control.main([str(file)]) == length_control.main(
        [str(file), "--subsets"]
    )
    file.write_text('{"system": "a"}\n')
    assert length_control.main([str(file)]) == 2
    assert "line 1 is not a system" in capsys.readouterr().err
