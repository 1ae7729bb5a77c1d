"""Decisions of every configuration on a bench's rows, with what each row cost.

Votes are counted as a run counts them: early stopping spares jurors whose vote can't
change the outcome, and their cost. Weights of jurors are learned from labels, and the rows
to learn from are the caller's to name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum

import numpy as np
from numpy.typing import NDArray

from fellowship.pipelines.choosing.bench import Bench
from fellowship.pipelines.choosing.bench_votes import (
    CLOSE,
    Variant,
    Votes,
    jury_scale_factor,
    sign_of,
    votes_of,
)
from fellowship.pipelines.choosing.configurations import Configuration
from fellowship.stats.codes import INVALID, Codes, Floats
from fellowship.stats.juries import (
    dawid_skene,
    has_rows,
    log_odds_weights,
    majority,
    weighted_majority,
)
from fellowship.teams.vote_counting import NO_VOTES, SIDES, next_jurors

LEAST_WEIGHT = 0.01
"""What a juror no better than chance weighs: a recipe's weights are above 0."""
CODED = dict(zip((1, -1, 0), SIDES, strict=True))


@dataclass(frozen=True)
class Decided:
    """A configuration's verdicts (n,), the cost (n, 3) of each row in `UNITS`, and its
    confidence (n,): the score gap that `pairs.margin` is held against, NaN where no side
    is named, None where its scores are votes."""

    verdicts: Codes
    costs: Floats
    confidence: Floats | None = None


class Decider:
    """The configurations of one bench, decided; votes of a seat are counted once."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._votes: dict[tuple[int, Variant], Votes] = {}
        self._kinds: dict[Configuration, tuple[Codes, NDArray[np.intp]]] = {}

    def votes(self, seat: int, variant: Variant) -> Votes:
        """One seat's votes in one variant."""
        key = seat, variant
        if key not in self._votes:
            self._votes[key] = votes_of(self.bench, seat, variant)
        return self._votes[key]

    def decide(self, configuration: Configuration) -> Decided:
        """What a configuration says of every row; its weights from all labels."""
        one = configuration
        if one.team is not None:
            team = self.bench.teams[one.team]
            return Decided(team.verdicts, team.costs)
        votes = [self.votes(at, one.variant) for at in one.seats]
        if one.kind == "judge":
            return Decided(votes[0].verdicts, votes[0].costs, votes[0].margin)
        if one.sure_from:
            return self.cascade(one)
        if one.strong is not None:
            return escalated(votes, self.votes(one.strong, one.variant))
        if one.rule == "mean":
            return self.mean(one, votes)
        weights = None
        if one.learns:
            weights = self.weights(one)
        return counted_votes(votes, one.rule, weights)

    def weights(
        self, configuration: Configuration, rows: NDArray[np.bool_] | None = None
    ) -> Floats:
        """The jurors' weights (m,), learned from the labels of some rows or all."""
        said = [self.votes(at, configuration.variant) for at in configuration.seats]
        table = np.stack([each.verdicts for each in said], axis=1)
        labels = self.bench.labels
        if rows is not None:
            table, labels = table[rows], labels[rows]
        return np.maximum(log_odds_weights(table, labels), LEAST_WEIGHT)

    def learned(
        self, juries: Sequence[Configuration], rows: NDArray[np.bool_]
    ) -> Codes:
        """The verdicts (n, k) of weighted juries, weights from the labels of some rows."""
        weights: dict[tuple[int, Variant], float] = {}
        found = []
        for jury in juries:
            for at in jury.seats:
                key = at, jury.variant
                if key not in weights:
                    alone = replace(jury, seats=(at,))
                    weights[key] = float(self.weights(alone, rows)[0])
            kinds, which = self.kinds(jury)
            worth = np.array([weights[at, jury.variant] for at in jury.seats])
            found.append(weighted_majority(kinds, worth)[which])
        return np.stack(found, axis=1)

    def kinds(self, jury: Configuration) -> tuple[Codes, NDArray[np.intp]]:
        """The different rows of a jury's votes, and which one each row is."""
        if jury not in self._kinds:
            votes = [self.votes(at, jury.variant).verdicts for at in jury.seats]
            self._kinds[jury] = patterns(np.stack(votes, axis=1))
        return self._kinds[jury]

    def cascade(self, one: Configuration) -> Decided:
        """The first judge's verdict where its score gap is wide enough, else the strong
        one's; the gap is that of who decided."""
        assert one.strong is not None
        first, strong = (
            self.mean(replace(one, seats=(at,)), [self.votes(at, one.variant)])
            for at in (*one.seats, one.strong)
        )
        assert first.confidence is not None
        assert strong.confidence is not None
        read = self.votes(one.seats[0], one.variant).verdicts != INVALID
        sure = read & (np.nan_to_num(first.confidence) >= one.sure_from - CLOSE)
        return Decided(
            np.where(sure, first.verdicts, strong.verdicts).astype(np.int8),
            first.costs + np.where(sure[:, None], 0.0, strong.costs),
            np.where(sure, first.confidence, strong.confidence),
        )

    def mean(self, one: Configuration, votes: Sequence[Votes]) -> Decided:
        """The sign of the mean score gap of those who name a side or a tie."""
        gaps = [
            (each.first - each.second) * jury_scale_factor(seat)
            for each, seat in zip(
                votes, (self.bench.seats[at] for at in one.seats), strict=True
            )
        ]
        valid = np.stack([each.verdicts != INVALID for each in votes], axis=1)
        total = np.where(valid, np.stack(gaps, axis=1), 0.0).sum(axis=1)
        gap = total / np.maximum(valid.sum(axis=1), 1)
        verdicts = np.where(valid.any(axis=1), sign_of(gap), INVALID).astype(np.int8)
        sure = np.where(np.abs(verdicts) == 1, np.abs(gap), np.nan)
        return Decided(verdicts, sum_costs(votes), sure)


