"""Length-controlled win rates of a run's pairs of systems.

The length effect is a property of the judge: pairs that the same judges compared are
fitted together, those of other judges never with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from fellowship.number_format import counted, figure, interval, percent
from fellowship.pipelines.agreement.matches import Match, match_points
from fellowship.stats.intervals import MIN_CLUSTERS
from fellowship.stats.length_designs import PairRows
from fellowship.stats.length_effects import (
    OTHERS_NEEDED,
    PRIOR_EFFECT,
    PRIOR_SPREAD,
    PRIOR_WIDTH,
)
from fellowship.stats.lengths import (
    JudgeEffect,
    LengthControlled,
    length_controlled,
)

Pair = tuple[str, str]
Judges = tuple[str, ...]

PRIOR: Final = (
    f"prior: {PRIOR_EFFECT:g} with a standard deviation of {PRIOR_WIDTH:g},"
    f" pairs around it {PRIOR_SPREAD:g}"
)
"""The prior in words, for the terminal and the report."""


@dataclass(frozen=True)
class JudgeLengthEffect:
    """What length is worth to one judge, or to several that voted together."""

    judges: Judges
    effect: JudgeEffect

    def describe(self) -> str:
        """The effect with its interval, what it depends on and the prior's part."""
        longer = float(expit(np.tanh(1) * self.effect.value))
        return (
            f"Length effect of {', '.join(self.judges) or 'the judge'}:"
            f" {interval(self.effect, 2)} in log-odds (the longer of two equally good"
            f" answers wins {percent(longer, 0)} where it is longer by one standard"
            f" deviation of the pair's differences), {self.basis()}."
        )

    def basis(self) -> str:
        """Whether the effect was estimated, shrunk or assumed, and from what."""
        one = self.effect
        if one.source == "assumed":
            return (
                f"assumed, not estimated: it compared {one.pairs} of the"
                f" {OTHERS_NEEDED + 1} pairs of systems with differing lengths that it"
                f" takes ({PRIOR})"
            )
        shrunk = " and shrunk towards the prior" * (one.source == "shrunk")
        return (
            f"estimated from {counted(one.pairs, 'pair')} on"
            f" {counted(one.prompts, 'prompt')}{shrunk};"
            f" the prior has {percent(one.prior, 0)} of the weight ({PRIOR}; found"
            f" {figure(one.spread, 2)})"
        )


@dataclass(frozen=True)
class LengthControl:
    """Pairs' rates at equal lengths, their judges' effects, and why pairs have none."""

    rates: Mapping[Pair, LengthControlled]
    effects: tuple[JudgeLengthEffect, ...]
    notes: tuple[str, ...]


def length_control(
    by_pair: Mapping[Pair, Sequence[Match]], level: float = 0.95
) -> LengthControl:
    """Every pair's win rate at equal lengths, all pairs of the same judges at once.

    Rows count whose two texts are known; those without a readable verdict are counted as
    invalid. A pair needs ten prompts and one judge, or jury, for all its rows.
    """
    pools: dict[Judges, dict[Pair, PairRows]] = defaultdict(dict)
    notes = []
    for pair, matches in by_pair.items():
        known = [m for m in matches if min(m.lengths) > 0]
        if why := _obstacle(known):
            notes.append(
                f"{pair[0]} against {pair[1]}: no length-controlled rate, {why}"
            )
        else:
            pools[_judges(known)][pair] = _rows(known)
    rates: dict[Pair, LengthControlled] = {}
    effects = []
    for judges, pairs in pools.items():
        effect, found = length_controlled(list(pairs.values()), level)
        effects.append(JudgeLengthEffect(judges, effect))
        rates.update(zip(pairs, found, strict=True))
    return LengthControl(rates, tuple(effects), tuple(notes))


def _judges(matches: Sequence[Match]) -> Judges:
    """Everybody who judged any of a pair's rows."""
    return tuple(sorted({name for m in matches for name in m.judges}))


def _rows(matches: Sequence[Match]) -> PairRows:
    """A pair's points (soft ones as they are), lengths in characters, and prompts."""
    return PairRows(
        match_points(matches),
        [m.lengths for m in matches],
        [m.prompt for m in matches],
    )


def _obstacle(matches: Sequence[Match]) -> str:
    """Why a pair's rows give no rate at equal lengths; nothing where they do."""
    read = {m.prompt for m in matches if m.outcome != "invalid"}
    if len(read) < MIN_CLUSTERS:
        return (
            f"verdicts on two known texts are of {counted(len(read), 'prompt')} and"
            f" {MIN_CLUSTERS} are needed"
        )
    seats = [set(m.judges) for m in matches if m.judges]
    if seats and not set.intersection(*seats):
        return (
            f"its rows have different judges ({', '.join(_judges(matches))}): choose one"
            " with --judge"
        )
    return ""
