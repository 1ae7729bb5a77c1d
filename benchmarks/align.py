"""Alignments of simulated judges: how often noise changes something, and planted gains.

python -m benchmarks.align [--runs 200]   a line a world, in under two minutes

The judge likes the longer answer and is turned round by chance in a share of its verdicts.
People side with the shorter one, or their labels are shuffled; the writer has the right
idea, or one that changes nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import NamedTuple

from fellowship.pipelines.aligning.alignment import align
from fellowship.pipelines.aligning.gains import gain
from fellowship.pipelines.aligning.split import split_pairs
from fellowship.pipelines.aligning.steps import ALL_STEPS, StepName
from fellowship.stats.intervals import Resampling
from tests.support.simulated_judges import IDEA, Simulated, pairs

PROMPTS = 100
PLAN = Resampling(500)


class World(NamedTuple):
    """What is simulated: labels, the share of verdicts turned round, the writer's idea."""

    name: str
    shuffled: bool
    wrong: float
    idea: str
    steps: tuple[StepName, ...] = ALL_STEPS


WORLDS = (
    World("shuffled labels", True, 0.1, IDEA),
    World("useless criteria alone", False, 0.45, "Be fair to all.", ("criteria",)),
    World("the right criteria", False, 0.1, IDEA),
)


def outcome(world: World, seed: int) -> tuple[bool, bool]:
    """Whether an alignment changed something, and whether its test claims a gain."""
    rows = pairs(PROMPTS, seed, shuffled=world.shuffled, tie_below=20)
    judges = Simulated(seed, world.wrong, world.idea)
    split = split_pairs(rows, 0.5, seed)
    found = asyncio.run(align(judges, split, world.steps, seed))
    if not found.change.names:
        return False, False
    measured = gain(found.split.test, found.before, found.after, PLAN)
    return True, bool(measured and measured.difference.is_positive)


def main() -> None:
    """Print a line a world."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    for world in WORLDS:
        began = time.monotonic()
        found = [outcome(world, seed) for seed in range(runs)]
        changed, claimed = (sum(each) for each in zip(*found, strict=True))
        print(
            f"{world.name}: changed in {changed / runs:.1%}, gain claimed in"
            f" {claimed / runs:.1%} of {runs} ({time.monotonic() - began:.0f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
