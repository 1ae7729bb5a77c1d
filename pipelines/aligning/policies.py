"""Label policies: what people go by on the test rows, and whether the judge learnt it.

A policy is a share that is defined on every row: of pairs called a tie, of pairs that the
shorter answer wins. People's share stands beside the judge's before and after, on the
same rows. It is called learnt only where the judge's share moved towards people's and the
interval of its move is clear of 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from fellowship.number_format import percent_interval, points
from fellowship.pipelines.agreement.criteria import LENGTH_LIMIT
from fellowship.pipelines.aligning.gains import Figure
from fellowship.pipelines.aligning.labelled_pairs import LabelledPair
from fellowship.pipelines.aligning.said import Sayings
from fellowship.pipelines.aligning.tie_bands import gaps_of
from fellowship.records import Record, Winner
from fellowship.registry_check import check_registry
from fellowship.stats.codes import Floats
from fellowship.stats.intervals import Interval, Resampling, mean_interval
from fellowship.stats.rates import rate_interval

PolicyName = Literal["ties", "shorter", "first"]
NAMES: tuple[PolicyName, ...] = ("ties", "shorter", "first")
WORDS: Mapping[PolicyName, tuple[str, str]] = {
    "ties": ("call", "of pairs a tie"),
    "shorter": ("side with the shorter answer in", "of pairs that they decide"),
    "first": ("side with the first answer in", "of pairs that they decide"),
}
check_registry("words for a policy", NAMES, WORDS)
OTHERWISE: Mapping[PolicyName, tuple[str, str]] = {
    "shorter": ("side with the longer answer in", "of pairs that they decide")
}
"""What is said where people's share is under a half."""

RULES: Mapping[PolicyName, tuple[str, str]] = {
    "shorter": ("the shorter answer", "the longer answer"),
    "first": ("the first answer", "the second answer"),
}
"""Rules that need no reading, and their contraries."""
FOLLOWED = (1 + LENGTH_LIMIT) / 2
"""The share of decided pairs from which labels follow a rule: a correlation of .7."""

Sides = Sequence[Winner]


class Policy(Record):
    """People's share, the judge's before and after, its move, and whether it is learnt."""

    name: str
    people: Figure
    before: Figure
    after: Figure
    move: Figure
    learnt: bool
    text: str


def policies(
    pairs: Sequence[LabelledPair],
    before: Sayings,
    after: Sayings,
    plan: Resampling,
) -> tuple[Policy, ...]:
    """Every policy on the rows that both judges were asked about."""
    both = [p for p in pairs if p.item.key in before and p.item.key in after]
    if not both:
        return ()
    sides: tuple[Sides, ...] = (
        [pair.label for pair in both],
        *([said[p.item.key].winner for p in both] for said in (before, after)),
    )
    return tuple(policy(name, both, sides, plan) for name in NAMES)


def policy(
    name: PolicyName,
    pairs: Sequence[LabelledPair],
    sides: Sequence[Sides],
    plan: Resampling,
) -> Policy:
    """One policy: sides are people's, the judge's before and its after."""
    values = [trait(name, pairs, each) for each in sides]
    flip = name in OTHERWISE and bool(np.nanmean([*values[0], 0.5]) < 0.5)
    if flip:
        values = [1 - each for each in values]
    prompts = [pair.prompt for pair in pairs]
    people, old, new = (rate_interval(each, prompts, plan) for each in values)
    move = mean_interval(values[2] - values[1], prompts, plan)
    nearer = abs(new.value - people.value) < abs(old.value - people.value)
    clear = bool(move.low > 0 or move.high < 0)
    words = (OTHERWISE if flip else WORDS)[name]
    return Policy(
        name="longer" if flip else name,
        people=Figure.of(people),
        before=Figure.of(old),
        after=Figure.of(new),
        move=Figure.of(move),
        learnt=bool(nearer and clear),
        text=sentence(words, (people, old, new)),
    )


def rules_followed(pairs: Sequence[LabelledPair], plan: Resampling) -> dict[str, str]:
    """What labels follow though it is no quality: its name -> people's share of it.

    `the shorter answer`, `the first answer` and so on, where the whole interval of the
    share of decided pairs lies above `FOLLOWED`.
    """
    labels = [pair.label for pair in pairs]
    prompts = [pair.prompt for pair in pairs]
    found = {}
    for name, sides in RULES.items():
        values = trait(name, pairs, labels)
        for word, each in zip(sides, (values, 1 - values), strict=True):
            share = rate_interval(each, prompts, plan)
            if share.low > FOLLOWED:
                found[word] = percent_interval(share)
    return found


def trait(name: PolicyName, pairs: Sequence[LabelledPair], sides: Sides) -> Floats:
    """1 where a side has the trait (n,), 0 where not, NaN where it can't be said."""
    found = []
    for pair, side in zip(pairs, sides, strict=True):
        first, second = pair.lengths
        decided = side in ("first", "second")
        if name == "ties":
            found.append(np.nan if side == "invalid" else float(side == "tie"))
        elif not decided or (name == "shorter" and first == second):
            found.append(np.nan)
        elif name == "first":
            found.append(float(side == "first"))
        else:
            found.append(float((side == "first") == (first < second)))
    return np.array(found)


def sentence(words: tuple[str, str], found: Sequence[Interval]) -> str:
    """The three shares in a sentence without its full stop."""
    people, before, after = map(percent_interval, found)
    return (
        f"people {words[0]} {people} {words[1]}; the judge did in {before}, and does in"
        f" {after} once aligned"
    )


def band_policy(
    pairs: Sequence[LabelledPair], said: Sayings, band: float, plan: Resampling
) -> str:
    """How often people call a tie at gaps up to a band, and at wider ones."""
    known = [p for p in pairs if p.item.key in said]
    gaps = [next(gaps_of(said[p.item.key]), np.nan) for p in known]
    inside = np.array([gap <= band + 1e-9 for gap in gaps])
    ties = np.array([float(pair.label == "tie") for pair in known])
    prompts = np.array([pair.prompt for pair in known])
    parts = []
    for rows, where in ((inside, "up to"), (~inside, "above")):
        if rows.any():
            share = percent_interval(rate_interval(ties[rows], prompts[rows], plan))
            parts.append(f"{share} of pairs with a score gap {where} {points(band)}")
    return f"people call a tie {', and '.join(parts)}"
