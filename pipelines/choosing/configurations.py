"""Configurations of an evaluator that a bench can decide: judges, juries, escalation.

Each is a frozen record of seats, order and samples; `decided` gives its verdicts on every
row and what they cost, by the rules that a run has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from fellowship.number_format import counted
from fellowship.pipelines.choosing.bench import UNITS, Bench, Seat
from fellowship.pipelines.choosing.bench_votes import (
    BOTH,
    Variant,
    has_variant,
    jury_scale_factor,
    votes_of,
)
from fellowship.stats.codes import Floats

Kind = Literal["judge", "jury", "escalation", "team"]
RULES = ("majority", "mean", "weighted", "dawid-skene")
MOST = 4000
"""Configurations beyond which juries are limited to fewer jurors: seconds, not minutes."""


@dataclass(frozen=True)
class Configuration:
    """One way to have pairs judged.

    `seats` are columns of the bench: one of a judge, several of a jury, in the order they
    are asked; `strong` decides where the seats disagree, and where the score gap of one
    alone is under `sure_from`. `team` is a column of the bench's teams, for a debate.
    """

    kind: Kind
    seats: tuple[int, ...] = ()
    variant: Variant = BOTH
    rule: str = ""
    strong: int | None = None
    sure_from: float = 0.0
    team: int | None = None

    @property
    def learns(self) -> bool:
        """Whether it has weights that are learned from labels."""
        return self.rule == "weighted"

    def name(self, bench: Bench) -> str:
        """What it is called in tables: `gpt-4o + gemma, majority`."""
        if self.team is not None:
            return bench.teams[self.team].name
        names = " + ".join(bench.seats[at].name for at in self.seats)
        parts = [names, self.rule, self.variant.text(bench)]
        if self.strong is not None:
            sure = f" from a gap of {self.sure_from:g}" if self.sure_from else ""
            parts[0] = f"{names}{sure}, else {bench.seats[self.strong].name}"
            parts[1] = ""
        return ", ".join(filter(None, parts))


def configurations(bench: Bench) -> tuple[list[Configuration], str]:
    """Every configuration that the bench's record decides, and what was left out.

    Judges: each seat in every order and number of samples that were asked. Juries: every
    two and more seats of `like_asked`, by each rule, one sample in each order. Escalation:
    two of them, and a third where they disagree; one of them, and a dearer one where the
    score gap of the first is small.
    """
    found = [
        Configuration("judge", (at,), variant)
        for at in range(len(bench.seats))
        for variant in variants(bench, (at,))
    ]
    groups = list(like_asked(bench))
    most, note = largest_jury(bench, groups)
    for seats in groups:
        for variant in variants(bench, seats, samples=1):
            found += juries(seats, variant, most, bench)
            found += escalations(seats, variant)
            found += cascades(seats, variant, bench)
    found += [Configuration("team", team=at) for at in range(len(bench.teams))]
    return found, note


def variants(
    bench: Bench, seats: Sequence[int], samples: int | None = None
) -> Iterator[Variant]:
    """The orders and samples in which all of these seats were asked, cheapest first."""
    deepest = min(bench.said[at].asked.shape[2] for at in seats)
    for many in range(1, (samples or deepest) + 1):
        for order in ("first", "adaptive", "both"):
            variant = Variant(order, many)
            if all(has_variant(bench, at, variant) for at in seats):
                yield variant


def like_asked(bench: Bench) -> Iterator[tuple[int, ...]]:
    """Seats that may sit in one jury: all where each is another model, else those that
    were asked alike, by strategy and scale. The cheapest is first, since whoever is asked
    last may be spared."""
    unit = UNITS.index(bench.unit)
    price = [float(said.costs[:, 0, 0, unit].mean()) for said in bench.said]
    seats = sorted(range(len(bench.seats)), key=price.__getitem__)
    ways = [(bench.seats[at].strategy, bench.seats[at].scale) for at in seats]
    models = {model_of(seat) for seat in bench.seats}
    if len(models) == len(bench.seats):
        ways = [("", 0.0)] * len(bench.seats)
    for way in dict.fromkeys(ways):
        alike = tuple(at for at in seats if ways[at] == way)
        if len(alike) > 1:
            yield alike


def largest_jury(bench: Bench, groups: Sequence[tuple[int, ...]]) -> tuple[int, str]:
    """How many jurors a jury may have, and what is said where that leaves some out."""
    most = max((len(seats) for seats in groups), default=0)
    for size in range(most, 2, -1):
        if count_juries(bench, groups, size) <= MOST:
            break
    else:
        size = min(most, 2)
    if size == most:
        return most, ""
    return (
        size,
        f"juries of more than {counted(size, 'juror')} are left out: there are too many",
    )


def count_juries(bench: Bench, groups: Sequence[tuple[int, ...]], most: int) -> int:
    """How many juries there are of at most so many jurors."""
    return sum(
        len(RULES)
        * sum(1 for _ in subsets(seats, most))
        * len([*variants(bench, seats, 1)])
        for seats in groups
    )


def subsets(seats: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
    """Every two and more of the seats, at most so many."""
    for size in range(2, min(most, len(seats)) + 1):
        yield from combinations(seats, size)


def juries(
    seats: Sequence[int], variant: Variant, most: int, bench: Bench
) -> Iterator[Configuration]:
    """Every jury of these seats by every rule; Dawid-Skene needs three, and rows enough."""
    for jury in subsets(seats, most):
        for rule in RULES:
            if rule == "dawid-skene" and len(jury) < 3:
                continue
            yield Configuration("jury", jury, variant, rule)


def escalations(seats: Sequence[int], variant: Variant) -> Iterator[Configuration]:
    """Every two of the seats, and each third where these disagree."""
    for pair in combinations(seats, 2):
        for strong in seats:
            if strong not in pair:
                yield Configuration("escalation", pair, variant, strong=strong)


def cascades(
    seats: Sequence[int], variant: Variant, bench: Bench
) -> Iterator[Configuration]:
    """Each of the seats that gives scores, and each dearer one where its gap is small.

    The gaps are quartiles of those it gave, on a jury's scale: no label is looked at.
    """
    at = UNITS.index(bench.unit)
    votes = {seat: votes_of(bench, seat, variant) for seat in seats}
    cost = {seat: float(one.costs[:, at].mean()) for seat, one in votes.items()}
    for cheap in seats:
        if bench.seats[cheap].strategy == "direct":
            continue
        gaps = votes[cheap].margin * jury_scale_factor(bench.seats[cheap])
        for strong in seats:
            if cost[strong] > cost[cheap]:
                for sure in quartiles(gaps):
                    yield Configuration(
                        *("escalation", (cheap,), variant, "mean"),
                        strong=strong,
                        sure_from=sure,
                    )


def quartiles(gaps: Floats) -> list[float]:
    """The different quartiles of score gaps above the smallest, to three digits."""
    known = gaps[~np.isnan(gaps)]
    if not len(known):
        return []
    cut = np.quantile(known, [0.25, 0.5, 0.75], method="higher")
    return sorted({round(float(gap), 3) for gap in cut if gap > known.min()})


def model_of(seat: Seat) -> str:
    """The model of a seat, or its name where no model is known."""
    return seat.model or seat.name
