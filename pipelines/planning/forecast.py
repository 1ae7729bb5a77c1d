"""Forecast of a run's cost from a pilot, with intervals.

Each total is what the pilot used plus, for every row still to do, the pilot's mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fellowship.pipelines.planning.predictive import (
    Estimate,
    Totals,
    count_estimate,
)
from fellowship.pipelines.planning.throughput import Pace
from fellowship.records import Record


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
    """What was seen: each row's use by model, whether it became a pair, and its prompt.

    `pace` is that of its calls, `width` the rows that were worked on at once, `widest` the
    rows that the whole run works on at once.
    """

    uses: Sequence[Mapping[str, Use]]
    pairs: Sequence[bool]
    prompts: Sequence[str]
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
        pairs=count_estimate(pilot.pairs, rows, pilot.prompts),
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


def sum_uses(uses: Sequence[Use]) -> Use:
    """All of them together."""
    whole = Use()
    for use in uses:
        whole = whole.plus(use)
    return whole
