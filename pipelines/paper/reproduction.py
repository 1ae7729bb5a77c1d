"""Records of a reproduction: lines, tables, selections.

A published figure is reproduced when ours equals it; else the table says by how much.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from fellowship.json_values import json_value
from fellowship.pipelines.agreement.calibration_points import CalibrationPoints

EXACT = 1e-12


@dataclass(frozen=True)
class Line:
    """One figure three times over.

    `published` with `digits` decimals (None: exact), `recomputed` from what the release
    stored, `corrected` from what its texts say; `low` and `high` are the corrected
    figure's 95 % interval. None where it can't be known.
    """

    name: str
    published: float | None = None
    recomputed: float | None = None
    corrected: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    changed: int = 0
    invalid: int = 0
    digits: int | None = None
    note: str = ""

    @property
    def title(self) -> str:
        """The name for people: the release marks with `_-1` a file that keeps -1 for
        what could not be read."""
        judge = self.name.removesuffix("_-1")
        return self.name if judge == self.name else f"{judge} (invalid stored as −1)"

    @property
    def difference(self) -> float | None:
        """Recomputed minus published, None where one is missing."""
        if self.published is None or self.recomputed is None:
            return None
        return self.recomputed - self.published

    @property
    def equal(self) -> bool | None:
        """Whether the two agree: to 1e-12, or to the decimals that were printed."""
        apart = self.difference
        if apart is None:
            return None
        room = EXACT if self.digits is None else 0.5 * 10.0**-self.digits + EXACT
        return math.isclose(apart, 0, abs_tol=room)


@dataclass(frozen=True)
class Table:
    """Lines of one kind, and what was corrected in them."""

    title: str
    kind: Literal["kappa", "jury", "rate", "mean"]
    lines: tuple[Line, ...]
    corrections: tuple[str, ...] = ()


@dataclass(frozen=True)
class InvertedRow:
    """One row whose stored pick is the loser; picks are draft numbers, rows from 1."""

    row: int
    released: int
    pick: int
    released_score: float
    pick_score: float


@dataclass(frozen=True)
class SelectionTable:
    """One configuration's second-round picks, and what follows from them.

    `picks_*` count rows by the draft picked (1, 2, 3). A derived pair is (pick, the draft
    it met in the second comparison); `first_*` are pairs (pick, draft 1) where the pick
    is another draft, `first_wrong` those of them whose chosen draft has the lower score.
    """

    name: str
    rows: int
    selected: int
    ties: int
    inverted: tuple[InvertedRow, ...]
    picks_released: tuple[int, int, int]
    picks_corrected: tuple[int, int, int]
    pairs_turned_round: int
    pairs_right: int
    first_released: int
    first_wrong: int
    first_corrected: int
    empty: tuple[int, ...] = ()


@dataclass(frozen=True)
class Reproduction:
    """Everything a folder allows to be said."""

    tables: tuple[Table, ...]
    selections: tuple[SelectionTable, ...] = ()
    margins: tuple[CalibrationPoints, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def lines(self) -> list[Line]:
        """Every line of every table."""
        return [line for table in self.tables for line in table.lines]

    @property
    def compared(self) -> int:
        """How many figures could be compared with a published one."""
        return sum(line.equal is not None for line in self.lines)

    @property
    def unequal(self) -> list[Line]:
        """The lines whose recomputed figure isn't the published one."""
        return [line for line in self.lines if line.equal is False]

    def as_json(self) -> dict[str, Any]:
        """Plain values, each line with its difference and whether it is equal."""
        tables = [
            {
                **asdict(table),
                "lines": [
                    {**asdict(x), "difference": x.difference, "equal": x.equal}
                    for x in table.lines
                ],
            }
            for table in self.tables
        ]
        whole = {
            "compared": self.compared,
            "unequal": [line.name for line in self.unequal],
            "tables": tables,
            "selections": [asdict(s) for s in self.selections],
            "margins": [asdict(m) for m in self.margins],
            "notes": list(self.notes),
            "seconds": self.seconds,
        }
        return {key: json_value(value) for key, value in whole.items()}
