"""Votes of a bench's seats in one order and number of samples, on all rows at once.

The same decisions as `teams.decisions.decide` gives row by row: samples of an order are
averaged, an order that can't be read makes the whole invalid, and a contradiction names
no winner. A test holds them to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fellowship.pipelines.choosing.bench import Bench, Said, Seat
from fellowship.stats.codes import INVALID, Codes, Floats

Order = Literal["first", "adaptive", "both"]
CLOSE = 1e-9
"""Scores this near one another are equal: they are means of floats."""
JURY_SCALE = 10.0
"""The scale of a jury's mean scores, as `JurySettings.scale` has it."""


@dataclass(frozen=True)
class Variant:
    """In which order a seat is asked, and how many samples of each are averaged."""

    order: Order = "both"
    samples: int = 1

    def text(self, bench: Bench) -> str:
        """What is said of it where it could be another; nothing where it couldn't."""
        parts = []
        orders = any(said.asked[:, 1].any() for said in bench.said)
        if orders:
            parts.append(
                {"first": "A first only"}.get(self.order, f"{self.order} orders")
            )
        if any(said.asked.shape[2] > 1 for said in bench.said):
            parts.append(f"{self.samples} sample{'s' * (self.samples > 1)}")
        return ", ".join(parts).replace("adaptive orders", "adaptive order")


BOTH = Variant()
"""Both orders, one sample in each."""


@dataclass(frozen=True)
class Votes:
    """One seat's votes: codes (n,), their mean scores (n,), and costs (n, 3)."""

    verdicts: Codes
    first: Floats
    second: Floats
    costs: Floats

    @property
    def margin(self) -> Floats:
        """How far apart the answers are, in points; NaN where no side is named."""
        decided = np.abs(self.verdicts) == 1
        return np.where(decided, np.abs(self.first - self.second), np.nan)


def has_variant(bench: Bench, seat: int, variant: Variant) -> bool:
    """Whether a seat was asked on every row in a variant's orders and samples."""
    said = bench.said[seat]
    if bench.seats[seat].strategy == "independent" and variant.order != "first":
        return False  # each answer is read alone: there is no order
    if bench.seats[seat].strategy == "direct" and variant.order == "adaptive":
        return False  # no score gap to go by: a recipe is refused such an order
    asked = said.asked[:, :, : variant.samples]
    if asked.shape[2] < variant.samples or not asked[:, 0].all():
        return False
    if variant.order == "first":
        return True
    again = np.asarray(asked[:, 1].all(axis=1))
    if variant.order == "both":
        return bool(again.all())
    return bool(
        asked[:, 1].any() and again[asks_again(said, bench.seats[seat], variant)].all()
    )


def asks_again(said: Said, seat: Seat, variant: Variant) -> NDArray[np.bool_]:
    """Rows (n,) where a judge that is asked adaptively is asked in the other order too."""
    first, second = (
        order_mean(x, variant.samples)[:, 0] for x in (said.first, said.second)
    )
    gap = np.abs(first - second)
    near = (gap <= max(1.0, seat.scale / 10)) | (gap <= seat.tie_band)
    return np.asarray(near & ~np.isnan(first))


def order_mean(scores: Floats, samples: int) -> Floats:
    """The mean of an order's readable samples (n, 2); NaN where none could be read."""
    part = scores[:, :, :samples]
    known = ~np.isnan(part)
    many = known.sum(axis=2)
    total = np.where(known, part, 0.0).sum(axis=2)
    return np.where(many > 0, total / np.maximum(many, 1), np.nan)


def votes_of(bench: Bench, seat: int, variant: Variant) -> Votes:
    """What a seat's verdicts amount to in one variant."""
    said = bench.said[seat]
    asked = np.asarray(said.asked[:, :, : variant.samples].any(axis=2))
    if variant.order == "first":
        asked = asked & np.array([True, False])
    if variant.order == "adaptive":
        again = asks_again(said, bench.seats[seat], variant)
        asked = np.stack([asked[:, 0], asked[:, 1] & again], axis=1)
    first, second = (order_mean(x, variant.samples) for x in (said.first, said.second))
    read = asked & ~np.isnan(first)
    band = bench.seats[seat].tie_band
    gap = np.where(read, sign_of(first - second, band), 0)
    valid = asked.any(axis=1) & (read == asked).all(axis=1)
    contradicts = (gap == 1).any(axis=1) & (gap == -1).any(axis=1)
    high, low = (masked_mean(x, read) for x in (first, second))
    sign = sign_of(high - low, band)
    level = sign == 0
    high, low = (np.where(level, (high + low) / 2, x) for x in (high, low))
    verdicts = np.where(valid & ~contradicts, sign, INVALID).astype(np.int8)
    paid = said.costs[:, :, : variant.samples].sum(axis=2) * asked[:, :, None]
    return Votes(verdicts, high, low, paid.sum(axis=1))


def sign_of(gap: Floats, band: float = 0.0) -> NDArray[np.int8]:
    """1, 0 or -1; gaps within a tie band, and differences of rounding, are 0."""
    known = np.nan_to_num(gap)
    far = np.abs(known) > band + CLOSE
    return np.asarray(np.sign(np.where(far, known, 0.0)).astype(np.int8))


def masked_mean(values: Floats, mask: NDArray[np.bool_]) -> Floats:
    """The mean (n,) of values (n, 2) where the mask is; 0 where it is nowhere."""
    total = np.where(mask, values, 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(mask.sum(axis=1), 1))


def jury_scale_factor(seat: Seat) -> float:
    """What a seat's score gap is multiplied by on a jury's scale, 1 to JURY_SCALE."""
    if (seat.low, seat.high) == (1.0, JURY_SCALE):
        return 1.0
    return (JURY_SCALE - 1) / (seat.high - seat.low)
