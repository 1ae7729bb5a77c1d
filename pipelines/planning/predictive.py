"""Predictive intervals of a run's totals, from the rows of a pilot.

They are about what the run will use, not about a mean, and hold it 19 times of 20 where the
other rows are like those that were seen: `benchmarks/coverage.py` says how nearly. Few
rows, or rows that differ by much, give a wide range and not a bold one.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Hashable, Sequence
from statistics import NormalDist, fmean, stdev

from fellowship.records import Record

RESAMPLES = 2000
T_975 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Student's t at .975, for 1 to 30 degrees of freedom."""
TAIL = 0.025
FLOOR = 0.1
"""Standard deviation of logarithms that one more row is taken to show."""
LARGEST = 300.0
"""Logarithm, beyond which a total is as good as unbounded."""


class Estimate(Record):
    """A total over all rows of a run, and the interval that holds it 19 times of 20."""

    expected: float
    low: float
    high: float


class Totals:
    """Totals over `rows`, of which `seen` were; one set of resamples for all of them.

    The interval is the wider of two on either side. A percentile bootstrap over rows,
    widened for few (Hesterberg 2015, "What Teachers Should Know About the Bootstrap",
    5.3), with the spread of the rows to come on top, sees no tail that the pilot didn't.
    A log-normal predictive distribution does. See `LogNormal`.
    """

    def __init__(self, seen: int, rows: int) -> None:
        self.seen, self.rest = seen, max(0, rows - seen)
        dice = random.Random(0)
        self._draws = [dice.choices(range(seen), k=seen) for _ in range(RESAMPLES)]
        self._noise = [dice.gauss(0.0, 1.0) for _ in range(RESAMPLES)]
        self._tail = tail_share(seen)

    def estimate(self, values: Sequence[float]) -> Estimate:
        """The total of a quantity >= 0 whose value is known for each row seen."""
        known, rest = sum(values), self.rest
        if not rest or not any(values):
            return Estimate(expected=known, low=known, high=known)
        dice, unseen = random.Random(1), LogNormal(values, rest)
        drawn = sorted(unseen.draw(dice) for _ in range(RESAMPLES))
        least, most = self._bootstrap(values)
        return Estimate(
            expected=known + rest * fmean(values),
            low=known + max(0.0, min(quantile(drawn, TAIL), least)),
            high=known + max(quantile(drawn, 1 - TAIL), most),
        )

    def _bootstrap(self, values: Sequence[float]) -> tuple[float, float]:
        """Limits of the rows to come, by resampling those that were seen."""
        spread = stdev(values) / math.sqrt(self.rest)
        means = sorted(
            sum(map(values.__getitem__, draw)) / self.seen + spread * noise
            for draw, noise in zip(self._draws, self._noise, strict=True)
        )
        ends = (quantile(means, end) for end in (self._tail, 1 - self._tail))
        low, high = (self.rest * end for end in ends)
        return low, high


class LogNormal:
    """The predictive distribution of a total of `rest` rows like `values`, some above 0.

    Logarithms of the rows above 0 are normal, their mean and variance by Jeffreys's prior
    and one more row (`FLOOR`), so that rows that are all alike don't promise that all
    are; the variance is larger where they lean to the right, as heavy tails do. The sum
    is log-normal (Fenton 1960), the share of rows above 0 a Beta's.
    """

    def __init__(self, values: Sequence[float], rest: int) -> None:
        logs = [math.log(v) for v in values if v > 0]
        self.seen, self.n, self.rest = len(values), len(logs), rest
        self.mean = fmean(logs)
        floor = max(FLOOR, 0.6 / max(1, self.n - 1))
        self.squares = squares(logs) + floor**2

    def draw(self, dice: random.Random) -> float:
        """One total."""
        some = float(self.rest)
        if self.n < self.seen:
            some *= dice.betavariate(self.n + 0.5, self.seen - self.n + 0.5)
        variance = min(LARGEST, self.squares / dice.gammavariate(self.n / 2, 2))
        mean = self.mean + math.sqrt(variance / self.n) * dice.gauss(0.0, 1.0)
        own = math.log1p(math.expm1(variance) / max(1.0, some))
        log = math.log(max(some, 1e-9)) + mean + (variance - own) / 2
        return math.exp(min(LARGEST, log + math.sqrt(own) * dice.gauss(0.0, 1.0)))


def squares(logs: Sequence[float]) -> float:
    """The summed squares about the mean, more where those above it have the most."""
    centre = fmean(logs)
    total = sum((x - centre) ** 2 for x in logs)
    above = 2 * sum(max(0.0, x - centre) ** 2 for x in logs)
    return total if above <= total else above * above / total


def count_estimate(
    happened: Sequence[bool], rows: int, prompts: Sequence[Hashable] = ()
) -> Estimate:
    """How many of `rows` rows something happens in, from those that were seen.

    A Beta posterior (Jeffreys's prior) and the binomial of the rows to come. `prompts`
    are the seen rows': those that share one count for as many rows as they are worth.
    """
    seen, known = len(happened), sum(happened)
    rest = max(0, rows - seen)
    effect = seen / worth(happened, prompts or range(seen))
    chance = (known / effect + 0.5) / (seen / effect + 1)
    dice = random.Random(1)
    drawn = []
    for _ in range(RESAMPLES if rest else 1):
        p = dice.betavariate(known / effect + 0.5, (seen - known) / effect + 0.5)
        spread = math.sqrt(rest * p * (1 - p) * effect)
        drawn.append(min(rest, max(0.0, rest * p + spread * dice.gauss(0.0, 1.0))))
    drawn.sort()
    return Estimate(
        expected=known + rest * chance,
        low=known + math.floor(quantile(drawn, TAIL)),
        high=known + math.ceil(quantile(drawn, 1 - TAIL)),
    )


def worth(happened: Sequence[bool], prompts: Sequence[Hashable]) -> float:
    """Independent rows that these are worth, by the spread between prompts (Kish 1965)."""
    n, rate = len(happened), fmean(happened)
    sums: dict[Hashable, float] = defaultdict(float)
    for one, prompt in zip(happened, prompts, strict=True):
        sums[prompt] += one - rate
    groups = len(sums)
    if groups == n:
        return float(n)
    between = sum(s * s for s in sums.values()) * groups / max(1, groups - 1) / n**2
    spread = rate * (1 - rate)
    return min(float(n), spread / between if between and spread else float(groups))


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which this share of the ordered values lies."""
    return ordered[round(share * (len(ordered) - 1))]


def tail_share(seen: int) -> float:
    """The tail to cut at each end so that few rows don't look surer than they are."""
    freedom = seen - 1
    t = T_975[freedom - 1] if freedom <= len(T_975) else 1.96 + 2.5 / freedom
    return NormalDist().cdf(-math.sqrt(seen / freedom) * t)
