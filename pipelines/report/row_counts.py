"""Counts of a run's rows: states, scores, margins, drafts.

What stays of a row is numbers: its scores, its margin, the gain of each draft.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np

from fellowship.pipelines.labels.prompt_groups import group_of
from fellowship.pipelines.pairing.kto import kto_examples
from fellowship.records import Outcome
from fellowship.stats.intervals import Interval, Resampling, mean_interval

DIGITS = 3
"""Scores are counted to so many places: a histogram needs no more."""


@dataclass
class Flow:
    """Rows by state, and what the pairs among them gave."""

    rows: int = 0
    states: Counter[str] = field(default_factory=Counter)
    paired: int = 0
    pairs: int = 0
    examples: int = 0
    flags: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one row."""
        self.rows += 1
        self.states[outcome.state] += 1
        self.flags.update(set(outcome.flags))
        self.paired += bool(outcome.pairs)
        self.pairs += len(outcome.pairs)
        self.examples += len(kto_examples(outcome)) if outcome.pairs else 0


@dataclass
class Marks:
    """How often each score and each margin was given."""

    best: Counter[float] = field(default_factory=Counter)
    others: Counter[float] = field(default_factory=Counter)
    margins: Counter[float] = field(default_factory=Counter)
    longer: int = 0
    shorter: int = 0
    excess: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one row's candidates and pairs."""
        ranking = outcome.ranking
        for index, score in enumerate(ranking.scores if ranking else ()):
            if score is not None and ranking:
                where = self.best if index == ranking.best else self.others
                where[round(score, DIGITS)] += 1
        for pair in outcome.pairs:
            self.margins[round(pair.margin, DIGITS)] += 1
            more = len(pair.chosen.text) - len(pair.rejected.text)
            self.longer += more > 0
            self.shorter += more < 0
            self.excess += more


@dataclass(frozen=True)
class Draft:
    """One system's drafts of one number; `gain` is over draft 1 of the same prompt.

    `better`, `same` and `worse` count rows against the draft before.
    """

    system: str
    draft: int
    rows: int
    score: float
    gain: Interval | None
    better: int
    same: int
    worse: int


Numbers = dict[int, float]


@dataclass
class Drafts:
    """The scores of every draft by system: numbers alone, one dictionary a row."""

    found: dict[str, list[tuple[int, Numbers]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    prompts: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Keep one row's scores, where a system wrote more than one draft."""
        if outcome.ranking is None:
            return
        by_system: dict[str, Numbers] = defaultdict(dict)
        for candidate, score in zip(
            outcome.candidates, outcome.ranking.scores, strict=False
        ):
            if score is not None and candidate.sample == 0:
                by_system[candidate.system][candidate.draft] = score
        for system, scores in by_system.items():
            if len(scores) > 1 and 1 in scores:
                prompt = self.prompts.setdefault(group_of(outcome), len(self.prompts))
                self.found[system].append((prompt, scores))

    def result(self, plan: Resampling) -> tuple[Draft, ...]:
        """Every system's drafts in order, gains with their intervals."""
        figures = []
        for system, rows in self.found.items():
            for draft in sorted({d for _, scores in rows for d in scores}):
                figures.append(draft_figures(system, draft, rows, plan))
        return tuple(figures)


def draft_figures(
    system: str, draft: int, rows: list[tuple[int, Numbers]], plan: Resampling
) -> Draft:
    """One system's drafts of one number."""
    have = [(prompt, scores) for prompt, scores in rows if draft in scores]
    steps = [
        scores[draft] - scores[draft - 1] for _, scores in have if draft - 1 in scores
    ]
    gain = None
    if draft > 1:
        gains = np.array([scores[draft] - scores[1] for _, scores in have])
        gain = mean_interval(gains, [prompt for prompt, _ in have], plan)
    return Draft(
        system=system,
        draft=draft,
        rows=len(have),
        score=fmean(scores[draft] for _, scores in have),
        gain=gain,
        better=sum(step > 0 for step in steps),
        same=sum(step == 0 for step in steps),
        worse=sum(step < 0 for step in steps),
    )
