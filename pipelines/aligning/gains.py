"""Gain of an aligned judge on the test rows: kappa and share right, before and after.

Both judges are read on the same rows, resampled together by prompt. A verdict that names no
side is a class of its own, which people never name: so it counts as a disagreement.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from fellowship.pipelines.aligning.labelled_pairs import LabelledPair
from fellowship.pipelines.aligning.said import Compared, Sayings, compare
from fellowship.records import Record
from fellowship.stats.agreement import kappa_of
from fellowship.stats.codes import Floats
from fellowship.stats.intervals import Resampling, bootstrap, cluster_sums
from fellowship.stats.kappa_intervals import FEW_ERRORS
from fellowship.stats.paired import paired_difference
from fellowship.stats.rates import rate_interval


class Limits(Protocol):
    """A value with its limits, and why it has none."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def note(self) -> str: ...


class Figure(Record):
    """A figure with its 95 % interval; `note` says why it has none."""

    value: float | None
    low: float | None
    high: float | None
    note: str = ""

    @classmethod
    def of(cls, found: Limits) -> Figure:
        """A statistic's interval, for JSON, which has no NaN."""
        ends = (found.value, found.low, found.high)
        value, low, high = (None if math.isnan(end) else float(end) for end in ends)
        return cls(value=value, low=low, high=high, note=found.note)

    @property
    def is_positive(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low is not None and self.low > 0

    @property
    def is_negative(self) -> bool:
        """Whether the whole interval lies below 0."""
        return self.high is not None and self.high < 0


class Gain(Record):
    """Both judges on the same rows. `right` are shares of all of them."""

    pairs: int
    prompts: int
    kappa_before: Figure
    kappa_after: Figure
    difference: Figure
    right_before: Figure
    right_after: Figure


def gain(
    pairs: Sequence[LabelledPair], before: Sayings, after: Sayings, plan: Resampling
) -> Gain | None:
    """The gain on these pairs; None where there is no row that both were asked about."""
    found = compare(pairs, before, after)
    if found is None:
        return None
    old, new = (kappa_figure(found, c, plan) for c in (found.before, found.after))
    return Gain(
        pairs=len(found.pairs),
        prompts=len(set(found.prompts)),
        kappa_before=old,
        kappa_after=new,
        difference=difference(found, (old, new), plan),
        right_before=right_figure(found, found.before, plan),
        right_after=right_figure(found, found.after, plan),
    )


def difference(
    found: Compared, kappas: tuple[Figure, Figure], plan: Resampling
) -> Figure:
    """The second judge's kappa minus the first's, resampled together.

    Where no resample differs from another there is nothing to go by but both kappas' own
    limits: theirs are taken, which are wider.
    """
    if note := one_label(found.before):
        return Figure(value=None, low=None, high=None, note=note)
    value = paired_difference(found.after, found.before, kappa_of, found.prompts, plan)
    made = Figure.of(value)
    if made.low is None or made.low != made.high:
        return made
    before, after = kappas
    if before.low is None or before.high is None or after.low is None:
        note = "every resample is the same"
        return made.model_copy(update={"low": None, "high": None, "note": note})
    high = made.high if after.high is None else after.high - before.low
    return made.model_copy(update={"low": after.low - before.high, "high": high})


def one_label(cells: Floats) -> str:
    """Why people's labels have no kappa, or nothing."""
    named = cells.sum(axis=(0, 2)) > 0
    return "people name one class on every row" if named.sum() == 1 else ""


def kappa_figure(found: Compared, cells: Floats, plan: Resampling) -> Figure:
    """Cohen's kappa of one judge's cells (n, 4, 4), as `kappa_intervals` has it.

    None where people name one class, no limits for a judge that does; under FEW_ERRORS
    prompts with an error the lower limit is that of Wilson's upper limit of errors.
    """
    if note := one_label(cells):
        return Figure(value=None, low=None, high=None, note=note)
    table = cells.sum(axis=0)
    if (table.sum(axis=0) > 0).sum() == 1:
        note = "the judge names one class on every row"
        return Figure(value=0.0, low=None, high=None, note=note)
    made = Figure.of(bootstrap(cells, kappa_of, found.prompts, plan))
    wrong = 1 - np.trace(cells, axis1=1, axis2=2)
    few = (cluster_sums(wrong, found.prompts) > 0).sum() < FEW_ERRORS
    if made.low is None or not few:
        return made
    shares = [table.sum(axis=axis) / table.sum() for axis in (0, 1)]
    most = rate_interval(wrong, found.prompts, plan).high
    low = 1 - most / (1 - float(np.dot(*shares)))
    return made.model_copy(update={"low": min(made.low, low)})


def right_figure(found: Compared, cells: Floats, plan: Resampling) -> Figure:
    """The share of rows on which one judge says what people say."""
    right = np.trace(cells, axis1=1, axis2=2)
    return Figure.of(rate_interval(right, found.prompts, plan))
