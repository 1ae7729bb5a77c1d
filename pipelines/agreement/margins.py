"""Calibration of judges' score margins, and of Dawid-Skene's posterior, against labels.

A curve is fitted on all labelled rows; what it is worth is measured on prompts it was not
fitted to, beside the base rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fellowship.number_format import interval, percent, percent_interval
from fellowship.pipelines.agreement.calibration_points import CalibrationPoints
from fellowship.pipelines.agreement.verdict_table import VerdictTable
from fellowship.stats.calibration import (
    Calibration,
    calibrate,
    calibration_error,
    crossfit_beside_base,
    events,
)
from fellowship.stats.codes import CLASSES, FIRST, INVALID, SECOND, TIE, Codes, Floats
from fellowship.stats.intervals import MIN_LABELS, Interval, Resampling
from fellowship.stats.juries import dawid_skene, has_rows
from fellowship.stats.rates import rate_interval
from fellowship.stats.skill import (
    brier_skill,
    calibration_slope,
    leave_one_fold_out,
    logistic_slope,
)

NOT_SHOWN: Final = "these labels don't show that people agree more at wider gaps"


@dataclass(frozen=True)
class MarginCalibration:
    """What one judge's margin says of people.

    `skill` is Brier's over the base rate, on prompts the fit has not seen, and `error`
    the expected calibration error there, which ranks nothing; `slope` the log-odds of
    agreement that a point of margin adds, `spread` the margins' standard deviation.
    `informative`: the labels show that people agree more at wider margins.
    """

    fit: Calibration
    error: float
    skill: Interval
    slope: Interval
    spread: float
    informative: bool
    points: CalibrationPoints
    at_gap: tuple[tuple[int, Interval], ...] = ()
    """How often people name the judge's winner in rows whose gap rounds to 1, 2, 3, 4."""

    @property
    def rank(self) -> float:
        """The least that a standard deviation of margin adds, in log-odds."""
        if np.isnan(self.slope.low):
            return np.inf if self.informative else -np.inf
        return self.slope.low * self.spread


@dataclass(frozen=True)
class PosteriorCalibration:
    """What people make of the winners that Dawid-Skene names with its posterior.

    `claimed` is the mean posterior of the named winner, `agreed` how often people name
    it, ties half of each; `slope` the logistic slope on the posterior's log-odds (1 is
    calibrated, less too sure); `skill` Brier's of the posterior as it stands, over the
    base rate; `calibrated` that of an isotonic fit, on prompts the fit has not seen.
    `text` says it in words, for terminal, page and report.
    """

    claimed: float
    agreed: Interval
    slope: Interval
    skill: Interval
    calibrated: Interval
    text: str = ""

    def describe(self) -> str:
        """The figures in a sentence without its full stop."""
        return (
            f"Dawid-Skene's posterior claims {percent(self.claimed)} on average for the"
            f" winners that it names, people agree in {percent_interval(self.agreed)};"
            f" slope on its log-odds {interval(self.slope, 2)} (1 is calibrated, less is"
            f" too sure); skill over the base rate {interval(self.skill, 2)} as it stands"
            f" and {interval(self.calibrated, 2)} calibrated on other prompts' labels"
        )


def calibrate_margins(
    table: VerdictTable, plan: Resampling
) -> dict[str, MarginCalibration]:
    """Calibration of every judge that gives scores and has labelled prompts enough."""
    found = {}
    for j, name in enumerate(table.judges):
        votes, margin = table.votes[:, j], table.margins[:, j]
        kept = np.isin(votes, (1, -1)) & (table.labels != INVALID) & ~np.isnan(margin)
        prompts = np.array(table.clusters)[kept]
        if len(set(prompts)) < MIN_LABELS or len(np.unique(margin[kept])) < 2:
            continue
        found[name] = calibrate_margin(
            name, (margin[kept], votes[kept], table.labels[kept]), prompts, plan
        )
    return found


def calibrate_margin(
    name: str, data: tuple[Floats, Codes, Codes], prompts: Codes, plan: Resampling
) -> MarginCalibration:
    """One judge's, from its margins, verdicts and labels (n,)."""
    chances, agreed, base = crossfit_beside_base(*data, clusters=prompts)
    skill = brier_skill(chances, agreed, base, prompts, plan)
    slope = logistic_slope(data[0], agreed, prompts, plan.level)
    shown = skill if np.isnan(slope.low) else slope
    return MarginCalibration(
        fit=calibrate(*data, clusters=prompts),
        error=calibration_error(chances, agreed),
        skill=skill,
        slope=slope,
        spread=float(data[0].std()),
        informative=bool(shown.low > 0),
        points=calibration_points(name, *data),
        at_gap=shares_at_gaps(data[0], agreed, prompts, plan),
    )


GAPS: Final = (1, 2, 3, 4)


def shares_at_gaps(
    margin: Floats, agreed: Floats, prompts: Codes, plan: Resampling
) -> tuple[tuple[int, Interval], ...]:
    """At each of GAPS the share of rows (n,) within half a point that people agree with.

    No entry for a gap that no row is near.
    """
    near = {gap: (margin >= gap - 0.5) & (margin < gap + 0.5) for gap in GAPS}
    return tuple(
        (gap, rate_interval(agreed[here], prompts[here], plan))
        for gap, here in near.items()
        if here.any()
    )


def rank_margins(found: Mapping[str, MarginCalibration]) -> list[str]:
    """Judges by what their margins are shown to say: those that say nothing come last."""
    return sorted(found, key=lambda name: -found[name].rank)


def calibrate_posterior(
    table: VerdictTable, plan: Resampling
) -> PosteriorCalibration | None:
    """Dawid-Skene's posterior against labels; None where there are too few of either."""
    if len(table.judges) < 2 or not has_rows(table.votes):
        return None
    model = dawid_skene(table.votes)
    first, tie = CLASSES.index(FIRST), CLASSES.index(TIE)
    share = model.posterior[:, first] + model.posterior[:, tie] / 2
    kept = np.isin(model.verdicts, (FIRST, SECOND)) & (table.labels != INVALID)
    prompts = np.array(table.clusters)[kept]
    if len(set(prompts)) < MIN_LABELS:
        return None
    data = np.abs(2 * share - 1)[kept], model.verdicts[kept], table.labels[kept]
    confidence = np.maximum(share, 1 - share)[kept]
    _, agreed, flipped = events(*data)
    right = agreed + (1 - agreed - flipped) / 2
    chances, won, base = crossfit_beside_base(*data, clusters=prompts)
    own = leave_one_fold_out(right, prompts)
    figures = PosteriorCalibration(
        claimed=float(confidence.mean()),
        agreed=rate_interval(right, prompts, plan),
        slope=calibration_slope(confidence, right, prompts, plan.level),
        skill=brier_skill(confidence, right, own, prompts, plan),
        calibrated=brier_skill(chances, won, base, prompts, plan),
    )
    return replace(figures, text=figures.describe())


def calibration_points(
    name: str, margin: Floats, votes: Codes, labels: Codes
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
