"""Coverage of the printed intervals, by simulation: 95 % of them should hold the truth.

    python -m benchmarks.coverage [--quick] [--runs 2000] [--only WORDS] [--seed 0]

Every figure is computed by the functions that the commands call, on prompts of differing
difficulty, with ties, invalid verdicts and missing labels, at 50 and 200 labelled prompts
of one row or of three. The truth is the same figure on 400,000 prompts. Length-controlled
rates have a benchmark of their own (`benchmarks.length_coverage`), of which two worlds
are run here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.length_coverage import coverage as length_coverage
from benchmarks.length_coverage import worlds
from fellowship.stats.agreement import kappa_of, table_cells
from fellowship.stats.bias import position_bias_of, side_bias
from fellowship.stats.codes import INVALID, TooFewLabels
from fellowship.stats.effective import n_eff_interval
from fellowship.stats.intervals import Resampling, bootstrap
from fellowship.stats.paired import paired_difference
from fellowship.stats.rates import rate_interval
from fellowship.stats.ratings import bradley_terry
from fellowship.stats.skill import logistic_slope
from fellowship.stats.winrate import points, prediction_powered

Codes = NDArray[np.int8]
Limits = tuple[float, float, float]
"""An estimate and the ends of its interval."""
LOWEST, HIGHEST = 0.93, 0.97
POPULATION: Final = 400_000
"""Prompts on which the truth is computed."""
UNLABELLED: Final = 5
"""Prompts without labels for each that has them, where they are used."""


@dataclass(frozen=True)
class Sample:
    """Rows of prompts: labels (n,), three judges' verdicts (n, 3) and what else there is.

    `forward` and `swapped` are one judge's two orders, `side` the trait's side, `margin`
    its score gaps, `agreed` whether people agree there; `prompts` (n,) are from 0.
    """

    labels: Codes
    votes: Codes
    forward: Codes
    swapped: Codes
    side: NDArray[np.int8]
    margin: NDArray[np.float64]
    agreed: NDArray[np.float64]
    prompts: NDArray[np.intp]


def draw(prompts: int, rows: int, rng: np.random.Generator) -> Sample:
    """Prompts with so many rows each: a tenth of verdicts and of labels is missing."""
    at = np.repeat(np.arange(prompts), rows)
    n = len(at)
    skill, mood = rng.beta(3, 1.5, prompts)[at], rng.normal(0, 1, prompts)[at]
    labels = decide(mood + rng.normal(0, 1, n))
    right = rng.random((n, 3)) < skill[:, None] * np.array([1.0, 0.9, 0.8])
    votes = np.where(right, labels[:, None], rng.integers(-1, 2, (n, 3)))
    shared = mood + rng.normal(0, 1, n)
    forward, swapped = (
        decide(shared + shift + rng.normal(0, 1, n)) for shift in (0.3, -0.3)
    )
    side = rng.integers(-1, 2, n)
    margin = rng.integers(1, 6, n).astype(float)
    agreed = rng.random(n) < expit(0.5 * margin - 1 + 0.7 * mood)
    return Sample(
        lose(labels, rng),
        lose(votes, rng),
        lose(forward, rng),
        lose(swapped, rng),
        side.astype(np.int8),
        margin,
        agreed.astype(float),
        at,
    )


def decide(preference: NDArray[np.float64]) -> Codes:
    """Verdicts of latent preferences: a tie where neither is much better."""
    return np.select([preference > 0.3, preference < -0.3], [1, -1], 0).astype(np.int8)


def lose(codes: Codes, rng: np.random.Generator, share: float = 0.1) -> Codes:
    """Codes of which a share is INVALID."""
    return np.where(rng.random(codes.shape) < share, INVALID, codes).astype(np.int8)


def kappa(s: Sample, plan: Resampling) -> Limits:
    """A judge's kappa with people."""
    cells = table_cells(s.labels, s.votes[:, 0])
    return limits(bootstrap(cells, kappa_of, s.prompts, plan))


