"""Columns of a rubric's scores: a judge's gaps and votes by each criterion, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fellowship.records import Verdict, Winner
from fellowship.stats.codes import Codes, Floats, encode
from fellowship.teams.criterion_verdicts import mean_criteria, verdict_by_criterion
from fellowship.teams.decisions import decide
from fellowship.teams.judge_verdicts import last_by_judge


@dataclass(frozen=True)
class CriterionColumn:
    """One judge's scores by one criterion over n rows.

    `gaps` (n,) are first minus second in points, a fault's turned round; NaN where it
    gave none. `votes` (n,) are codes, INVALID where the orders contradict each other.
    """

    judge: str
    name: str
    weight: float
    gaps: Floats
    votes: Codes

    def at(self, rows: NDArray[np.intp]) -> CriterionColumn:
        """The column of some rows."""
        return replace(self, gaps=self.gaps[rows], votes=self.votes[rows])


class CriterionCell(NamedTuple):
    """What one judge's last verdicts on a row amount to by one criterion."""

    weight: float
    gap: float
    decision: Winner


CriterionRow = Mapping[tuple[str, str], CriterionCell]
"""A row's cells by judge and criterion."""


def criterion_row(verdicts: Iterable[Verdict]) -> CriterionRow:
    """The cells of a row; none where nobody scored a rubric."""
    found = {}
    for judge, own in last_by_judge(verdicts).items():
        for one in mean_criteria(own):
            found[judge, one.name] = criterion_cell(own, one.name, one.weight)
    return found


def criterion_cell(
    verdicts: Sequence[Verdict], name: str, weight: float
) -> CriterionCell:
    """One judge's verdicts by one criterion: its decision, and the gap as it counts."""
    made = [one for v in verdicts if (one := verdict_by_criterion(v, name))]
    decision, scores = decide(made)
    gap = scores.first - scores.second if scores else float("nan")
    named = "invalid" if decision == "order-inconsistent" else decision
    return CriterionCell(weight, gap, named)


NO_CELL = CriterionCell(1.0, float("nan"), "invalid")


def criterion_columns(rows: Sequence[CriterionRow]) -> tuple[CriterionColumn, ...]:
    """Every judge's columns by criterion, NaN and INVALID where a row has no cell."""
    weights: dict[tuple[str, str], float] = {}
    for row in rows:
        for key, cell in row.items():
            weights.setdefault(key, cell.weight)
    columns = []
    for (judge, name), weight in weights.items():
        cells = [row.get((judge, name), NO_CELL) for row in rows]
        gaps = np.array([cell.gap for cell in cells], dtype=np.float64)
        votes = encode([cell.decision for cell in cells])
        columns.append(CriterionColumn(judge, name, weight, gaps, votes))
    return tuple(columns)
