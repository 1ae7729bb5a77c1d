"""Intervals of Cohen's kappa for several judges, or why one has none.

A bootstrap of a table that is all on its diagonal, or all in one row or column, has nothing
to resample: it says [1, 1] or [0, 0]. Here the first has the limits that so many rows
without an error allow, and the second none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fellowship.stats.agreement import kappa_of, table_cells
from fellowship.stats.codes import CLASSES, INVALID, Codes, as_codes
from fellowship.stats.intervals import (
    DEFAULT,
    MIN_LABELS,
    Interval,
    Resampling,
    bootstrap_many,
    cluster_index,
    cluster_sums,
    too_few,
)
from fellowship.stats.rates import rate_interval

FEW_ERRORS = 5
"""Prompts with an error under which a bootstrap knows too little of errors."""


def kappa_intervals(
    labels: ArrayLike,
    votes: ArrayLike,
    clusters: ArrayLike | None = None,
    plan: Resampling = DEFAULT,
    fewest: int = MIN_LABELS,
) -> tuple[Interval, ...]:
    """Each judge's kappa from labels (n,) and votes (n, m), on the rows it was read on.

    NaN with a note for a judge read on fewer than `fewest` prompts and where people name
    one class; no limits for a judge that says one thing whatever it reads, whose kappa is 0
    by its definition. Under FEW_ERRORS prompts with an error the lower limit is that
    of Wilson's upper limit of the share of errors, chance held at what the table shows.
    """
    people, judges = as_codes(labels, "labels"), as_codes(votes, "votes", 2)
    names = np.arange(len(people)) if clusters is None else np.asarray(clusters)
    found = bootstrap_many(table_cells(people, judges), kappa_of, names, plan)
    return tuple(
        _check(one, (people, judges[:, j], names), plan, fewest)
        for j, one in enumerate(found)
    )


def _check(
    found: Interval,
    data: tuple[Codes, Codes, NDArray[np.generic]],
    plan: Resampling,
    fewest: int,
) -> Interval:
    """A judge's kappa, its limits mended or refused."""
    read = (data[0] != INVALID) & (data[1] != INVALID)
    people, judge, names = (values[read] for values in data)
    prompts = cluster_index(len(people), names)[1] if len(people) else 0
    if prompts < fewest:
        return _without(found, too_few(prompts, fewest), np.nan, prompts)
    if why := one_class(people, "people name"):
        return _without(found, why, np.nan, prompts)
    if why := one_class(judge, "the judge names"):
        return _without(found, why, found.value, prompts)
    found = replace(found, clusters=prompts)
    wrong = (people != judge).astype(np.float64)
    if found.note or (cluster_sums(wrong, names) > 0).sum() >= FEW_ERRORS:
        return found
    shares = [[(values == c).mean() for c in CLASSES] for values in (people, judge)]
    chance = 1 - float(np.dot(*np.asarray(shares)))
    most = rate_interval(wrong, names, plan).high
    return replace(found, low=min(found.low, 1 - most / chance))


def one_class(codes: Codes, who: str) -> str:
    """Why codes (n,) of one class have no kappa, or nothing."""
    said: Sequence[int] = np.unique(codes).tolist()
    if len(said) > 1:
        return ""
    named = {1: "the first answer", 0: "a tie", -1: "the second answer"}[said[0]]
    return f"{who} {named} on every row"


def _without(found: Interval, why: str, value: float, prompts: int) -> Interval:
    """An interval without limits, and why."""
    return replace(
        found, value=value, low=np.nan, high=np.nan, clusters=prompts, note=why
    )