def kappa_difference(s: Sample, plan: Resampling) -> Limits:
    """Two judges' kappas, one minus the other, on the same prompts."""
    cells = table_cells(s.labels, s.votes)
    return limits(
        paired_difference(cells[:, 0], cells[:, 1], kappa_of, s.prompts, plan)
    )


def accuracy(s: Sample, plan: Resampling) -> Limits:
    """A judge's accuracy."""
    known = (s.votes[:, 0] != INVALID) & (s.labels != INVALID)
    right = np.where(known, s.votes[:, 0] == s.labels, np.nan)
    return limits(rate_interval(right, s.prompts, plan))


def half_tie(s: Sample, plan: Resampling) -> Limits:
    """A win rate with ties half."""
    return limits(rate_interval(points(s.votes[:, 0]), s.prompts, plan))


def strict(s: Sample, plan: Resampling) -> Limits:
    """A win rate where ties and failures lose."""
    return limits(rate_interval(points(s.votes[:, 0], "strict"), s.prompts, plan))


def position(s: Sample, plan: Resampling) -> Limits:
    """Position bias."""
    return limits(position_bias_of(s.forward, s.swapped, s.prompts, plan).bias)


def changed(s: Sample, plan: Resampling) -> Limits:
    """The share of verdicts that the order changes."""
    return limits(position_bias_of(s.forward, s.swapped, s.prompts, plan).changed)


def bias_to_side(s: Sample, plan: Resampling) -> Limits:
    """Bias to a trait, people's label held."""
    found = side_bias(s.votes[:, 0], s.labels, s.side, s.prompts, plan)
    return limits(found.bias)


def effective(s: Sample, plan: Resampling) -> Limits:
    """Effective number of judges."""
    return limits(n_eff_interval(s.votes, s.labels, s.prompts, plan))


def slope(s: Sample, plan: Resampling) -> Limits:
    """The log-odds of agreement that a point of score gap adds."""
    return limits(logistic_slope(s.margin, s.agreed, s.prompts, plan.level))


def limits(found: object) -> Limits:
    """The three numbers of an interval."""
    return tuple(float(getattr(found, end)) for end in ("value", "low", "high"))  # type: ignore[return-value]


def people_rate(s: Sample, plan: Resampling) -> Limits:
    """People's win rate from labels on the first of 1 + UNLABELLED parts (PPI++)."""
    labelled = s.prompts < (s.prompts.max() + 1) // (1 + UNLABELLED)
    given = points(np.where(labelled, s.labels, INVALID))
    judged = points(s.votes[:, 0])
    both = ~np.isnan(given) & ~np.isnan(judged)
    has = np.isin(s.prompts, s.prompts[both])
    rest = ~has & ~np.isnan(judged)
    return limits(
        prediction_powered(
            means(given, s.prompts, both),
            means(judged, s.prompts, both),
            means(judged, s.prompts, rest),
            plan.level,
        )
    )


