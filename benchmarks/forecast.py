"""Benchmark of forecasts: how often an interval of 95 % holds what a run then takes.

    python -m benchmarks.forecast [--trials 10] [--rows 150] [--pilot 12]

Each trial draws rows of other lengths, a server of another speed and another number of
answers at once, pilots a few rows of a loop of drafts and reviews judged in both orders,
and then runs all rows from nothing in another folder. The server is a process of its own;
the longer its answer, the longer it takes.

Exits with 1 where an interval holds the truth in fewer trials than one whose chance is 0.95
would with a chance of 1 in 100, as far as a binomial of so many trials can tell.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Mapping
from math import comb
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from fellowship.pipelines.planning.forecast import Forecast
from fellowship.pipelines.planning.pilot import forecast_rest, spread_rows
from fellowship.pipelines.planning.predictive import Estimate
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run_recipe
from tests.support.loopback.fixtures import server_process
from tests.support.recipes import THINGS, openai_model

TOLD = 0.95
SURE = 0.01
LOOP = {"team": "feedback", "name": "loop", "generator": "writer", "drafts": 3}
WHATS = ("calls", "tokens", "usd", "pairs", "seconds")


class Trial(NamedTuple):
    """What was foretold and what it came to, by quantity."""

    forecast: dict[str, Estimate]
    truth: dict[str, float]

    def holds(self, what: str) -> bool:
        """Whether the interval holds the truth."""
        told, truth = self.forecast[what], self.truth[what]
        return told.low - 1e-9 <= truth <= told.high + 1e-9


def recipe_in(folder: Path, base_url: str, dice: random.Random, rows: int) -> Path:
    """Rows of very different lengths, and a recipe with prices."""
    with (folder / "rows.jsonl").open("w") as out:
        for n in range(rows):
            more = int(dice.lognormvariate(1.0, 1.0)) * "It may be a long story. "
            text = f"Describe {dice.choice(THINGS)} number {n}. {more}"
            out.write(json.dumps({"prompt": text}) + "\n")
    price = {"prompt": 2.5, "cached": 1.25, "completion": 10.0}
    model = openai_model(base_url, concurrency=16, price=price)
    recipe = {
        "seed": dice.randrange(1000),
        "concurrency": 16,
        "models": {
            "writer": model,
            "critic": {**model, "temperature": 0.3},
            "judge": {**model, "temperature": 0},
        },
        "source": {"path": "rows.jsonl"},
        "systems": [LOOP | {"reviewers": ["critic"]}],
        "evaluate": {"team": "judge", "model": "judge"},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


async def run_trial(seed: int, rows: int, pilot: int) -> Trial:
    """Foretell, then run."""
    dice = random.Random(seed)
    speed = {"latency": dice.uniform(0.02, 0.1), "per_token": dice.uniform(1, 4) / 4000}
    with (
        server_process("openai", **speed, slots=dice.choice([4, 16, 0])) as server,
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        recipe = load_recipe(recipe_in(folder, server.base_url, dice, rows))
        picked = spread_rows(range(1, rows + 1), pilot)
        await run_recipe(recipe, folder / "pilot", picked=picked)
        made = forecast_rest(recipe, folder / "pilot", picked, rows)
        whole = await run_recipe(recipe, folder / "run")
    tokens = whole.prompt_tokens + whole.completion_tokens
    pairs = whole.states.get("pair", 0)
    truth = (whole.calls, tokens, whole.usd, pairs, whole.seconds)
    return Trial(estimates(made), dict(zip(WHATS, map(float, truth), strict=True)))


def estimates(made: Forecast) -> dict[str, Estimate]:
    """The totals of a forecast by name."""
    found: Mapping[str, Any] = {what: getattr(made, what) for what in WHATS}
    return {what: one for what, one in found.items() if one is not None}


def is_too_few(held: int, of: int) -> bool:
    """Whether an interval that tells the truth would hold so seldom 1 time in 100."""
    chance = sum(
        comb(of, k) * TOLD**k * (1 - TOLD) ** (of - k) for k in range(held + 1)
    )
    return chance < SURE


def main() -> int:
    """Every trial, then how often each interval held."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--trials", type=int, default=10)
    words.add_argument("--rows", type=int, default=150)
    words.add_argument("--pilot", type=int, default=12)
    words.add_argument("--seed", type=int, default=1)
    chosen = words.parse_args()
    trials: list[Trial] = []
    for n in range(chosen.trials):
        trials.append(
            asyncio.run(run_trial(chosen.seed + n, chosen.rows, chosen.pilot))
        )
        told, truth = trials[-1].forecast["seconds"], trials[-1].truth["seconds"]
        print(f"{n + 1:>3}: {truth:.1f} s; told {told.expected:.1f}", end="")
        print(f" ({told.low:.1f} to {told.high:.1f})", flush=True)
    good = True
    for what in WHATS:
        held = sum(one.holds(what) for one in trials)
        off = [one.forecast[what].expected / one.truth[what] for one in trials]
        wide = [
            (t.forecast[what].high - t.forecast[what].low) / t.truth[what]
            for t in trials
        ]
        print(f"{what:>8}: held {held} of {len(trials)};", end="")
        print(f" told {min(off):.2f} to {max(off):.2f} of the truth,", end="")
        print(f" interval {sum(wide) / len(wide):.2f} of it wide")
        good = good and not is_too_few(held, len(trials))
    print("intervals hold" if good else "intervals do NOT hold")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
