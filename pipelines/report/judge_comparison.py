"""Comparison of a run's judges: kappa matrix, position and length bias, debates.

Judges are told apart by what they said of the same pair, and by nothing else. A judge's
forward and swapped verdicts are two columns of codes: what it says in both is its own,
what it says in one is its place's.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fellowship.pipelines.agreement.always_asked import asked_by_disagreement
from fellowship.pipelines.agreement.juror_state import juror_vote
from fellowship.pipelines.labels.prompt_groups import group_of
from fellowship.records import Comparison, Outcome, Verdict, Winner
from fellowship.stats.agreement import cohen_kappa
from fellowship.stats.bias import PositionBias, position_bias_of
from fellowship.stats.codes import INVALID, Codes, encode
from fellowship.stats.intervals import Interval, Resampling
from fellowship.stats.rates import BIAS_RANGE, rate_interval
from fellowship.teams.decisions import decide
from fellowship.teams.judge_verdicts import last_by_judge

FEW = 20
"""Pairs under which two judges' agreement is not printed: it would be noise."""
ABSENT = 3
"""The code of a judge that was not asked of a pair."""


@dataclass(frozen=True)
class JudgeLine:
    """One judge: its verdicts, how many were invalid, and its biases.

    `asked_both` pairs were put to it in both orders, `both` of them with two valid
    verdicts, and `once` in one order: the pairs of both are then the close ones, if the
    order is adaptive. `slot` is its bias to the answer it read first and `contradicted`
    how often the order decides, from those of both; `longer` its bias to the longer
    answer, which may be deserved. Each is None where there are too few.
    """

    name: str
    verdicts: int
    invalid: int
    asked_both: int
    both: int
    contradicted: float | None
    slot: Interval | None
    longer: Interval | None
    once: int = 0


@dataclass(frozen=True)
class Matrix:
    """Cohen's kappa of every two judges; None where they share too few pairs.

    None as well of a judge who was asked only where others differ: by construction those
    neither agree nor differ with it as they do elsewhere.
    """

    names: tuple[str, ...]
    kappa: tuple[tuple[float | None, ...], ...]
    shared: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class JudgeFigures:
    """All judges, each two of them, and what debates changed."""

    judges: tuple[JudgeLine, ...]
    matrix: Matrix | None
    debates: tuple[tuple[str, str, int], ...]


@dataclass
class Column:
    """One judge's codes, one a pair: forward, swapped, and both put together."""

    forward: array[int] = field(default_factory=lambda: array("b"))
    swapped: array[int] = field(default_factory=lambda: array("b"))
    settled: array[int] = field(default_factory=lambda: array("b"))
    verdicts: int = 0
    invalid: int = 0

    def codes(self, rows: int) -> tuple[Codes, Codes, Codes]:
        """The three columns, ABSENT where it was not asked, as long as there are rows."""
        arrays = []
        for kept in (self.forward, self.swapped, self.settled):
            pad(kept, rows)
            arrays.append(np.frombuffer(kept, dtype=np.int8))
        return arrays[0], arrays[1], arrays[2]


def pad(column: array[int], rows: int) -> None:
    """Fill up with ABSENT."""
    column.extend([ABSENT] * (rows - len(column)))