def means(
    values: NDArray[np.float64], prompts: NDArray[np.intp], kept: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Each prompt's mean of the rows kept."""
    _, at = np.unique(prompts[kept], return_inverse=True)
    return np.bincount(at, values[kept]) / np.bincount(at)


def rating(s: Sample, plan: Resampling) -> Limits:
    """A system's Bradley-Terry rating on the Elo scale, of three that meet in turn."""
    first, second = np.array([(0, 1), (1, 2), (0, 2)])[np.arange(len(s.labels)) % 3].T
    ladder = bradley_terry(first, second, s.votes[:, 0], 3, s.prompts, plan)
    return ladder.elo()[0]


Figure = Callable[[Sample, Resampling], Limits]
FIGURES: Final[dict[str, Figure]] = {
    "kappa": kappa,
    "kappa difference": kappa_difference,
    "accuracy": accuracy,
    "win rate, ties half": half_tie,
    "win rate, ties lose": strict,
    "position bias": position,
    "share changed by the order": changed,
    "bias to a trait, label held": bias_to_side,
    "independent judges": effective,
    "calibration slope": slope,
    "people's win rate (labels and verdicts)": people_rate,
    "rating": rating,
}


@dataclass(frozen=True)
class Line:
    """How often a figure's interval held the truth, and how often there was none."""

    figure: str
    world: str
    held: float
    error: float
    none: float

    @property
    def good(self) -> bool:
        """Whether the coverage is within 93 to 97 %, as far as the simulation can tell."""
        slack = 2 * self.error
        return LOWEST - slack <= self.held <= HIGHEST + slack


def measure(name: str, prompts: int, rows: int, runs: int, seed: int) -> Line:
    """One figure's coverage at one size."""
    figure = FIGURES[name]
    many = 1.4 * (1 + UNLABELLED) if figure is people_rate else 1.0
    truth = true_value(name, rows)
    held, none = 0, 0
    for run in range(runs):
        rng = np.random.default_rng([seed, prompts, rows, run])
        sample = draw(round(prompts * many), rows, rng)
        try:
            _, low, high = figure(sample, Resampling(400, seed=run))
        except TooFewLabels:
            low = high = np.nan
        none += np.isnan(low)
        held += low <= truth <= high
    known = max(1, runs - none)
    share = held / known
    error = float(np.sqrt(max(share * (1 - share), 0.01) / known))
    text = f"{prompts} prompts of {rows} row{'s' * (rows > 1)}"
    return Line(name, text, share, error, none / runs)


def true_value(name: str, rows: int) -> float:
    """The figure itself, on a population."""
    if name == "people's win rate (labels and verdicts)":
        sample = draw(POPULATION, rows, np.random.default_rng(1))
        given = points(sample.labels)
        return float(np.nanmean(means(given, sample.prompts, ~np.isnan(given))))
    return FIGURES[name](
        draw(POPULATION, rows, np.random.default_rng(1)), Resampling(1)
    )[0]


LENGTH_WORLDS: Final = 2
"""Worlds of `benchmarks.length_coverage` that are run here too, at 50 and 200 prompts."""


def lines(runs: int, only: str, seed: int, sizes: list[int]) -> Iterator[Line]:
    """Every figure at every size, then length-controlled rates."""
    for name in FIGURES:
        for prompts in (50, 200) if only in name else ():
            for rows in sizes:
                yield measure(name, prompts, rows, runs, seed)
    for world, made in list(worlds().items())[:LENGTH_WORLDS]:
        for prompts in (50, 200) if only in "length-controlled win rate" else ():
            pairs = 1 if made.only is not None else len(made.pairs)
            of = max(20, runs // pairs)
            held = length_coverage(made, prompts, of, seed).rate
            error = float(np.sqrt(max(held * (1 - held), 0.01) / (of * pairs)))
            where = f"{prompts} prompts, {world}"
            yield Line("length-controlled win rate", where, held, error, 0.0)


def main() -> None:
    """Print a line as soon as it is known; exits with 0 whatever they say."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--quick", action="store_true", help="fewer runs: two minutes")
    words.add_argument("--runs", type=int, default=2000)
    words.add_argument("--only", default="", help="figures whose name has these words")
    words.add_argument("--seed", type=int, default=0)
    chosen = words.parse_args()
    runs = 200 if chosen.quick else chosen.runs
    print("| figure | labelled prompts | coverage | no interval | |")
    print("|---|---|---|---|---|")
    for one in lines(runs, chosen.only, chosen.seed, [3] if chosen.quick else [1, 3]):
        note = "" if one.good else "outside 93 to 97 %"
        print(
            f"| {one.figure} | {one.world} | {one.held:.1%} ± {one.error:.1%} |"
            f" {one.none:.1%} | {note} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
