"""Jury analysis: kappas of pooled votes and of every subset of judges."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fellowship.pipelines.agreement.verdict_table import VerdictTable
from fellowship.stats.agreement import kappa_of, sparse_cells
from fellowship.stats.codes import INVALID, Codes
from fellowship.stats.intervals import (
    Interval,
    Resampling,
    cluster_index,
    interval_of,
)
from fellowship.stats.juries import (
    dawid_skene,
    has_rows,
    log_odds_weights,
    majority,
    weighted_majority,
)
from fellowship.stats.kappa_intervals import kappa_intervals
from fellowship.stats.selection import (
    BagScores,
    Best,
    bag_scores,
    jury_majorities,
    jury_subsets,
)


@dataclass(frozen=True)
class JuryAnalysis:
    """Every jury of two and more: its judges and kappa, best first.

    All are scored on the same `rows`; `left_out` are judges who were not asked throughout.
    """

    subsets: tuple[tuple[str, Interval], ...]
    best: Best
    reference: str
    rows: int = 0
    left_out: tuple[str, ...] = ()


def pooled_kappas(
    table: VerdictTable, plan: Resampling
) -> tuple[tuple[str, Interval], ...]:
    """Kappas of ways to use all votes; the weights are learned on other prompts' rows.

    Their limits take the weights as given.
    """
    ways = {
        "majority": majority(table.votes),
        "weighted by accuracy, five folds": cross_validated_jury(table),
    }
    if has_rows(table.votes):
        ways["Dawid-Skene"] = dawid_skene(table.votes).verdicts
    votes = np.column_stack(list(ways.values()))
    found = kappa_intervals(table.labels, votes, table.clusters, plan)
    return tuple(zip(ways, found, strict=True))


def cross_validated_jury(table: VerdictTable, folds: int = 5) -> Codes:
    """The weighted jury (n,), each fold with weights from the other prompts."""
    names = {name: i for i, name in enumerate(dict.fromkeys(table.clusters))}
    order = np.random.default_rng(0).permutation(len(names)) % folds
    fold = np.array([order[names[name]] for name in table.clusters])
    found = np.full(len(fold), INVALID, dtype=np.int8)
    for held in range(folds):
        out = fold == held
        weights = log_odds_weights(table.votes[~out], table.labels[~out])
        found[out] = weighted_majority(table.votes[out], weights)
    return found


def analyse_juries(
    table: VerdictTable, plan: Resampling, against: int | None = None
) -> JuryAnalysis:
    """All juries with intervals, and the best beside its out-of-bag value.

    The single judge it is held against is chosen in bag too, unless one is named.
    """
    juries = jury_subsets(len(table.judges))
    rows = distinct_rows(table)
    every = rows.scores(jury_majorities(rows.votes, juries), plan)
    alone = rows.scores(rows.votes, plan)
    single = alone.best(against or 0)
    left = single.out_of_bag if against is None else single.reference_out_of_bag
    spread = [
        interval_of(float(v), every.bag[:, k], None, rows.clusters, plan)
        for k, v in enumerate(every.value)
    ]
    names = [" + ".join(table.judges[i] for i in jury) for jury in juries]
    ranked = sorted(zip(names, spread, strict=True), key=lambda each: -each[1].value)
    return JuryAnalysis(
        tuple(ranked),
        replace(every.best(), reference_out_of_bag=left),
        "the best single judge, chosen likewise,"
        if against is None
        else table.judges[against],
        len(table.labels),
    )


@dataclass(frozen=True)
class DistinctRows:
    """A table's rows, each kind once where every row has a prompt of its own.

    `pattern` (n,) says which kind each row is; None where prompts have several rows, of
    `prompts` then.
    """

    labels: Codes
    votes: Codes
    pattern: NDArray[np.intp] | None
    prompts: tuple[str, ...] | None
    clusters: int

    def scores(self, verdicts: Codes, plan: Resampling) -> BagScores:
        """Kappas of verdicts (rows, k), in and out of bag."""
        sums = sparse_cells(self.labels, verdicts)
        if self.prompts is not None:
            at, groups = cluster_index(len(self.labels), self.prompts)
            pairs = (np.ones(len(at)), (at, np.arange(len(at))))
            sums = csr_array(pairs, shape=(groups, len(at))) @ sums
        shape = (verdicts.shape[1], 3, 3)
        return bag_scores(sums, kappa_of, plan, self.pattern, shape)


def distinct_rows(table: VerdictTable) -> DistinctRows:
    """The kinds of a table's rows."""
    prompts = len(set(table.clusters))
    if prompts < len(table.clusters):
        return DistinctRows(table.labels, table.votes, None, table.clusters, prompts)
    both = np.concatenate([table.labels[:, None], table.votes], axis=1)
    kinds, pattern = np.unique(both, axis=0, return_inverse=True)
    return DistinctRows(kinds[:, 0], kinds[:, 1:], pattern.reshape(-1), None, prompts)
