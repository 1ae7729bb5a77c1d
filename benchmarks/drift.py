"""Power and false alarms of the drift test, in simulated checks.

    python -m benchmarks.drift [--runs 1000] [--anchors 200]

Each judge decides every anchor in the record and again now, off by chance with its noise;
of a share of anchors it has come to think otherwise. A line has how often the alarm of
`fellowship drift` is raised, asked twice (`repeats`) or with three samples a question.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from fellowship.pipelines.agreement.drift_check import LEVEL
from fellowship.stats.repeat_noise import Block, chance_of, count_apart, shape_of

KINDS = 3
NOISES = (0.0, 0.02, 0.05, 0.1, 0.2)
FLIPS = (0.0, 0.03, 0.05, 0.1)
WAYS = {"repeats": (1, 2), "samples": (3, 3)}
"""Answers of the record and of now, by where the noise is known from."""


def alarm(
    rng: np.random.Generator,
    anchors: int,
    noise: float,
    flips: float,
    sides: Sequence[int],
) -> bool:
    """Whether one simulated check raises the alarm."""
    record, now = sides
    truth = rng.integers(0, KINDS, anchors)
    said = np.repeat(truth[:, None], record + now, axis=1)
    moved = rng.random(anchors) < flips
    said[moved, record:] = (said[moved, record:] + 1) % KINDS
    off = rng.random(said.shape) < noise
    said = np.where(off, (said + rng.integers(1, KINDS, said.shape)) % KINDS, said)
    telling = said[(said != said[:, :1]).any(axis=1)].tolist()
    blocks = [Block(row[:record], row[record:]) for row in telling]
    return chance_of(map(shape_of, blocks), sum(map(count_apart, blocks))) < LEVEL


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each way, noise and share of flips."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--anchors", type=int, default=200)
    args = parser.parse_args(argv)
    print(f"{args.runs:,} checks of {args.anchors:,} anchors, level {LEVEL:g}")
    print("noise from  noise  flips  alarms")
    for way, sides in WAYS.items():
        for noise in NOISES:
            for flips in FLIPS:
                rng = np.random.default_rng(0)
                raised = sum(
                    alarm(rng, args.anchors, noise, flips, sides)
                    for _ in range(args.runs)
                )
                share = raised / args.runs
                print(f"{way:10}  {noise:5.2f}  {flips:5.2f}  {share:6.1%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
