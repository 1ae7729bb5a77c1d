"""Judge drift: what a new judge changes against the old one, with intervals.

A new judge is another instrument: what it changes is measured before it is believed.
Both judges read the same candidates, so every figure is of the same comparisons,
paired, new minus old, resampled by prompt. What either could not say (unreadable,
contradicted by the order) is no class of its own in agreement; its share is a figure
beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fellowship.errors import InputError
from fellowship.json_values import json_value
from fellowship.pipelines.labels.label_account import LabelTally, UnitLabels
from fellowship.pipelines.labels.people_votes import PeopleVotes, people_votes
from fellowship.pipelines.labels.prompt_groups import PromptKeys
from fellowship.records import Comparison, Decision, Outcome, Winner
from fellowship.run_outcomes import outcomes
from fellowship.stats.codes import FIRST, INVALID, SECOND, TIE, Codes, encode
from fellowship.stats.coefficient_intervals import coefficient_intervals
from fellowship.stats.intervals import (
    DEFAULT,
    Interval,
    Resampling,
    has_enough_labels,
    mean_interval,
)
from fellowship.stats.kappa_intervals import kappa_intervals
from fellowship.stats.rates import BIAS_RANGE, rate_interval


class PairedDecisions(NamedTuple):
    """One comparison as two judges decided it, with the scores where they gave any."""

    prompt: str
    old: Decision
    new: Decision
    scores: tuple[float, float] | None
    label: Winner


@dataclass(frozen=True)
class Change:
    """A share under the old judge and the new, and new minus old with its interval."""

    name: str
    old: float
    new: float
    change: Interval


@dataclass(frozen=True)
class Drift:
    """Old judge and new on `comparisons` comparisons of `prompts` prompts.

    `agreement` holds the share agreed, Cohen's kappa and Gwet's AC1 over comparisons
    both could decide, empty where there is none; `changes` the shares that moved.
    `pairs` counts rows by what became of their pair. `only` counts comparisons that
    one of the two did not make. `flips` is the share of comparisons that were decided
    otherwise (another side, a tie, contradicted, invalid), `reversals` of those where
    one side was named before and the other now.
    """

    comparisons: int
    prompts: int
    both_read: int
    agreement: dict[str, Interval]
    changes: tuple[Change, ...]
    scores: Interval | None
    labels: tuple[Change, ...]
    pairs: dict[str, int]
    only: dict[str, int]
    flips: Interval
    reversals: Interval
    label_notes: tuple[str, ...] = ()

    @property
    def enough(self) -> bool:
        """Whether there are prompts enough for a coefficient to be a claim."""
        return has_enough_labels(min(self.prompts, self.both_read))

    def as_json(self) -> dict[str, Any]:
        """Plain values, null for what isn't defined."""
        value: dict[str, Any] = json_value(asdict(self))
        return value | {"enough": self.enough}


def drift(old: Path, new: Path, plan: Resampling = DEFAULT) -> Drift:
    """What the judge of run `new` makes of the comparisons that run `old` made.

    `InputError` where the two have no comparison in common.
    """
    before = {outcome.number: outcome for outcome in outcomes(old)}
    rows = [(before[o.number], o) for o in outcomes(new) if o.number in before]
    people, counts = (people_votes(old), people_votes(new)), LabelTally()
    keys = PromptKeys()
    both = [
        one
        for a, b in rows
        for one in shared_comparisons((a, b), people, counts, keys.of(b))
    ]
    if not both:
        raise InputError(
            f"{str(old)!r} and {str(new)!r} have no comparison in common: was no row"
            f" of one of them judged?"
        )
    old_codes, new_codes = (
        codes_of([o.old for o in both]),
        codes_of([o.new for o in both]),
    )
    prompts = [one.prompt for one in both]
    labels = encode([one.label for one in both])
    compared = [
        sum(len(comparisons_by_texts(o)) for o in side)
        for side in zip(*rows, strict=True)
    ]
    return Drift(
        comparisons=len(both),
        prompts=len(set(prompts)),
        both_read=int(((old_codes != INVALID) & (new_codes != INVALID)).sum()),
        agreement=agreement(old_codes, new_codes, prompts, plan),
        changes=tuple(decision_shares(both, old_codes, new_codes, plan)),
        scores=score_drift(both, plan),
        labels=accuracy_changes(labels, old_codes, new_codes, prompts, plan),
        pairs=pair_changes(rows),
        only={"old": compared[0] - len(both), "new": compared[1] - len(both)},
        flips=rate_interval([float(o.old != o.new) for o in both], prompts, plan),
        reversals=rate_interval(
            [float({o.old, o.new} == {"first", "second"}) for o in both], prompts, plan
        ),
        label_notes=people[1].notes(counts),
    )


def comparisons_by_texts(outcome: Outcome) -> dict[tuple[str, str], Comparison]:
    """A row's comparisons by the two texts that were compared."""
    ranking, texts = outcome.ranking, [c.text for c in outcome.candidates]
    comparisons = ranking.comparisons if ranking else ()
    return {(texts[c.first], texts[c.second]): c for c in comparisons}


def shared_comparisons(
    row: tuple[Outcome, Outcome],
    people: tuple[PeopleVotes, PeopleVotes],
    counts: LabelTally,
    prompt: str,
) -> list[PairedDecisions]:
    """The comparisons of a row that both judges made, with the labels of either run."""
    old, new = row
    before, after = comparisons_by_texts(old), comparisons_by_texts(new)
    found = []
    for texts in before.keys() & after.keys():
        a, b = before[texts], after[texts]
        label = labels_of_either(row, (a, b), people)
        counts.add(label)
        found.append(
            PairedDecisions(
                prompt, a.outcome, b.outcome, score_shifts(a, b), label.label
            )
        )
    return found


