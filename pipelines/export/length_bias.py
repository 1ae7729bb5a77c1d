"""Length bias of a preference file: whether length alone tells the chosen answer."""

from __future__ import annotations

from math import sqrt

from fellowship.pipelines.export.disk_cache import Scratch
from fellowship.records import Record

FEWEST_PAIRS = 30
BIASED_SHARE = 0.6
"""A file of at least 30 pairs is biased if so many of them prefer the longer answer, or the
shorter, and the 95 % interval leaves out one half."""


class LengthBias(Record):
    """How lengths stand: mean characters, share of pairs whose longer answer is chosen."""

    pairs: int
    chosen: float
    rejected: float
    longer: float
    low: float
    high: float
    biased: bool


def length_bias(scratch: Scratch) -> LengthBias | None:
    """Whether length alone would tell the chosen answer; None without pairs.

    The interval is Wilson's (1927) at 95 %, ties counted half to each side.
    """
    sql = (
        "SELECT count(*), avg(chosen), avg(rejected),"
        " avg((chosen > rejected) + (chosen = rejected) / 2.0) FROM rows"
        " WHERE rejected >= 0"
    )
    ((n, chosen, rejected, longer),) = scratch.rows(sql)
    if not n:
        return None
    low, high = wilson_interval(longer, n)
    apart = low > 0.5 or high < 0.5
    return LengthBias(
        pairs=n,
        chosen=round(chosen, 1),
        rejected=round(rejected, 1),
        longer=round(longer, 4),
        low=round(low, 4),
        high=round(high, 4),
        biased=n >= FEWEST_PAIRS and apart and max(longer, 1 - longer) >= BIASED_SHARE,
    )


def wilson_interval(share: float, n: int) -> tuple[float, float]:
    """Wilson's interval of a share of n at 95 %."""
    z = 1.959963984540054
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)
