"""Bias estimates of one judge: position, length, style, family, repeatability.

Each is read off the rows where nothing else could matter. A bias runs from -1 to 1: how
much more often a judge sides with a place, a length, a style or its family than against
it. Rows are clusters of the bootstrap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fellowship.number_format import percent_interval
from fellowship.pipelines.attacks.probe_records import Estimate, JudgeProbe
from fellowship.stats.bias import mean_side_bias, position_bias_of
from fellowship.stats.codes import DataError, encode
from fellowship.stats.intervals import Interval
from fellowship.stats.rates import BIAS_RANGE, SHARE, Range, rate_interval

CODES = {"first": 1.0, "tie": 0.0, "second": -1.0}
Orders = dict[str, str]
"""forward and swapped -> what was said of the case's candidates in that order."""


@dataclass
class Row:
    """One row of a run of probes: who wrote what, what people say, kind by kind."""

    families: tuple[str, str] = ("", "")
    label: str = "invalid"
    verdicts: dict[str, dict[str, Orders]] = field(default_factory=dict)


def judge_probe(name: str, own: str, rows: Sequence[Row]) -> JudgeProbe:
    """One judge over all rows."""
    return JudgeProbe(
        judge=name,
        position=position_bias(name, rows),
        length=bias_to(name, "length", -1, rows),
        style=bias_to(name, "style", 1, rows),
        family=family_bias(name, own, rows),
        repeatability=repeatability(name, rows),
    )


def position_bias(name: str, rows: Sequence[Row]) -> Estimate:
    """The bias to whoever is shown first."""
    verdicts = [row.verdicts.get("pair", {}).get(name, {}) for row in rows]
    both = [each for each in verdicts if len(each) == 2]
    if not both:
        return Estimate(note="answers are scored alone, or in one order only")
    forward, swapped = (
        encode([each[o] if each[o] in CODES else "invalid" for each in both])
        for o in ("forward", "swapped")
    )
    try:
        found = position_bias_of(forward, swapped)
    except DataError as error:
        return Estimate(note=str(error))
    share = found.changed
    note = f"the order changes {percent_interval(share)} of verdicts"
    return estimate_of(found.bias, found.readable).model_copy(update={"note": note})


def bias_to(name: str, kind: str, sign: int, rows: Sequence[Row]) -> Estimate:
    """The bias to one of two texts that differ in one thing, over both orders."""
    values = [
        sign * mean_code(row.verdicts[kind].get(name, {}))
        for row in rows
        if kind in row.verdicts
    ]
    return mean_estimate(values, "no row to test it on")


def repeatability(name: str, rows: Sequence[Row]) -> Estimate:
    """How often the same question gets the same verdict, order by order."""
    values = []
    for row in rows:
        one = row.verdicts.get("pair", {}).get(name, {})
        other = row.verdicts.get("again", {}).get(name, {})
        same = [one[o] == other.get(o) for o in one if all_read(one[o], other.get(o))]
        values.append(sum(same) / len(same) if same else float("nan"))
    return mean_estimate(values, "no row has two valid verdicts", SHARE)


def family_bias(name: str, own: str, rows: Sequence[Row]) -> Estimate:
    """Self-preference, the bias to its own family: beyond people's, given labels."""
    sides = [family_sign(row.families, own) for row in rows]
    at = [n for n, side in enumerate(sides) if side]
    if not own or not at:
        return Estimate(note="no row has one answer by the judge's own family")
    given = [mean_code(rows[n].verdicts.get("pair", {}).get(name, {})) for n in at]
    labelled = [rows[n].label in CODES for n in at]
    if not any(labelled):
        found = mean_estimate(
            [s * sides[n] for s, n in zip(given, at, strict=True)], "none"
        )
        return found.model_copy(
            update={"note": "no labels: the preference may be justified"}
        )
    labels = encode([rows[n].label for n in at])
    try:
        bias = mean_side_bias(given, labels, [sides[n] for n in at])
    except DataError as error:
        return Estimate(note=str(error))
    note = bias.bias.note or "share of verdicts due to the family alone"
    return estimate_of(bias.bias, bias.rows).model_copy(update={"note": note})


def family_sign(pair: tuple[str, str], own: str) -> int:
    """+1 where only the first is of the family, -1 only the second, else 0."""
    return (pair[0] == own) - (pair[1] == own)


def mean_code(orders: Orders) -> float:
    """Mean code over the orders that were read; NaN where none was."""
    codes = [CODES[one] for one in orders.values() if one in CODES]
    return sum(codes) / len(codes) if codes else float("nan")


def all_read(*winners: str | None) -> bool:
    """Whether all of them are verdicts."""
    return all(one in CODES for one in winners)


def mean_estimate(
    values: Sequence[float], why: str, within: Range = BIAS_RANGE
) -> Estimate:
    """A mean of values that lie `within`, with its interval."""
    count = int(sum(not np.isnan(value) for value in values))
    if not count:
        return Estimate(note=why)
    return estimate_of(rate_interval(values, within=within), count)


def estimate_of(found: Interval, rows: int) -> Estimate:
    """An interval as a record; what does not exist is None, not NaN."""
    value, low, high = (
        None if np.isnan(x) else round(float(x), 6)
        for x in (found.value, found.low, found.high)
    )
    return Estimate(value=value, low=low, high=high, rows=rows)
