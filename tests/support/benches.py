"""Benches of seats made by arrays, and verdicts of one seat row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fellowship.pipelines.choosing.bench import Bench, Said, Seat
from fellowship.records import Scores, Verdict
from fellowship.stats.codes import Codes, Floats


def said(first: Floats, second: Floats, cost: float = 1.0) -> Said:
    """What a seat said, by scores (n, 2, k); each call costs so many tokens."""
    costs = np.zeros((*first.shape, 3))
    costs[..., 1], costs[..., 2] = cost, 1
    return Said(first, second, np.ones(first.shape, dtype=bool), costs)


def bench(labels: Codes, gaps: Sequence[Floats], prompts: Codes | None = None) -> Bench:
    """Seats a, b, c ... asked in one order, each by its score gaps (n,), NaN unread.

    A call of the first costs a token, of each other one ten times as many as before.
    """
    n = len(labels)
    seats = tuple(
        Seat(name, f"m-{name}", "combined", 10) for name in "abcdefgh"[: len(gaps)]
    )
    each = []
    for at, gap in enumerate(gaps):
        first = np.full((n, 2, 1), np.nan)
        first[:, 0, 0] = 5 + np.asarray(gap) / 2
        second = np.full((n, 2, 1), np.nan)
        second[:, 0, 0] = 5 - np.asarray(gap) / 2
        one = said(first, second, 10.0**at)
        asked = one.asked.copy()
        asked[:, 1] = False
        each.append(Said(first, second, asked, one.costs * asked[..., None]))
    numbers = np.arange(n) if prompts is None else np.asarray(prompts)
    rows = tuple(str(i) for i in range(n))
    return Bench(rows, labels, numbers.astype(np.intp), seats, tuple(each))


def verdicts_of(one: Said, row: int, seat: Seat) -> list[Verdict]:
    """The verdicts of one row, as a run keeps them."""
    found = []
    for at, order in enumerate(("forward", "swapped")):
        for sample in range(one.asked.shape[2]):
            if not one.asked[row, at, sample]:
                continue
            first, second = one.first[row, at, sample], one.second[row, at, sample]
            read = not np.isnan(first)
            scores = Scores(first=first, second=second) if read else None
            found.append(
                Verdict(
                    winner=scores.winner if scores else "invalid",
                    scores=scores,
                    order=order,  # type: ignore[arg-type]
                    sample=sample,
                    evaluator=seat.name,
                    scale=seat.scale,
                    tie_band=seat.tie_band,
                )
            )
    return found