@dataclass
class JudgeComparison:
    """Every comparison of a run as one row of small numbers."""

    columns: dict[str, Column] = field(default_factory=lambda: defaultdict(Column))
    prompts: dict[str, int] = field(default_factory=dict)
    clusters: array[int] = field(default_factory=lambda: array("l"))
    sides: array[int] = field(default_factory=lambda: array("b"))
    debates: Counter[tuple[str, str]] = field(default_factory=Counter)
    spared: set[str] = field(default_factory=set)

    def add(self, outcome: Outcome) -> None:
        """Keep what was said of each two candidates of a row."""
        for one in outcome.ranking.comparisons if outcome.ranking else ():
            if max(one.first, one.second) < len(outcome.candidates):
                self._keep(outcome, one)

    def _keep(self, outcome: Outcome, one: Comparison) -> None:
        a, b = (len(outcome.candidates[i].text) for i in (one.first, one.second))
        self.sides.append((a > b) - (a < b))
        prompt = self.prompts.setdefault(group_of(outcome), len(self.prompts))
        self.clusters.append(prompt)
        if one.blind is not None and "debate" not in one.spared:
            self.debates[one.blind, one.outcome] += 1
        self.spared.update(one.spared)
        at = len(self.clusters) - 1
        for name, verdicts in last_by_judge(one.verdicts).items():
            self._judge(self.columns[name], at, verdicts)

    def _judge(self, column: Column, at: int, verdicts: list[Verdict]) -> None:
        column.verdicts += len(verdicts)
        column.invalid += sum(v.winner == "invalid" for v in verdicts)
        orders = [[v for v in verdicts if v.order == o] for o in ("forward", "swapped")]
        for kept, given in zip((column.forward, column.swapped), orders, strict=True):
            pad(kept, at)
            kept.append(int(encode([winner_code(given)])[0]) if given else ABSENT)
        pad(column.settled, at)
        column.settled.append(int(encode([juror_vote(verdicts).winner])[0]))

    def result(self, plan: Resampling) -> JudgeFigures:
        """The judges, those with most verdicts first."""
        ranked = sorted(self.columns.items(), key=lambda each: -each[1].verdicts)
        return JudgeFigures(
            judges=tuple(self._line(name, column, plan) for name, column in ranked),
            matrix=self._matrix(ranked),
            debates=tuple((*k, n) for k, n in sorted(self.debates.items())),
        )

    def _line(self, name: str, column: Column, plan: Resampling) -> JudgeLine:
        rows = len(self.clusters)
        forward, swapped, settled = column.codes(rows)
        prompts = np.frombuffer(self.clusters, dtype=np.int_)
        placed = position_bias(forward, swapped, prompts, plan)
        return JudgeLine(
            name=name,
            verdicts=column.verdicts,
            invalid=column.invalid,
            asked_both=int(((forward != ABSENT) & (swapped != ABSENT)).sum()),
            both=int((is_readable(forward) & is_readable(swapped)).sum()),
            once=int(((forward != ABSENT) ^ (swapped != ABSENT)).sum()),
            contradicted=placed.contradicted if placed else None,
            slot=placed.bias if placed else None,
            longer=length_bias(
                settled, np.frombuffer(self.sides, np.int8), prompts, plan
            ),
        )

    def _matrix(self, ranked: Sequence[tuple[str, Column]]) -> Matrix | None:
        if len(ranked) < 2:
            return None
        rows = len(self.clusters)
        codes = [column.codes(rows)[2] for _, column in ranked]
        votes = np.stack(codes, axis=1)
        asked = votes != ABSENT
        chosen = asked_by_disagreement(np.where(asked, votes, INVALID), asked) | {
            j for j, (name, _) in enumerate(ranked) if name in self.spared
        }
        cells = [
            [
                (None if {i, j} & chosen else kappa, shared)
                for j, b in enumerate(codes)
                for kappa, shared in [pairwise_kappa(a, b)]
            ]
            for i, a in enumerate(codes)
        ]
        return Matrix(
            names=tuple(name for name, _ in ranked),
            kappa=tuple(tuple(kappa for kappa, _ in line) for line in cells),
            shared=tuple(tuple(n for _, n in line) for line in cells),
        )


def winner_code(given: Sequence[Verdict]) -> Winner:
    """What one order's verdicts name; samples that contradict one another name a tie."""
    winner = decide(given)[0]
    return "tie" if winner == "order-inconsistent" else winner


def is_readable(codes: Codes) -> NDArray[np.bool_]:
    """Where (n,) a judge said something."""
    return np.asarray((codes != ABSENT) & (codes != INVALID))


def position_bias(
    forward: Codes, swapped: Codes, prompts: NDArray[np.int_], plan: Resampling
) -> PositionBias | None:
    """Position bias where enough pairs were read in both orders."""
    kept = is_readable(forward) & is_readable(swapped)
    if kept.sum() < FEW:
        return None
    return position_bias_of(forward[kept], swapped[kept], prompts[kept], plan)


def length_bias(
    settled: Codes, sides: Codes, prompts: NDArray[np.int_], plan: Resampling
) -> Interval | None:
    """How much more often (-1 to 1) the longer answer wins than the shorter."""
    kept = is_readable(settled) & (sides != 0)
    if kept.sum() < FEW:
        return None
    values = (settled * sides)[kept].astype(float)
    return rate_interval(values, prompts[kept], plan, BIAS_RANGE)


def pairwise_kappa(a: Codes, b: Codes) -> tuple[float | None, int]:
    """Kappa of two judges on the pairs both could be read on, and how many these are."""
    kept = is_readable(a) & is_readable(b)
    shared = int(kept.sum())
    if shared < FEW:
        return None, shared
    kappa = cohen_kappa(a[kept], b[kept])
    return (None if np.isnan(kappa) else kappa), shared