def sum_costs(votes: Sequence[Votes]) -> Floats:
    """The cost (n, 3) of asking everybody."""
    return np.asarray(np.sum([each.costs for each in votes], axis=0))


def escalated(votes: Sequence[Votes], strong: Votes) -> Decided:
    """The jurors' vote where all could be read and agree, else the strong one's."""
    table = np.stack([each.verdicts for each in votes], axis=1)
    agree = (table == table[:, :1]).all(axis=1) & (table[:, 0] != INVALID)
    verdicts = np.where(agree, table[:, 0], strong.verdicts)
    costs = sum_costs(votes) + np.where(agree[:, None], 0.0, strong.costs)
    return Decided(verdicts.astype(np.int8), costs)


def counted_votes(votes: Sequence[Votes], rule: str, weights: Floats | None) -> Decided:
    """A jury's vote by heads, by weight or by Dawid-Skene; jurors are spared where the
    rule allows."""
    table = np.stack([each.verdicts for each in votes], axis=1)
    costs = np.stack([each.costs for each in votes], axis=1)
    if rule == "dawid-skene":
        return Decided(dawid_skene(table).verdicts, costs.sum(axis=1))
    kinds, which = patterns(table)
    worth = np.ones(table.shape[1]) if weights is None else weights
    said = majority(kinds) if weights is None else weighted_majority(kinds, weights)
    asked = np.array([jurors_asked(kind, worth) for kind in kinds])[which]
    return Decided(said[which], (costs * asked[:, :, None]).sum(axis=1))


def patterns(table: Codes) -> tuple[Codes, NDArray[np.intp]]:
    """The different rows of votes (n, m), and which one each row is."""
    powers = 4 ** np.arange(table.shape[1])
    _, at, which = np.unique(
        (table.astype(np.int64) + 1) @ powers, return_index=True, return_inverse=True
    )
    return table[at], which.reshape(-1)


def jurors_asked(votes: Codes, weights: Floats) -> list[bool]:
    """Which jurors (m,) are asked, in waves as large as may decide the vote."""
    totals, asked = dict(NO_VOTES), 0
    left = [float(w) for w in weights]
    while asked < len(left):
        count = next_jurors(totals, left[asked:])
        if not count:
            break
        for at in range(asked, asked + count):
            if votes[at] != INVALID:
                side = CODED[int(votes[at])]
                totals[side] = fsum((totals[side], left[at]))
        asked += count
    return [at < asked for at in range(len(left))]


def can_weigh_rows(
    bench: Bench, configuration: Configuration, decider: Decider
) -> bool:
    """Whether Dawid-Skene has rows enough for these jurors; other rules always have."""
    if configuration.rule != "dawid-skene":
        return True
    votes = [
        decider.votes(at, configuration.variant).verdicts for at in configuration.seats
    ]
    return has_rows(np.stack(votes, axis=1))
