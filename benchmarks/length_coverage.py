"""Coverage of length-controlled win rates' intervals, by simulation.

    python -m benchmarks.length_coverage [--runs 2000] [--only WORDS] [--seed 0]

A world is drawn from the model's own prior: a judge's effect around 1, pairs' effects
around the judge's, systems of differing quality and length, prompts that ask for long
answers and suit one system or the other, the same for all pairs. `judge = 0` and the like
fix the effect instead, which shows what the prior costs where it is wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from fellowship.stats.length_designs import SMALLEST_SCALE, PairRows
from fellowship.stats.length_effects import PRIOR_EFFECT, PRIOR_SPREAD, PRIOR_WIDTH
from fellowship.stats.lengths import length_controlled

Floats = NDArray[np.float64]

LONGER: Final = 99.0
"""A system's offset that stands for: 2000 +- 200 longer than the first system's answer."""
_TASTE: Final = 0.8
"""Standard deviation of how well prompts suit one of two systems, in log-odds."""


@dataclass(frozen=True)
class World:
    """A design: which systems meet, how long each writes, what the judge is like.

    `offsets` are systems' mean log lengths, or `LONGER`. `only` counts one pair's rate.
    `effect` fixes the judge's; `copies` are rows a prompt, `ties` a share of them all.
    `characters`: the judge goes by AlpacaEval's term, of lengths and not of their logs.
    """

    pairs: Sequence[tuple[int, int]]
    offsets: Sequence[float]
    effect: float | None = None
    spread: float = PRIOR_SPREAD
    ties: float = 0.0
    copies: int = 1
    quality: float = 1.0
    only: int | None = None
    characters: bool = False


@dataclass(frozen=True)
class Drawn:
    """A world's pairs, and the truth: rates (k,), pairs' effects (k,), the judge's."""

    pairs: list[PairRows]
    rates: Floats
    effects: Floats
    judge: float


def draw(world: World, prompts: int, rng: np.random.Generator) -> Drawn:
    """One run of a world. Effects are of rows, not of rows of one prompt.

    A prompt's suiting a system adds variance under the logistic curve and flattens it:
    the effect within prompts is larger by sqrt(1 + .346 variance) (Zeger et al. 1988).
    """
    judge = rng.normal(PRIOR_EFFECT, PRIOR_WIDTH)
    judge = judge if world.effect is None else world.effect
    count = len(world.offsets)
    breadth = rng.normal(0, 1, prompts)
    sizes = lengths(world.offsets, breadth, rng)
    suits = rng.normal(0, _TASTE / 2**0.5, (count, prompts))
    quality, slopes = (
        rng.normal(0, world.quality / 2**0.5, count),
        rng.normal(0, 0.3, count),
    )
    z, taste = rng.normal(0, 1, 4000), rng.normal(0, _TASTE, 4000)
    which = np.repeat(np.arange(prompts), world.copies)
    pairs, rates, effects = [], [], []
    for a, b in world.pairs:
        effect = judge + rng.normal(0, world.spread)
        level, slope = quality[a] - quality[b], slopes[a] - slopes[b]
        by_length = effect * length_term(sizes[a], sizes[b], world.characters)
        within = by_length * (1 + 0.346 * _TASTE**2) ** 0.5
        chance = expit(level + slope * breadth + suits[a] - suits[b] + within)[which]
        won = (rng.random(len(which)) < chance).astype(float)
        won[rng.random(len(which)) < world.ties] = 0.5
        pairs.append(PairRows(won, np.stack([sizes[a], sizes[b]], 1)[which], which))
        equal = float(expit(level + slope * z + taste).mean())
        rates.append((1 - world.ties) * equal + world.ties / 2)
        effects.append(effect)
    return Drawn(pairs, np.array(rates), np.array(effects), judge)


def length_term(ours: Floats, theirs: Floats, characters: bool) -> Floats:
    """The length difference (n,) as the judge sees it: of logs, or of characters."""
    if characters:
        return np.tanh((ours - theirs) / (ours - theirs).std())
    doublings = np.log2(ours / theirs)
    return np.tanh(doublings / max(doublings.std(), SMALLEST_SCALE))


