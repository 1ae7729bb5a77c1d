"""Benchmark of agreement intervals: every jury at once, beside a loop over resamples.

    python benchmarks/agreement.py [rows] [resamples]

Simulated verdicts of six correlated judges, their 57 juries, one kappa interval each.
The loop is timed on a few resamples of the same run and scaled up; both must agree.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from fellowship.stats.agreement import kappa_of, table_cells
from fellowship.stats.intervals import Resampling, bootstrap_many, resample_counts
from fellowship.stats.selection import best_of, jury_majorities, jury_subsets

LOOPED = 10
Codes = NDArray[np.int8]


def simulate(rows: int) -> tuple[Codes, Codes]:
    """Labels (rows,) and six judges that share half of their mistakes."""
    rng = np.random.default_rng(0)
    labels = rng.choice([-1, 0, 1], size=rows, p=[0.4, 0.2, 0.4])
    shared = np.where(rng.random(rows) < 0.8, labels, rng.integers(-1, 2, rows))
    own = rng.integers(-1, 2, (rows, 6))
    votes = np.where(rng.random((rows, 6)) < 0.85, shared[:, None], own)
    return labels.astype(np.int8), votes.astype(np.int8)


def loop_kappas(labels: Codes, juries: Codes, plan: Resampling) -> NDArray[np.float64]:
    """The same kappas one resample and one jury at a time, for the first few."""
    counts = next(iter(resample_counts(len(labels), plan)))[:LOOPED].astype(int)
    found = []
    for row in counts:
        take = np.repeat(np.arange(len(labels)), row)
        sample = labels[take], juries[take]
        found.append([cohen_kappa_score(sample[0], j) for j in sample[1].T])
    return np.array(found)


def main(rows: int = 999, resamples: int = 2000) -> None:
    """Time both and print one table."""
    labels, votes = simulate(rows)
    plan = Resampling(resamples)
    start = time.perf_counter()
    juries = jury_majorities(votes, jury_subsets(6))
    voted = time.perf_counter() - start
    features = table_cells(labels, juries)
    bootstrap_many(features, kappa_of, None, plan)
    ours = time.perf_counter() - start
    best_of(features, kappa_of, None, plan)
    both = time.perf_counter() - start
    start = time.perf_counter()
    naive = loop_kappas(labels, juries, plan)
    looped = (time.perf_counter() - start) / LOOPED * resamples
    counts = next(iter(resample_counts(rows, plan)))[:LOOPED]
    tables = (counts @ features.reshape(rows, -1)).reshape(LOOPED, -1, 3, 3)
    apart = np.abs(kappa_of(tables) - naive).max()
    print(f"{rows} rows x {juries.shape[1]} juries x {resamples} resamples, ", end="")
    print(f"{os.cpu_count()} cores")
    print(f"  57 juries voted                {voted:9.3f} s")
    print(f"  + intervals                    {ours:9.3f} s")
    print(f"  + best, in and out of bag      {both:9.3f} s")
    print(f"  scikit-learn, row by row       {looped:9.1f} s  ({LOOPED} resamples")
    print(f"    timed and scaled; largest difference {apart:.1e})")
    print(f"  ratio                          {looped / ours:9.0f} x")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
