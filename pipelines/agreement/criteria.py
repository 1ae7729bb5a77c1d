"""Agreement by criterion: each judge's rubric against people, and against text length.

A criterion whose score differences follow the answers' lengths measures length, whatever
it is called: it is flagged where the whole interval of their correlation lies beyond
`LENGTH_LIMIT`, that is where length explains at least half of its ranks' variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np

from fellowship.json_values import json_value
from fellowship.pipelines.agreement.criterion_columns import (
    CriterionColumn,
    CriterionRow,
    criterion_columns,
    criterion_row,
)
from fellowship.pipelines.agreement.verdict_table import (
    VerdictTable,
    text_lengths,
)
from fellowship.pipelines.labels.annotators import units
from fellowship.pipelines.labels.prompt_groups import PromptKeys
from fellowship.records import Outcome
from fellowship.stats.codes import INVALID, Codes, Floats
from fellowship.stats.criteria import implied_weights, signed_rank_correlation
from fellowship.stats.intervals import (
    MIN_LABELS,
    Interval,
    Resampling,
    has_enough_labels,
    too_few,
)
from fellowship.stats.kappa_intervals import kappa_intervals
from fellowship.stats.rates import rate_interval

LENGTH_LIMIT: Final = 0.7


@dataclass(frozen=True)
class CriterionFigures:
    """What is known of one criterion of one judge's rubric.

    `length` is the correlation of its score gaps with the gaps in length
    (`signed_rank_correlation`), on `rows`. With labels: `kappa` and `accuracy` of the
    side it names, and `implied`, the weight that people's labels give it, as a share;
    `share` is the rubric's own. NaN with a note where there are too few.
    """

    judge: str
    name: str
    weight: float
    share: float
    rows: int
    length: Interval
    kappa: Interval | None = None
    accuracy: Interval | None = None
    implied: Interval | None = None

    @property
    def measures_length(self) -> bool:
        """Whether length alone may be what it measures."""
        low, high = self.length.low, self.length.high
        return low > LENGTH_LIMIT or high < -LENGTH_LIMIT

    def as_json(self) -> dict[str, Any]:
        """Plain values, null for what isn't defined."""
        value: dict[str, Any] = json_value(asdict(self))
        return value | {"measures_length": self.measures_length}


def criteria_figures(
    columns: Sequence[CriterionColumn],
    lengths: Floats,
    clusters: Sequence[str],
    plan: Resampling,
    labels: Codes | None = None,
) -> tuple[CriterionFigures, ...]:
    """Each column's figures, from lengths (n, 2) in characters, prompts and labels (n,)."""
    found = []
    longer = lengths[:, 0] - lengths[:, 1]
    for column in columns:
        own = [one for one in columns if one.judge == column.judge]
        figures = CriterionFigures(
            judge=column.judge,
            name=column.name,
            weight=column.weight,
            share=abs(column.weight) / sum(abs(one.weight) for one in own),
            rows=int((~np.isnan(column.gaps)).sum()),
            length=signed_rank_correlation(column.gaps, longer, clusters, plan),
            **(_against_people(column, own, labels, clusters, plan)),
        )
        found.append(figures)
    return tuple(found)


def _against_people(
    column: CriterionColumn,
    own: Sequence[CriterionColumn],
    labels: Codes | None,
    clusters: Sequence[str],
    plan: Resampling,
) -> dict[str, Any]:
    """Kappa, accuracy and implied weight; they say where labels are too few."""
    if labels is None:
        return {}
    read = (labels != INVALID) & (column.votes != INVALID)
    prompts = len({c for c, r in zip(clusters, read, strict=True) if r})
    if not has_enough_labels(prompts):
        nan, why = float("nan"), too_few(prompts, MIN_LABELS)
        unknown = Interval(nan, nan, nan, prompts, note=why)
        implied_too = {"implied": unknown} if len(own) > 1 else {}
        return {"kappa": unknown, "accuracy": unknown, **implied_too}
    (kappa,) = kappa_intervals(labels, column.votes[:, None], clusters, plan)
    right = np.where(read, column.votes == labels, np.nan)
    people = np.where(labels == INVALID, np.nan, labels.astype(np.float64))
    gaps = np.stack([one.gaps for one in own], 1)
    implied = implied_weights(gaps, people, clusters, plan)
    at = [one.name for one in own].index(column.name)
    return {
        "kappa": kappa,
        "accuracy": rate_interval(right, clusters, plan),
        "implied": implied[at] if len(own) > 1 else None,
    }


def table_criteria(
    table: VerdictTable, plan: Resampling
) -> tuple[CriterionFigures, ...]:
    """The figures of a verdict table's criteria; none where no rubric was scored."""
    return criteria_figures(
        table.criteria, table.lengths, table.clusters, plan, table.labels
    )


@dataclass
class CriterionRows:
    """Rows with scores by criterion, as they come; of the texts only the lengths."""

    rows: list[CriterionRow] = field(default_factory=list)
    lengths: list[tuple[float, float]] = field(default_factory=list)
    clusters: list[str] = field(default_factory=list)
    prompts: PromptKeys = field(default_factory=PromptKeys)

    def add(self, outcome: Outcome) -> None:
        """Take in every two candidates that were scored by criterion."""
        for unit in units([outcome]):
            if row := criterion_row(unit.verdicts):
                self.rows.append(row)
                self.lengths.append(text_lengths(unit))
                self.clusters.append(self.prompts.of(outcome))

    def result(self, plan: Resampling) -> tuple[CriterionFigures, ...]:
        """The figures that need no labels; none where no rubric was scored."""
        if not self.rows:
            return ()
        lengths = np.array(self.lengths, dtype=float)
        columns = criterion_columns(self.rows)
        return criteria_figures(columns, lengths, self.clusters, plan)
