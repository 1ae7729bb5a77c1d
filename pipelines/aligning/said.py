"""Decisions of an evaluator on labelled pairs, and tables of them against people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fellowship.pipelines.aligning.labelled_pairs import LabelledPair
from fellowship.records import Comparison, Decision, Scores, Verdict, Winner
from fellowship.stats.agreement import kappa_of
from fellowship.stats.codes import Codes, Floats, encode
from fellowship.stats.paired_flips import better_p, cells_of_all
from fellowship.teams.decisions import decide


class Said(NamedTuple):
    """A decision, the verdicts it was made of, and the scores as they count."""

    decision: Decision
    verdicts: tuple[Verdict, ...] = ()
    scores: Scores | None = None

    @classmethod
    def of(cls, comparison: Comparison) -> Said:
        """What a recorded comparison came to."""
        return cls(comparison.outcome, comparison.verdicts, comparison.scores)

    @property
    def winner(self) -> Winner:
        """The side named or a tie; invalid where it names neither."""
        return "invalid" if self.decision == "order-inconsistent" else self.decision

    @property
    def reason(self) -> str:
        """The reason of the first verdict that has one."""
        return next((v.reason for v in self.verdicts if v.reason), "")

    def right(self, pair: LabelledPair) -> bool:
        """Whether it says what people say."""
        return self.decision == pair.label

    def with_band(self, band: float) -> Said:
        """What it comes to with another tie band."""
        verdicts = [v.model_copy(update={"tie_band": band}) for v in self.verdicts]
        decision, scores = decide(verdicts)
        return Said(decision, tuple(verdicts), scores)


Sayings = Mapping[str, Said]
"""The row's key -> what was said of it; rows that failed are not there."""


class Compared(NamedTuple):
    """Two judges' cells (n, 4, 4) on the rows that both were asked about, and prompts."""

    pairs: tuple[LabelledPair, ...]
    before: Floats
    after: Floats
    prompts: tuple[str, ...]

    @property
    def kappas(self) -> tuple[float, float]:
        """Cohen's kappa of each; verdicts that name no side are a class of their own."""
        one, two = (kappa_of(cells.sum(axis=0)) for cells in (self.before, self.after))
        return float(one), float(two)

    @property
    def right(self) -> tuple[int, int]:
        """How many rows each gets right."""
        one, two = (
            int(np.trace(cells.sum(axis=0))) for cells in (self.before, self.after)
        )
        return one, two

    def p_better(self, seed: int) -> float:
        """One-sided p that the second is better in kappa and right more often by chance."""
        return better_p(self.before, self.after, self.prompts, seed)


def compare(
    pairs: Sequence[LabelledPair], before: Sayings, after: Sayings
) -> Compared | None:
    """Two judges on the same rows; None where there is no row that both have."""
    both = [p for p in pairs if p.item.key in before and p.item.key in after]
    if not both:
        return None
    labels = encode([pair.label for pair in both])
    one, two = (cells_of_all(labels, codes_of(both, s)) for s in (before, after))
    return Compared(tuple(both), one, two, tuple(pair.prompt for pair in both))


def codes_of(pairs: Sequence[LabelledPair], said: Sayings) -> Codes:
    """Codes (n,) of what was said of each pair."""
    return encode([said[pair.item.key].winner for pair in pairs])
