"""Sections, exhibits and tables of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fellowship.number_format import count
from fellowship.pipelines.report.example_rows import Message
from fellowship.sanitize import single_line

Cells = Sequence[object]


@dataclass(frozen=True)
class Grid:
    """A table: heads, rows, and which columns are figures (`r` at their places)."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: str = ""

    def kind(self, column: int) -> str:
        """The CSS class of a column."""
        return "figure" if self.right[column : column + 1] == "r" else ""


@dataclass(frozen=True)
class Part:
    """One exhibit: a plot, a table, a note.

    A `broad` one takes the page's width, and has a second plot for narrow screens.
    `folded` is what is read in the place of a grid or of messages folded away;
    `messages` are a transcript's.
    """

    title: str = ""
    plots: tuple[str, ...] = ()
    grid: Grid | None = None
    note: str = ""
    broad: bool = False
    folded: str = ""
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Section:
    """A heading, a sentence or two, and exhibits; `nothing` says why there are none."""

    name: str
    title: str
    intro: str = ""
    parts: tuple[Part, ...] = field(default_factory=tuple)
    nothing: str = ""


def grid(heads: Cells, rows: Sequence[Cells], right: str = "") -> Grid:
    """A table of whatever the cells are, each sanitized and on one line.

    A column in which no row says anything is left out.
    """
    made = [[cell(each) for each in row] for row in rows]
    filled = [any(row[n] for row in made) for n in range(len(heads))]
    kept = [n for n in range(len(heads)) if not n or filled[n] or not made]
    return Grid(
        tuple(str(heads[n]) for n in kept),
        tuple(tuple(row[n] for n in kept) for row in made),
        "".join(right[n : n + 1] or " " for n in kept),
    )


def cell(value: object) -> str:
    """A cell's text; None is an empty cell."""
    if value is None:
        return ""
    return count(value) if isinstance(value, int) else single_line(str(value))
