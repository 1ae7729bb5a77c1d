"""Exact test of drift against a judge's own noise, and the rates it compares.

A block holds what one judge said of one case: answers of the record, and answers of now,
three or more in all. Had nothing changed, any of them could be the recorded ones. So how
often the record and now differ is compared with every way of calling as many of the
answers recorded: no noise is assumed, it is in the blocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb, prod
from typing import NamedTuple

import numpy as np

from fellowship.stats.codes import DataError, Floats
from fellowship.stats.intervals import DEFAULT, Interval, Resampling
from fellowship.stats.rates import BIAS_RANGE, rate_interval


class Block(NamedTuple):
    """Answers of one judge to one case, in the record and now, and the case's prompt."""

    record: Sequence[Hashable]
    now: Sequence[Hashable]
    prompt: str = ""


class Shape(NamedTuple):
    """What a block's chances depend on: counts of its answers, largest first, and sides."""

    counts: tuple[int, ...]
    record: int
    now: int


@dataclass(frozen=True)
class RepeatTest:
    """Record and now against the noise within each, over blocks of one judge's answers.

    `apart`: how often an answer of the record and one of now differ; `noise`: two of the
    record, or two of now; `excess`: the first less the second; all with limits by prompt.
    `p` is exact and one-sided: the chance, had nothing changed, of record and now
    differing at least so often. `telling` blocks have answers that differ: the others
    say nothing of noise or drift. `least` is the p where record and now differ everywhere
    and neither from itself: none of so few answers can be smaller.
    """

    p: float
    apart: Interval
    noise: Interval
    excess: Interval
    blocks: int
    telling: int
    least: float = 0.0


def repeat_test(blocks: Sequence[Block], plan: Resampling = DEFAULT) -> RepeatTest:
    """The test and its rates. DataError for no block, or one of under three answers."""
    for block in blocks:
        if not block.record or not block.now or len(block.record) + len(block.now) < 3:
            raise DataError(f"a block needs both sides and three answers: {block!r}")
    if not blocks:
        raise DataError("no block of repeated answers")
    shapes = [shape_of(block) for block in blocks]
    prompts = [block.prompt for block in blocks]
    crossed = np.array([count_apart(block) for block in blocks])
    apart = crossed / [s.record * s.now for s in shapes]
    noise = np.array([noise_within(block) for block in blocks])
    return RepeatTest(
        p=chance_of(shapes, int(crossed.sum())),
        apart=rate_interval(apart, prompts, plan),
        noise=rate_interval(noise, prompts, plan),
        excess=rate_interval(apart - noise, prompts, plan, BIAS_RANGE),
        blocks=len(blocks),
        telling=sum(len(shape.counts) > 1 for shape in shapes),
        least=prod(least_chance(shape) for shape in shapes),
    )


def least_chance(shape: Shape) -> float:
    """The chance of what says most for drift in a block: each side alike, the two apart."""
    ways = comb(shape.record + shape.now, shape.record)
    return (2 if shape.record == shape.now else 1) / ways


def shape_of(block: Block) -> Shape:
    """The shape of a block."""
    counts = Counter([*block.record, *block.now]).values()
    sizes = len(block.record), len(block.now)
    return Shape(tuple(sorted(counts, reverse=True)), *sizes)


def count_apart(block: Block) -> int:
    """Pairs of an answer of the record and one of now that differ."""
    return sum(a != b for a in block.record for b in block.now)


def noise_within(block: Block) -> float:
    """The share of pairs of the record, and of now, that differ."""
    sides = (block.record, block.now)
    pairs = [a != b for side in sides for a, b in combinations(side, 2)]
    return sum(pairs) / len(pairs)


def chance_of(shapes: Iterable[Shape], least: int) -> float:
    """The chance, nothing having changed, of `least` or more pairs that differ."""
    counted = Counter(shape for shape in shapes if len(shape.counts) > 1)
    total = np.ones(1)
    for shape, many in counted.items():
        total = np.convolve(total, power(shape, many))
    return float(min(1.0, total[least:].sum())) if least > 0 else 1.0


@cache
def power(shape: Shape, many: int) -> Floats:
    """The distribution of pairs that differ, summed over `many` blocks of one shape."""
    if many == 1:
        return block_distribution(shape)
    half = power(shape, many // 2)
    whole = np.convolve(half, half)
    return np.convolve(whole, block_distribution(shape)) if many % 2 else whole


@cache
def block_distribution(shape: Shape) -> Floats:
    """Chances (k,) of 0 to k - 1 pairs that differ: multivariate hypergeometric."""
    chances = np.zeros(shape.record * shape.now + 1)
    ways = comb(shape.record + shape.now, shape.record)
    for taken in draws(shape.counts, shape.record):
        alike = sum(t * (n - t) for t, n in zip(taken, shape.counts, strict=True))
        many = np.prod([comb(n, t) for t, n in zip(taken, shape.counts, strict=True)])
        chances[shape.record * shape.now - alike] += many / ways
    return chances


def draws(counts: tuple[int, ...], size: int) -> Iterator[tuple[int, ...]]:
    """All ways of taking `size` of so many answers of each kind."""
    if not counts:
        if size == 0:
            yield ()
        return
    for taken in range(min(counts[0], size) + 1):
        for rest in draws(counts[1:], size - taken):
            yield (taken, *rest)
