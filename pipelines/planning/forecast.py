"""Forecast of a run's cost from a pilot, with intervals.

Each total is what the pilot used plus, for every row still to do, the pilot's mean. The
interval is a percentile bootstrap over rows, widened for few rows (T. Hesterberg, "What
Teachers Should Know About the Bootstrap", 2015, section 5.3), with the spread of the rows
to come on top: it is about what the run will use, not about a mean.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from statistics import NormalDist, fmean, stdev
from typing import NamedTuple

from fellowship.pipelines.planning.throughput import Pace
from fellowship.records import Record

RESAMPLES = 2000
T_975 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Student's t at .975, for 1 to 30 degrees of freedom."""


class Use(NamedTuple):
    """What one row used of one model. Seconds are those of its calls, summed."""

    calls: float = 0
    prompt: float = 0
    completion: float = 0
    cached: float = 0
    usd: float = 0
    seconds: float = 0

    def plus(self, other: Use) -> Use:
        """Both together."""
        return Use(*(a + b for a, b in zip(self, other, strict=True)))


class Estimate(Record):
    """A total over all rows of a run, and the interval that holds it 19 times of 20."""

    expected: float
    low: float
    high: float


class ModelForecast(Record):
    """One model's share."""

    model: str
    calls: Estimate
    prompt_tokens: Estimate
    completion_tokens: Estimate
    cached_tokens: Estimate
    usd: Estimate | None


class Forecast(Record):
    """What a run would take, from a pilot. `usd` is None while a price is unknown."""

    rows: int
    piloted: int
    models: tuple[ModelForecast, ...]
    calls: Estimate
    tokens: Estimate
    usd: Estimate | None
    pairs: Estimate
    seconds: Estimate


class Pilot(NamedTuple):
    """What was seen: each row's use by model, and whether it became a pair.

    `pace` is that of its calls, `width` the rows that were worked on at once, `widest` the
    rows that the whole run works on at once.
    """

    uses: Sequence[Mapping[str, Use]]
    pairs: Sequence[bool]
    pace: Pace
    width: int
    widest: int
    unpriced: frozenset[str] = frozenset()


def forecast(pilot: Pilot, names: Sequence[str], rows: int) -> Forecast:
    """The whole run's totals. `ValueError` for a pilot of fewer than two rows."""
    if len(pilot.uses) < 2:
        raise ValueError("a forecast needs two rows")
    total = Totals(len(pilot.uses), rows)
    nothing = Use()
    by_model = {n: [use.get(n, nothing) for use in pilot.uses] for n in names}
    whole = [sum_uses(list(use.values())) for use in pilot.uses]
    unknown = any(name in pilot.unpriced for name in names)
    return Forecast(
        rows=rows,
        piloted=len(pilot.uses),
        models=tuple(
            ModelForecast(
                model=name,
                calls=total.estimate([u.calls for u in uses]),
                prompt_tokens=total.estimate([u.prompt for u in uses]),
                completion_tokens=total.estimate([u.completion for u in uses]),
                cached_tokens=total.estimate([u.cached for u in uses]),
                usd=None
                if name in pilot.unpriced
                else total.estimate([u.usd for u in uses]),
            )
            for name, uses in by_model.items()
        ),
        calls=total.estimate([u.calls for u in whole]),
        tokens=total.estimate([u.prompt + u.completion for u in whole]),
        usd=None if unknown else total.estimate([u.usd for u in whole]),
        pairs=total.estimate([float(pair) for pair in pilot.pairs], most=rows),
        seconds=wall_time(pilot, total.estimate([u.seconds for u in whole])),
    )


def wall_time(pilot: Pilot, work: Estimate) -> Estimate:
    """Wall time of the run: the work over the calls that do it at once.

    Expected is the pace of the pilot's busier half, for beginning and end weigh less in a
    long run. At worst it goes on as the whole pilot did, ends and all; at best as many
    calls are always in flight as the pilot had at the most, and more where more rows are
    worked on at once: a pilot of few rows can't tell.
    """
    gain = max(1.0, pilot.widest / max(1, pilot.width))
    return Estimate(
        expected=work.expected / pilot.pace.busier,
        low=work.low / (pilot.pace.most * gain),
        high=work.high / pilot.pace.mean,
    )


class Totals:
    """Totals over `rows`, of which `seen` were; one set of resamples for all of them."""

    def __init__(self, seen: int, rows: int) -> None:
        self.seen, self.rest = seen, max(0, rows - seen)
        dice = random.Random(0)
        self._draws = [dice.choices(range(seen), k=seen) for _ in range(RESAMPLES)]
        self._noise = [dice.gauss(0.0, 1.0) for _ in range(RESAMPLES)]
        self._tail = tail_share(seen)

    def estimate(self, values: Sequence[float], most: float = math.inf) -> Estimate:
        """The total of a quantity whose value is known for each row that was seen."""
        known, rest = sum(values), self.rest
        if not rest:
            return Estimate(expected=known, low=known, high=known)
        spread = stdev(values) / math.sqrt(rest)
        means = sorted(
            sum(map(values.__getitem__, draw)) / self.seen + spread * noise
            for draw, noise in zip(self._draws, self._noise, strict=True)
        )
        cut = round(self._tail * (RESAMPLES - 1))
        return Estimate(
            expected=known + rest * fmean(values),
            low=max(known, known + rest * means[cut]),
            high=min(most, known + rest * means[-1 - cut]),
        )


def tail_share(seen: int) -> float:
    """The tail to cut at each end so that few rows don't look surer than they are."""
    freedom = seen - 1
    t = T_975[freedom - 1] if freedom <= len(T_975) else 1.96 + 2.5 / freedom
    return NormalDist().cdf(-math.sqrt(seen / freedom) * t)


def sum_uses(uses: Sequence[Use]) -> Use:
    """All of them together."""
    whole = Use()
    for use in uses:
        whole = whole.plus(use)
    return whole
