"""Coverage of a rubric's figures on planted judges and people.

    python benchmarks/criteria.py [--runs 300] [--rows 200]

Criteria are scored 1 to 10 at random, one of them by the length of the answer with noise.
People name the winner of the weighted sum, or err on a fifth of the rows. Printed: how
often the interval of an implied weight holds the planted one, and how often each
criterion is flagged as following the length.
"""

from __future__ import annotations

import argparse

import numpy as np

from fellowship.pipelines.agreement.criteria import LENGTH_LIMIT
from fellowship.stats.criteria import implied_weights, signed_rank_correlation
from fellowship.stats.intervals import Resampling

WEIGHTS = np.array([3.0, 1.0, 1.0, 2.0])
"""The last is a fault's, already turned round; the third criterion is the length."""


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--rows", type=int, default=200)
    asked = parser.parse_args()
    for errors in (0.0, 0.2):
        print_case(asked.runs, asked.rows, errors)


def print_case(runs: int, rows: int, errors: float) -> None:
    """One share of errors: coverage, mean estimates, flags."""
    shares = WEIGHTS / WEIGHTS.sum()
    covered, flagged = np.zeros(len(WEIGHTS)), np.zeros(len(WEIGHTS))
    estimates = []
    for run in range(runs):
        draw = np.random.default_rng(run)
        plan = Resampling(resamples=400, seed=run)
        gaps, longer = planted_gaps(draw, rows)
        labels = np.sign(gaps @ WEIGHTS)
        wrong = draw.random(rows) < errors
        labels[wrong] = draw.choice([-1, 0, 1], size=int(wrong.sum()))
        found = implied_weights(gaps, labels, plan=plan)
        estimates.append([one.value for one in found])
        for k, one in enumerate(found):
            covered[k] += one.low <= shares[k] <= one.high
            length = signed_rank_correlation(gaps[:, k], longer, plan=plan)
            flagged[k] += length.low > LENGTH_LIMIT or length.high < -LENGTH_LIMIT
    means = np.mean(estimates, axis=0)
    print(f"{errors:.0%} of labels at random, {runs} runs of {rows} rows")
    for k, name in enumerate(("first", "second", "length", "fault")):
        print(
            f"  {name}: planted {shares[k]:.3f}, mean {means[k]:.3f}, covered"
            f" {covered[k] / runs:.1%}, flagged {flagged[k] / runs:.1%}"
        )


def planted_gaps(draw: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Score gaps (n, 4) and length gaps (n,)."""
    marks = draw.integers(1, 11, size=(2, rows, len(WEIGHTS))).astype(float)
    words = draw.integers(20, 400, size=(2, rows)).astype(float)
    noise = draw.normal(0, 0.7, size=words.shape)
    marks[:, :, 2] = np.clip(np.round(1 + words / 42 + noise), 1, 10)
    return marks[0] - marks[1], words[0] - words[1]


if __name__ == "__main__":
    main()
