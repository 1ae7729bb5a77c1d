"""Bench: what every seat said of every labelled pair, by order and sample, and its cost.

A seat is one model asked one way. Everything that a choice is made from is an array over
the same rows, so that every configuration is decided from one record and none is asked
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fellowship.stats.codes import Codes, Floats

Unit = Literal["usd", "tokens", "calls"]
UNITS: tuple[Unit, ...] = ("usd", "tokens", "calls")
"""What a label may cost, in the order of the last axis of costs."""
ORDERS = ("forward", "swapped")


@dataclass(frozen=True)
class Seat:
    """One model asked one way: `name` is what its verdicts go by.

    Mean scores no further apart than `tie_band` are a tie.
    """

    name: str
    model: str
    strategy: str
    scale: float
    tie_band: float = 0.0

    @property
    def low(self) -> float:
        """The lowest score it gives; 0 where it chooses without scores."""
        return 0.0 if self.strategy == "direct" else 1.0

    @property
    def high(self) -> float:
        """The highest score it gives."""
        return 1.0 if self.strategy == "direct" else self.scale


@dataclass(frozen=True)
class Said:
    """What one seat said of n rows in 2 orders, up to k samples each.

    `first` and `second` (n, 2, k) are scores, NaN where it could not be read or was not
    asked; `asked` (n, 2, k) says which; `costs` (n, 2, k, 3) are in `UNITS`.
    """

    first: Floats
    second: Floats
    asked: NDArray[np.bool_]
    costs: Floats


@dataclass(frozen=True)
class Whole:
    """A whole team's decisions (n,), as a debate's, and what each row cost (n, 3)."""

    name: str
    verdicts: Codes
    costs: Floats


@dataclass(frozen=True)
class Bench:
    """Labelled rows, the seats that judged them all, and teams decided as a whole.

    `labels` (n,) are people's codes, none INVALID; `prompts` (n,) number the prompts from
    0. `unpriced`: some call has no known price. `notes` say what was left out, and why;
    `matched` how labels were matched.
    """

    rows: tuple[str, ...]
    labels: Codes
    prompts: NDArray[np.intp]
    seats: tuple[Seat, ...]
    said: tuple[Said, ...]
    teams: tuple[Whole, ...] = ()
    unpriced: bool = False
    matched: str = ""
    notes: tuple[str, ...] = ()

    @property
    def prompt_count(self) -> int:
        """Independent prompts among the rows."""
        return len(np.unique(self.prompts))

    @property
    def unit(self) -> Unit:
        """Dollars where every call has a price and some cost; else tokens, else calls."""
        if self.total[0] > 0 and not self.unpriced:
            return "usd"
        return "tokens" if self.has_tokens else "calls"

    @property
    def has_tokens(self) -> bool:
        """Whether the record says how many tokens its calls took."""
        return bool(self.total[1] > 0)

    @property
    def total(self) -> Floats:
        """What all calls cost (3,), in `UNITS`."""
        costs = [said.costs.sum(axis=(0, 1, 2)) for said in self.said]
        costs += [team.costs.sum(axis=0) for team in self.teams]
        return np.asarray(np.sum(costs, axis=0))
