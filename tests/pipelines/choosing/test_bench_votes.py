"""Votes and decisions on arrays: the same as a run decides row by row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fellowship.pipelines.choosing.bench import Bench, Said, Seat
from fellowship.pipelines.choosing.bench_votes import Variant, has_variant, votes_of
from fellowship.pipelines.choosing.configurations import (
    Configuration,
    configurations,
)
from fellowship.pipelines.choosing.decisions import Decider
from fellowship.stats.codes import encode
from fellowship.teams.decisions import decide
from fellowship.teams.jury import JuryTeam
from fellowship.teams.settings import Juror, JurySettings
from fellowship.teams.vote_counting import vote_of
from fellowship.teams.voter import is_close
from fellowship.teams.voting_rules import apply_rule
from tests.support.benches import verdicts_of

ROWS, SAMPLES = 24, 2
SIDES = ("first", "second", "tie")


def made(band: float) -> Bench:
    """Three seats with random scores, some unreadable, one on a scale of its own."""
    rng = np.random.default_rng(3)
    seats = tuple(
        Seat(name, f"m-{name}", "combined", scale, band)
        for name, scale in (("a", 10), ("b", 10), ("c", 5))
    )
    each = []
    for seat in seats:
        shape = (ROWS, 2, SAMPLES)
        first, second = (
            rng.integers(1, int(seat.scale) + 1, shape).astype(float) for _ in "12"
        )
        lost = rng.random(shape) < 0.15
        first[lost] = second[lost] = np.nan
        costs = np.ones((*shape, 3)) * [len(each) + 1, 1, 1]
        each.append(Said(first, second, np.ones(shape, dtype=bool), costs))
    labels = rng.choice([-1, 0, 1], ROWS).astype(np.int8)
    return Bench(
        tuple(map(str, range(ROWS))), labels, np.arange(ROWS), seats, tuple(each)
    )


def code(decision: str) -> int:
    return int(encode([decision if decision in SIDES else "invalid"])[0])


@pytest.mark.parametrize("band", [0.0, 1.0])
def test_a_seats_votes_are_those_of_a_run_in_every_order_and_number_of_samples(
    band: float,
) -> None:
    bench = made(band)
    for at, seat in enumerate(bench.seats):
        for samples in (1, 2):
            for order in ("first", "adaptive", "both"):
                variant = Variant(order, samples)  # type: ignore[arg-type]
                assert has_variant(bench, at, variant)
                found = votes_of(bench, at, variant)
                for row in range(ROWS):
                    every = verdicts_of(bench.said[at], row, seat)
                    kept = [v for v in every if v.sample < samples]
                    one = [v for v in kept if v.order == "forward"]
                    again = order == "both" or (
                        order == "adaptive" and is_close(one, seat.scale)
                    )
                    given = kept if again else one
                    decision, scores = decide(given)
                    assert found.verdicts[row] == code(decision), (order, row)
                    assert found.costs[row, 2] == len(given)
                    if scores and decision in SIDES:
                        assert found.first[row] == pytest.approx(scores.first)


@pytest.mark.parametrize("band", [0.0, 1.0])
def test_every_jury_and_escalation_decides_as_the_rules_of_a_run_do(
    band: float,
) -> None:
    bench = made(band)
    decider = Decider(bench)
    every, note = configurations(bench)
    assert not note
    assert {one.kind for one in every} == {"judge", "jury", "escalation"}
    assert any(one.sure_from for one in every)
    for one in every:
        if one.rule == "dawid-skene" or one.variant.samples > 1:
            continue
        found = decider.decide(one)
        weights = decider.weights(one) if one.learns else [1.0] * len(one.seats)
        for row in range(ROWS):
            votes = []
            for at, weight in zip(one.seats, weights, strict=True):
                seat = bench.seats[at]
                given = [
                    v for v in verdicts_of(bench.said[at], row, seat) if v.sample == 0
                ]
                forward = [v for v in given if v.order == "forward"]
                if one.variant.order == "first" or (
                    one.variant.order == "adaptive"
                    and not is_close(forward, seat.scale)
                ):
                    given = forward
                votes.append(
                    vote_of(seat.name, given, (1.0, seat.scale), float(weight))
                )
            if one.sure_from:
                assert_decides_as_a_run(bench, decider, one, row)
                continue
            if one.strong is not None:
                agreed = len({v.decision for v in votes}) == 1 and votes[0].is_valid
                strong = decider.votes(one.strong, one.variant).verdicts[row]
                assert found.verdicts[row] == (
                    code(votes[0].decision) if agreed else strong
                )
                continue
            decision, _ = apply_rule(one.rule or "majority", votes, 10)
            assert found.verdicts[row] == code(decision), (one, row)


def assert_decides_as_a_run(
    bench: Bench, decider: Decider, one: Configuration, row: int
) -> None:
    """A jury of one that is unsure asks the dearer judge, and both are paid for then."""
    assert one.strong is not None
    names, given = [], {}
    for at in (*one.seats, one.strong):
        seat = bench.seats[at]
        every = [v for v in verdicts_of(bench.said[at], row, seat) if v.sample == 0]
        first = [v for v in every if v.order == "forward"]
        again = one.variant.order == "both" or (
            one.variant.order == "adaptive" and is_close(first, seat.scale)
        )
        asked = {"model": seat.model, "scale": seat.scale, "tie_band": seat.tie_band}
        names.append(Juror(name=seat.name, **asked))
        given[seat.name] = every if again else first
    cheap, strong = names
    known = {"rule": "mean", "escalate": strong, "sure_from": one.sure_from}
    team = JuryTeam(JurySettings(jurors=(cheap,), recuse=False, **known))
    verdicts = {cheap.speaker: given[cheap.speaker]}
    if not team.is_sure(verdicts):
        verdicts = given
    made, found = team.comparison((0, 1), verdicts, (cheap,)), decider.decide(one)
    assert found.verdicts[row] == code(made.outcome), (one, row)
    assert found.costs[row, 2] == sum(map(len, verdicts.values()))
    if made.outcome in SIDES[:2]:
        assert made.scores
        assert found.confidence is not None
        gap = abs(made.scores.first - made.scores.second)
        assert found.confidence[row] == pytest.approx(gap)


def test_the_dearest_juror_is_asked_last() -> None:
    bench = made(0.0)
    dear = replace(bench, seats=bench.seats[::-1], said=bench.said[::-1])
    for found, order in ((bench, (0, 1, 2)), (dear, (2, 1, 0))):
        every, _ = configurations(found)
        assert max((one.seats for one in every), key=len) == order


def test_a_judge_without_score_gaps_is_not_asked_adaptively() -> None:
    bench = made(0.0)
    seats = (replace(bench.seats[0], strategy="direct"), *bench.seats[1:])
    found = replace(bench, seats=seats)
    orders = [has_variant(found, 0, Variant(o)) for o in ("first", "adaptive", "both")]
    assert orders == [True, False, True]