def labels_of_either(
    row: tuple[Outcome, Outcome],
    compared: tuple[Comparison, Comparison],
    people: tuple[PeopleVotes, PeopleVotes],
) -> UnitLabels:
    """People's votes on the same two texts in the old run and the new."""
    old, new = (
        votes.on(outcome, (one.first, one.second))
        for outcome, one, votes in zip(row, compared, people, strict=True)
    )
    if old.votes and new.votes:
        return UnitLabels({**old.votes, **new.votes}, new.queue)
    return old if old.votes else new


def score_shifts(a: Comparison, b: Comparison) -> tuple[float, float] | None:
    """By how much the scores of the two candidates moved, on one scale."""
    scales = {v.scale for c in (a, b) for v in c.verdicts}
    if a.scores is None or b.scores is None or len(scales) != 1:
        return None
    return b.scores.first - a.scores.first, b.scores.second - a.scores.second


def codes_of(decisions: Sequence[Decision]) -> Codes:
    """Decisions as codes; a contradiction names no winner."""
    known: list[Winner] = [
        d if d != "order-inconsistent" else "invalid" for d in decisions
    ]
    return encode(known)


def agreement(
    old_codes: Codes, new_codes: Codes, prompts: Sequence[str], plan: Resampling
) -> dict[str, Interval]:
    """Share agreed, kappa and AC1 where both could decide."""
    both = (old_codes != INVALID) & (new_codes != INVALID)
    if not both.any():
        return {}
    kappas = kappa_intervals(old_codes, new_codes[:, None], prompts, plan, fewest=1)
    (further,) = coefficient_intervals(
        old_codes, new_codes[:, None], kappas, prompts, plan
    )
    agreed = np.where(both, old_codes == new_codes, np.nan)
    found = {
        "agreed": rate_interval(agreed, prompts, plan),
        "kappa": kappas[0],
        "AC1": further.ac1,
    }
    return {name: replace(one, note=of_runs(one.note)) for name, one in found.items()}


def of_runs(note: str) -> str:
    """A note on people and a judge as one on the old run and the new."""
    words = note.replace("people name", "the old run names")
    return words.replace("the judge names", "the new run names")


def decision_shares(
    both: Sequence[PairedDecisions],
    old_codes: Codes,
    new_codes: Codes,
    plan: Resampling,
) -> list[Change]:
    """How often each judge names a side, ties, contradicts itself, or can't be read."""
    prompts = [one.prompt for one in both]
    measured = {
        "first named better": (old_codes == FIRST, new_codes == FIRST),
        "second named better": (old_codes == SECOND, new_codes == SECOND),
        "ties": (old_codes == TIE, new_codes == TIE),
        "contradicted by the order": decided_as(both, "order-inconsistent"),
        "unreadable": decided_as(both, "invalid"),
    }
    return [
        share_change(name, a, b, prompts, plan) for name, (a, b) in measured.items()
    ]


def decided_as(
    both: Sequence[PairedDecisions], decision: Decision
) -> tuple[list[bool], list[bool]]:
    """Where the old judge and the new came to a decision."""
    return [o.old == decision for o in both], [o.new == decision for o in both]


def share_change(
    name: str, a: Any, b: Any, prompts: Sequence[str], plan: Resampling
) -> Change:
    """Two shares of the same rows, and their difference."""
    old, new = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    gap = rate_interval(new - old, prompts, plan, BIAS_RANGE)
    return Change(name, float(np.mean(old)), float(np.mean(new)), gap)


def score_drift(both: Sequence[PairedDecisions], plan: Resampling) -> Interval | None:
    """Points by which a candidate's score moved; None where the scales differ."""
    found = [(one.prompt, sum(one.scores) / 2) for one in both if one.scores]
    if not found:
        return None
    return mean_interval([m for _, m in found], [p for p, _ in found], plan)


def accuracy_changes(
    labels: Codes,
    old_codes: Codes,
    new_codes: Codes,
    prompts: Sequence[str],
    plan: Resampling,
) -> tuple[Change, ...]:
    """How often each judge says what people said, where they said anything."""
    known = labels != INVALID
    if not known.any():
        return ()
    kept = [prompt for prompt, there in zip(prompts, known, strict=True) if there]
    right = (old_codes == labels)[known], (new_codes == labels)[known]
    return (share_change("agrees with people", *right, kept, plan),)


def pair_changes(rows: Sequence[tuple[Outcome, Outcome]]) -> dict[str, int]:
    """Rows by what became of their first pair under the new judge."""
    counted = dict.fromkeys(("same", "reversed", "other", "lost", "won", "neither"), 0)
    for old, new in rows:
        counted[pair_fate(old, new)] += 1
    return counted


def pair_fate(old: Outcome, new: Outcome) -> str:
    """`lost`: only the old judge made a pair of the row; `won`: only the new one."""
    if not old.pairs or not new.pairs:
        return {(0, 0): "neither", (1, 0): "lost"}.get(
            (bool(old.pairs), bool(new.pairs)), "won"
        )
    sides = [(p.chosen.text, p.rejected.text) for p in (old.pairs[0], new.pairs[0])]
    if sides[0] == sides[1]:
        return "same"
    return "reversed" if sides[0] == sides[1][::-1] else "other"
