"""Biases of one judge against people's labels: family, length, position, column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fellowship.models.config import FAMILIES
from fellowship.pipelines.agreement.order_votes import is_balanced
from fellowship.pipelines.agreement.verdict_table import VerdictTable, family_sides
from fellowship.stats.bias import (
    PositionBias,
    SideBias,
    longer_side,
    position_bias_of,
    side_bias,
)
from fellowship.stats.codes import INVALID, Codes, Floats
from fellowship.stats.intervals import Resampling


class Biases(NamedTuple):
    """A judge's biases, conditional on people's label but for the position.

    `position` is of rows read in both orders: where the second is asked only if the first
    is close, of close rows.
    `first_column` is of rows read in one order, and only where each system is as often in
    either column.
    """

    bias: dict[str, SideBias]
    length: SideBias | None
    position: PositionBias | None = None
    first_column: SideBias | None = None


def column_biases(
    table: VerdictTable, votes: Codes, families: Sequence[str], plan: Resampling
) -> Biases:
    """Biases of votes (n,) to families and to the longer text."""
    found = {
        name: one
        for name in families
        if (one := bias_towards(table, votes, family_sides(table, name), plan))
    }
    longer = bias_towards(table, votes, longer_side(table.lengths), plan)
    return Biases(found, longer)


def judge_biases(
    table: VerdictTable, j: int, families: Sequence[str], plan: Resampling
) -> Biases:
    """All biases of the judge in column j."""
    votes = table.votes[:, j]
    found = column_biases(table, votes, families, plan)
    position = estimate_position(table, j, plan)
    column = None
    if position is None and is_balanced(table.families):
        column = bias_towards(table, votes, np.ones(len(votes)), plan)
    return found._replace(position=position, first_column=column)


def bias_towards(
    table: VerdictTable, votes: Codes, side: Floats, plan: Resampling
) -> SideBias | None:
    """The bias to a side (n,); None where no readable row has it on one side only."""
    readable = (votes != INVALID) & (table.labels != INVALID)
    if not (readable & (side != 0)).any():
        return None
    return side_bias(votes, table.labels, side, table.clusters, plan)


def estimate_position(
    table: VerdictTable, j: int, plan: Resampling
) -> PositionBias | None:
    """A judge's position bias; None where no row was readable in both orders."""
    forward, swapped = table.forward[:, j], table.swapped[:, j]
    if not ((forward != INVALID) & (swapped != INVALID)).any():
        return None
    return position_bias_of(forward, swapped, table.clusters, plan)


def judges_families(table: VerdictTable) -> list[str]:
    """The families of the run's judges that wrote one side of some row."""
    names = [name.lower() for name in table.judges]
    known = [f for f in FAMILIES if any(f in name for name in names)]
    return [f for f in known if family_sides(table, f).any()]


def authors_of(table: VerdictTable) -> list[str]:
    """Who wrote the candidates."""
    return sorted({name for pair in table.families for name in pair if name})


def authors_by_family(
    table: VerdictTable, families: Sequence[str]
) -> Mapping[str, tuple[str, ...]]:
    """Whose answers each family's bias score is of: a name holds more than a family."""
    return {
        f: tuple(a for a in authors_of(table) if f.lower() in a.lower())
        for f in families
    }
