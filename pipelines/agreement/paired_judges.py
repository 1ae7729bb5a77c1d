"""Comparisons of judges with a reference, each on the rows that both could be read on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from fellowship.pipelines.agreement.judge_lines import (
    Columns,
    JudgeAgreement,
)
from fellowship.pipelines.agreement.verdict_table import VerdictTable
from fellowship.stats.agreement import accuracy_of, kappa_of, table_cells
from fellowship.stats.codes import INVALID, Codes
from fellowship.stats.intervals import MIN_LABELS, Resampling, Statistic, too_few
from fellowship.stats.paired import (
    Difference,
    exact_mcnemar,
    holm_adjusted,
    paired_difference,
)
from fellowship.stats.pairwise import PairwiseDifferences, pairwise_differences

FEW_DISCORDANT: Final = 20
"""Prompts on which two judges differ, under which the exact test is taken."""

SELECTED: Final = Difference(
    *(float("nan"),) * 3,
    p=None,
    clusters=0,
    note="not comparable: asked only where the others differ or are unsure",
)
"""What is said of a judge whose rows the other judges' votes chose."""

People = tuple[Codes, Sequence[str]]
"""Labels (n,) and the prompts they are of."""

Found = dict[int, tuple[Difference, float | None]]
"""Column -> its difference from the reference, and the adjusted p where one was asked."""


def compare_with_best(
    table: VerdictTable,
    columns: Columns,
    lines: Sequence[JudgeAgreement],
    plan: Resampling,
) -> tuple[int | None, Found]:
    """The best judge, and each other column's kappa minus its, with simultaneous limits.

    A judge read on too few rows is never the best. Where some kappa is not defined, as
    where people name one class, the best is by the share right. None without any.
    """
    able = [
        j
        for j, name in enumerate(table.judges)
        if is_comparable(lines[j]) and name not in columns.selected
    ]
    if not able:
        return None, {}
    every = pairwise(table, columns, plan)
    undefined = any(np.isnan(lines[j].kappa.low) for j in able)
    ranked = pairwise(table, columns, plan, accuracy_of) if undefined else every
    at = ranked.best(able)
    others = [j for j in range(len(columns.names)) if j != at]
    found = {j: every.difference(j, at) for j in others}
    return at, {
        j: (SELECTED if columns.names[j] in columns.selected else one, None)
        for j, one in found.items()
    }


def is_comparable(line: JudgeAgreement) -> bool:
    """Whether a judge was read on rows enough to be compared at all."""
    return bool(line.agreement.readable) and not np.isnan(line.accuracy.value)


def pairwise(
    table: VerdictTable,
    columns: Columns,
    plan: Resampling,
    statistic: Statistic = kappa_of,
) -> PairwiseDifferences:
    """Differences of every two columns by a statistic of their tables."""
    features = table_cells(table.labels, columns.votes)
    return pairwise_differences(features, statistic, table.clusters, plan, MIN_LABELS)


def compare_with_named(
    table: VerdictTable, columns: Columns, at: int, plan: Resampling
) -> Found:
    """Each other column's kappa minus that of a judge named beforehand, with a p.

    p is adjusted for them all (Holm); none for a column with too few rows in common.
    """
    others = [j for j in range(len(columns.names)) if j != at]
    people = table.labels, table.clusters
    found = {j: compare_columns(people, columns, (j, at), plan) for j in others}
    tested = {j: d.p for j, d in found.items() if d.p is not None}
    holm: dict[int, float] = {}
    if tested:
        adjusted = holm_adjusted(list(tested.values())).tolist()
        holm = dict(zip(tested, adjusted, strict=True))
    return {j: (difference, holm.get(j)) for j, difference in found.items()}


def compare_columns(
    people: People, columns: Columns, pair: tuple[int, int], plan: Resampling
) -> Difference:
    """Two columns' kappas, the first minus the second, on the rows of both, with a p.

    p is McNemar's exact test where they differ on few prompts, for a resample of those
    says nothing of the others, and where a kappa is not defined.
    """
    if columns.selected & {columns.names[k] for k in pair}:
        return SELECTED
    given = columns.votes[:, pair]
    both = (given != INVALID).all(axis=1) & (people[0] != INVALID)
    prompts = np.array(people[1])[both]
    if (count := len(set(prompts.tolist()))) < MIN_LABELS:
        why = too_few(count, MIN_LABELS)
        return Difference(np.nan, np.nan, np.nan, None, count, int(both.sum()), why)
    labels, votes = people[0][both], given[both]
    features = table_cells(labels, votes)
    found = paired_difference(features[:, 0], features[:, 1], kappa_of, prompts, plan)
    right = (votes == labels[:, None]).astype(np.float64)
    exact, discordant = exact_mcnemar(right[:, 0], right[:, 1], prompts)
    if not discordant and not found.note:
        same = "they are right on the same rows"
        return replace(found, low=np.nan, high=np.nan, p=1.0, note=same)
    few = discordant < FEW_DISCORDANT or bool(found.note)
    return replace(found, p=exact) if few else found
