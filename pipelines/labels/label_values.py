"""Values of the labels in a file, and those that nobody explained.

A value that isn't understood is named with its rows and refused, or counted where somebody
asked for that: dropped in silence it would change every figure.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.number_format import counted
from fellowship.pipelines.columns.list_cells import votes_in
from fellowship.pipelines.columns.sides import Sides, is_explained
from fellowship.pipelines.columns.winner_words import is_missing
from fellowship.pipelines.labels.label_rankings import (
    Pair,
    pair_votes,
    ranking_hint,
    ranking_in,
)
from fellowship.records import Winner

QUOTES = "'\""
SHOWN = 8
"""Values and row numbers that a message lists."""


@dataclass
class LabelValues:
    """Reader of a file's label values, as its columns are read."""

    sides: Sides
    unknown: dict[str, list[int]] = field(default_factory=dict)
    unlabelled: list[int] = field(default_factory=list)

    def pair_votes(
        self, cells: Sequence[tuple[str, Any]], number: int
    ) -> tuple[dict[Pair, list[tuple[str, Winner]]], int]:
        """The votes in one row's cells by the answers they are about, and by column.

        A cell may hold a whole ranking; how many answers the longest has comes second.
        """
        said = self.sides.values
        ranked = {
            name: None if is_explained(value, said) else ranking_in(value)
            for name, value in cells
        }
        sides = [(name, value) for name, value in cells if ranked[name] is None]
        found: dict[Pair, list[tuple[str, Winner]]] = {}
        if sides or not cells:
            found[0, 1] = self.votes(sides, number)
        for name, ranking in ranked.items():
            for pair, winner in pair_votes(ranking or ()):
                found.setdefault(pair, []).append((name, winner))
        return found, max(map(len, filter(None, ranked.values())), default=0)

    def votes(
        self, cells: Sequence[tuple[str, Any]], number: int
    ) -> list[tuple[str, Winner]]:
        """The votes in one row's cells by column; a cell may hold a list of them."""
        given = [
            (name, one)
            for name, value in cells
            for one in votes_in(value)
            if not is_missing(one)
        ]
        if not given:
            self.unlabelled.append(number)
        found = [(name, self.winner(one, number)) for name, one in given]
        return [(name, winner) for name, winner in found if winner != "invalid"]

    def winner(self, value: Any, number: int) -> Winner:
        """What one value means; invalid for `skip` and for what nobody explained."""
        if isinstance(value, str) and value.strip().lower() == "skip":
            return "invalid"
        try:
            return self.sides.winner(value)
        except InputError:
            self.unknown.setdefault(ascii(value)[:60], []).append(number)
            return "invalid"

    def refuse_unknown(self, path: Path) -> None:
        """`InputError` that names every value nobody explained, with its rows."""
        if self.unknown:
            spelling = shlex.quote(f"{next(iter(self.unknown)).strip(QUOTES)}=tie")
            raise InputError(
                f"{str(path)!r} has label values that are not understood:"
                f" {described_values(self.unknown)}.{ranking_hint(self.unknown)}"
                " Say what each means, for instance"
                f" --value {spelling} (first, second, tie, or skip for no label), or"
                " leave them out with --count-unknown; `fellowship import labels FILE"
                " --into RUN` has both for verbs that don't"
            )


def described_values(unknown: Mapping[str, Sequence[int]]) -> str:
    """Each value with how often it is there and in which rows."""
    told = [
        f"{value} ({len(rows):,}: {described_rows(rows)})"
        for value, rows in list(unknown.items())[:SHOWN]
    ]
    more = len(unknown) - len(told)
    return ", ".join(told) + (f" and {counted(more, 'more value')}" if more else "")


def described_rows(rows: Sequence[int]) -> str:
    """`row 3`, or the first few of many; each row once."""
    rows = list(dict.fromkeys(rows))
    shown = ", ".join(f"{n:,}" for n in rows[:SHOWN])
    more = ", ..." if len(rows) > SHOWN else ""
    return f"{'row' if len(rows) == 1 else 'rows'} {shown}{more}"