def lengths(
    offsets: Sequence[float], breadth: Floats, rng: np.random.Generator
) -> list[Floats]:
    """Each system's lengths in characters, around 1000."""
    noise = rng.normal(0, 0.3, (len(offsets), len(breadth)))
    first = 1000 * np.exp(offsets[0] + 0.6 * breadth + noise[0])
    return [first] + [
        first + rng.normal(2000, 200, len(breadth)).clip(1)
        if offset == LONGER
        else 1000 * np.exp(offset + 0.6 * breadth + own)
        for offset, own in zip(offsets[1:], noise[1:], strict=True)
    ]


@dataclass(frozen=True)
class Coverage:
    """Shares of intervals that hold the truth, and the rate's mean width and error."""

    rate: float
    effect: float
    judge: float
    width: float
    error: float


def coverage(world: World, prompts: int, runs: int, seed: int = 0) -> Coverage:
    """How often the intervals of `runs` drawn runs hold the truth."""
    rng = np.random.default_rng(seed)
    held, effects, judges, widths, errors = [], [], [], [], []
    for _ in range(runs):
        drawn = draw(world, prompts, rng)
        judge, found = length_controlled(drawn.pairs)
        judges.append(judge.low <= drawn.judge <= judge.high)
        for number, one in enumerate(found):
            if world.only is None or number == world.only:
                rate, effect = drawn.rates[number], drawn.effects[number]
                held.append(one.controlled.low <= rate <= one.controlled.high)
                effects.append(one.effect.low <= effect <= one.effect.high)
                widths.append(one.controlled.high - one.controlled.low)
                errors.append(one.controlled.value - rate)
    values = (held, effects, judges, widths, errors)
    return Coverage(*(float(np.mean(value)) for value in values))


def star(count: int) -> list[tuple[int, int]]:
    """Everybody against the first system."""
    return [(n, 0) for n in range(1, count)]


def round_robin(count: int) -> list[tuple[int, int]]:
    """Everybody against everybody."""
    return [(a, b) for a in range(count) for b in range(a)]


def spread_out(count: int) -> list[float]:
    """Systems whose answers are between .6 and 1.7 times as long as the first's."""
    return [0.0, *np.linspace(-0.5, 0.5, count - 1)]


def worlds() -> Mapping[str, World]:
    """The designs of the table in docs/agreement.md."""
    mixed = [*spread_out(8), LONGER]
    eight = (star(8), spread_out(8))
    fixed = {
        f"2 systems, {words}, judge = {effect:g}": World(star(2), [0, offset], effect)
        for effect in (0.0, 1.0, 2.0)
        for words, offset in (("both sides", 0.3), ("one-sided", LONGER))
    }
    return {
        "2 systems": World(star(2), [0, 0.3]),
        "3 systems": World(star(3), [0, 0.3, -0.3]),
        "8 systems": World(*eight),
        "2 systems, one-sided": World(star(2), [0, LONGER]),
        "3 systems, one-sided": World(star(3), [0, LONGER, LONGER]),
        "8 systems, one-sided": World(star(8), [0, *[LONGER] * 7]),
        "the one-sided one beside 7 others": World(star(9), mixed, only=7),
        "3 systems, round robin": World(round_robin(3), spread_out(3)),
        "8 systems, round robin": World(round_robin(8), spread_out(8)),
        "8 systems, 3 rows a prompt": World(*eight, copies=3),
        "8 systems, 20 % ties": World(*eight, ties=0.2),
        "8 systems of very different quality": World(*eight, quality=3.0),
        "8 systems, pairs all alike": World(*eight, spread=0.0),
        "8 systems, pairs very unlike": World(*eight, spread=0.5),
        "8 systems, by characters": World(*eight, characters=True),
        "the one-sided one beside 7 others, by characters": World(
            star(9), mixed, only=7, characters=True
        ),
        **fixed,
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--runs", type=int, default=2000, help="rates of each line, about"
    )
    parser.add_argument("--only", default="", help="designs whose name has these words")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print("| design | prompts | rate | pairs' effect | judge's | width | mean error |")
    print("|---|---|---|---|---|---|---|")
    for name, world in worlds().items():
        for prompts in (50, 200) if args.only in name else ():
            counted = 1 if world.only is not None else len(world.pairs)
            runs = max(args.runs // counted, min(args.runs, 300))
            one = coverage(world, prompts, runs, args.seed)
            effects = f"{one.effect:.1%} | {one.judge:.1%}"
            if world.ties or world.characters or world.effect is not None:
                effects = " | "  # what was planted is not the effect of the model
            print(
                f"| {name} | {prompts} | {one.rate:.1%} | {effects} | {one.width:.2f} |"
                f" {one.error:+.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
