"""Jury analysis: kappas of pooled votes and of every subset, and margin calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fellowship.pipelines.agreement.calibration_points import CalibrationPoints
from fellowship.pipelines.agreement.verdict_table import VerdictTable
from fellowship.stats.agreement import cohen_kappa, kappa_of, table_cells
from fellowship.stats.calibration import (
    Calibration,
    calibrate,
    calibration_error,
    crossfit,
)
from fellowship.stats.codes import INVALID, Codes
from fellowship.stats.intervals import (
    MIN_LABELS,
    Interval,
    Resampling,
    bootstrap_many,
)
from fellowship.stats.juries import (
    dawid_skene,
    log_odds_weights,
    majority,
    weighted_majority,
)
from fellowship.stats.selection import Best, best_of, jury_majorities, jury_subsets


@dataclass(frozen=True)
class JuryAnalysis:
    """Every jury of two and more: its judges and kappa, best first."""

    subsets: tuple[tuple[str, Interval], ...]
    best: Best
    reference: str


@dataclass(frozen=True)
class MarginCalibration:
    """What one judge's margin says of people; `error` is of folds it wasn't fitted on."""

    fit: Calibration
    error: float
    points: CalibrationPoints


def pooled_kappas(table: VerdictTable) -> tuple[tuple[str, float], ...]:
    """Kappas of ways to use all votes; the weights are learned on other prompts' rows."""
    ways = {
        "majority": majority(table.votes),
        "Dawid-Skene": dawid_skene(table.votes).verdicts,
        "weighted by accuracy, five folds": cross_validated_jury(table),
    }
    return tuple((n, cohen_kappa(table.labels, votes)) for n, votes in ways.items())


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


def analyse_juries(table: VerdictTable, at: int, plan: Resampling) -> JuryAnalysis:
    """All juries with intervals, and the best beside its out-of-bag value."""
    juries = jury_subsets(len(table.judges))
    verdicts = jury_majorities(table.votes, juries)
    alone = table.votes[:, at : at + 1]
    features = table_cells(table.labels, np.concatenate([verdicts, alone], axis=1))
    spread = bootstrap_many(features[:, :-1], kappa_of, table.clusters, plan)
    # The best is picked among juries; the reference is scored on the same rows left out.
    best = best_of(features[:, :-1], kappa_of, table.clusters, plan)
    both = best_of(features, kappa_of, table.clusters, plan, reference=len(juries))
    honest = Best(**{**vars(best), "reference_out_of_bag": both.reference_out_of_bag})
    names = [" + ".join(table.judges[i] for i in jury) for jury in juries]
    ranked = sorted(zip(names, spread, strict=True), key=lambda each: -each[1].value)
    return JuryAnalysis(tuple(ranked), honest, table.judges[at])


def calibrate_margins(table: VerdictTable) -> dict[str, MarginCalibration]:
    """Margin calibration of every judge that gives scores and has rows enough."""
    found = {}
    for j, name in enumerate(table.judges):
        votes, margin = table.votes[:, j], table.margins[:, j]
        kept = np.isin(votes, (1, -1)) & (table.labels != INVALID) & ~np.isnan(margin)
        if kept.sum() < MIN_LABELS or len(np.unique(margin[kept])) < 2:
            continue
        data = margin[kept], votes[kept], table.labels[kept]
        prompts = np.array(table.clusters)[kept]
        fit = calibrate(*data)
        error = calibration_error(*crossfit(*data, clusters=prompts))
        found[name] = MarginCalibration(fit, error, calibration_points(name, *data))
    return found


def calibration_points(
    name: str, margin: Any, votes: Codes, labels: Codes
) -> CalibrationPoints:
    """(margin, rows, share that people agree) at every margin."""
    return CalibrationPoints(
        name,
        tuple(
            (float(m), int(here.sum()), float((votes == labels)[here].mean()))
            for m in np.unique(margin)
            if (here := margin == m).any()
        ),
    )
