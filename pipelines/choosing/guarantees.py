"""Threshold of the score gap with a guarantee, on two halves of the prompts.

One half chooses the configuration and the order of the tests, the other half tests. So
whatever was looked at in choosing, the chance that the guarantee is broken stays what was
asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fellowship.number_format import percent
from fellowship.pipelines.choosing.choice_records import Figure, Guarantee
from fellowship.stats.codes import Floats
from fellowship.stats.intervals import DEFAULT, Resampling
from fellowship.stats.nested_choice import FIVE_BY_FIVE, Folding, Rows, prompt_folds
from fellowship.stats.rates import rate_interval
from fellowship.stats.selective import (
    Promise,
    is_kept,
    limits_at,
    order_of_tests,
    passed,
    thresholds_of,
)

NEARLY = 0.05
"""Shares of rows kept that are no further apart are as good: the cheaper one is taken."""


@dataclass(frozen=True)
class Gated:
    """A configuration whose verdicts can be kept by a threshold.

    `confidence` (n,) is its score gap, NaN where no side is named; `right` (n,) 1 where it
    says what people say, else 0; `cost` that of one label.
    """

    name: str
    confidence: Floats
    right: Floats
    cost: float


@dataclass(frozen=True)
class Plan:
    """What the choosing half fixed: whose thresholds are tested, and in which order."""

    gated: Gated
    thresholds: Floats
    order: tuple[int, ...]


def guarantee(
    gated: Sequence[Gated],
    prompts: NDArray[np.intp],
    promise: Promise,
    plan: Resampling = DEFAULT,
    folding: Folding = FIVE_BY_FIVE,
) -> Guarantee:
    """The configuration and threshold that keep most rows and keep the promise.

    `prompts` (n,) number the rows' prompts from 0. Where no threshold passes, `threshold`
    is None and `why` says so.
    """
    halves = prompt_folds(prompts, replace(folding, folds=2), 0)
    choosing, confirming = halves == 0, halves == 1
    planned = plan_tests(gated, prompts, choosing, promise)
    threshold, limit = confirm(planned, prompts, confirming, promise)
    known = {
        "least": promise.least,
        "risk": promise.risk,
        "configuration": planned.gated.name,
        "chosen_on": int(choosing.sum()),
        "confirmed_on": int(confirming.sum()),
        "confirmed_prompts": len(np.unique(prompts[confirming])),
        "fewest": promise.fewest,
    }
    if threshold is None:
        why = (
            "no threshold of its score gap is sure enough on the confirming half: the"
            f" lower limit there is {percent(limit)}, not {percent(promise.least)}; label"
            " more rows, or ask for less"
        )
        return Guarantee(**known, lower_limit=limit, why=why)
    one, names = planned.gated, prompts[confirming]
    kept = is_kept(one.confidence[confirming], threshold)
    coverage = rate_interval(kept.astype(float), names, plan)
    agreement = rate_interval(one.right[confirming][kept], names[kept], plan)
    return Guarantee(
        **known,
        threshold=threshold,
        coverage=Figure.of(coverage),
        agreement=Figure.of(agreement),
        lower_limit=limit,
    )


def plan_tests(
    gated: Sequence[Gated], prompts: NDArray[np.intp], rows: Rows, promise: Promise
) -> Plan:
    """What some rows choose: the cheapest that keeps nearly as much there as any.

    Who keeps what is found by the same tests. Equally cheap: who keeps more, then who is
    surest; where nobody keeps anything, who is surest.
    """
    plans, kept, surest = [], [], []
    for one in gated:
        sure, right = one.confidence[rows], one.right[rows]
        thresholds = thresholds_of(sure)
        limits = limits_at(sure, right, prompts[rows], thresholds, promise.risk)
        order = tuple(order_of_tests(limits))
        last = passed(limits, order, promise.least)
        kept.append(0.0 if last is None else is_kept(sure, thresholds[last]).mean())
        surest.append(float(limits.max(initial=0.0)))
        plans.append(Plan(one, thresholds, order))
    most = max(kept)
    if not most:
        return plans[max(range(len(plans)), key=lambda k: (surest[k], -gated[k].cost))]
    near = [k for k, share in enumerate(kept) if share > 0 and share >= most - NEARLY]
    return plans[min(near, key=lambda k: (gated[k].cost, -kept[k], -surest[k]))]


def confirm(
    planned: Plan, prompts: NDArray[np.intp], rows: Rows, promise: Promise
) -> tuple[float | None, float]:
    """The last threshold that passes on other rows, in the order planned, and its limit.

    None, and the limit at the first threshold, where that one fails.
    """
    if not planned.order:
        return None, 0.0
    one = planned.gated
    sure, right = one.confidence[rows], one.right[rows]
    limits = limits_at(sure, right, prompts[rows], planned.thresholds, promise.risk)
    at = passed(limits, planned.order, promise.least)
    if at is None:
        return None, float(limits[planned.order[0]])
    return float(planned.thresholds[at]), float(limits[at])
