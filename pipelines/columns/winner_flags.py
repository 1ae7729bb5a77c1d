"""Winners in three columns of 0 and 1, as Arena's data have them, told as one column.

The columns say the winner together: one alone can't tell a tie from a loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FLAGS = ("winner_model_a", "winner_model_b", "winner_tie")
WINNER = "winner"
"""The column that a reader adds."""


def with_flagged(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row with a `winner`, where it has all three flags and no such column."""
    if WINNER in values or not all(name in values for name in FLAGS):
        return values
    return {**values, WINNER: flagged(values)}


def flagged(values: Mapping[str, Any]) -> str | None:
    """The side whose flag alone is 1: model_a, model_b or tie; None where none is."""
    marked = [
        name.removeprefix("winner_")
        for name in FLAGS
        if str(values.get(name)).strip().lower() in ("1", "1.0", "true")
    ]
    return marked[0] if len(marked) == 1 else None
