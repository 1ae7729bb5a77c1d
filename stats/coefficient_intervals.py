"""Intervals of a judge's further coefficients: kappa without ties and weighted, alpha, AC1.

Where Cohen's kappa has no limits from a bootstrap, these have none either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from fellowship.stats.agreement import ac1_of, drop_ties, kappa_of, table_cells
from fellowship.stats.alpha import alpha_of
from fellowship.stats.codes import INVALID, Codes, Floats, as_codes
from fellowship.stats.intervals import (
    DEFAULT,
    Interval,
    Resampling,
    bootstrap_many,
    cluster_sums,
)
from fellowship.stats.kappa_intervals import FEW_ERRORS

EACH: Final = 4


@dataclass(frozen=True)
class Coefficients:
    """Further coefficients of one judge, 1 perfect and 0 chance, with their limits."""

    kappa_without_ties: Interval
    kappa_quadratic: Interval
    alpha: Interval
    ac1: Interval


def coefficient_intervals(
    labels: ArrayLike,
    votes: ArrayLike,
    kappas: Sequence[Interval],
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
) -> tuple[Coefficients, ...]:
    """Of labels (n,) and votes (n, m), bootstrapped by prompt; `kappas` are those judges'.

    No limits where a judge's kappa has none, or where under FEW_ERRORS prompts have an
    error, of which a bootstrap knows too little.
    """
    people, judges = as_codes(labels, "labels"), as_codes(votes, "votes", 2)
    found = bootstrap_many(table_cells(people, judges), _all_of, clusters, plan)
    rows = [found[at : at + EACH] for at in range(0, len(found), EACH)]
    lines = []
    for j, (each, kappa) in enumerate(zip(rows, kappas, strict=True)):
        why = kappa.note or _few_errors(people, judges[:, j], clusters)
        lines.append(Coefficients(*(_check(one, why, kappa) for one in each)))
    return tuple(lines)


def _all_of(tables: Floats) -> Floats:
    """The four coefficients (R, 4 m) of tables (R, m, 3, 3), judge by judge."""
    parts: list[Floats] = []
    for j in range(tables.shape[-3]):
        own = tables[..., j, :, :]
        parts += [kappa_of(drop_ties(own)), kappa_of(own, "quadratic")]
        parts += [alpha_of(own + own.swapaxes(-1, -2)), ac1_of(own)]
    return np.stack(parts, axis=-1)


def _few_errors(people: Codes, judge: Codes, clusters: ArrayLike | None) -> str:
    """Why a bootstrap of so few errors gives no limits, or nothing."""
    read = (people != INVALID) & (judge != INVALID)
    names = None if clusters is None else np.asarray(clusters)[read]
    wrong = (people != judge)[read].astype(np.float64)
    few = len(wrong) and (cluster_sums(wrong, names) > 0).sum() < FEW_ERRORS
    return f"under {FEW_ERRORS} prompts with an error" if few else ""


def _check(found: Interval, why: str, kappa: Interval) -> Interval:
    """An interval, its limits left out for a reason; NaN where kappa is NaN."""
    if not why:
        return found
    value = np.nan if np.isnan(kappa.value) else found.value
    return replace(found, value=value, low=np.nan, high=np.nan, note=why)
