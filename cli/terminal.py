"""Terminal output: consoles, tables, numbers, JSON.

A terminal gets colour and frames; a pipe gets plain text; a model gets neither.
Whatever a model wrote passes through `sanitize`, so it can't move the cursor, recolour
the screen or turn the reading direction.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fellowship.sanitize import sanitize, single_line


class Pipe(Console):
    """A console whose reader may leave: `| head` is no failure, and ends us as usual."""

    def on_broken_pipe(self) -> None:
        """Let the error go on to where the exit code is decided."""
        raise


def console(*, err: bool = False) -> Console:
    """A console for stdout or stderr. Colour is rich's rule: a terminal, no NO_COLOR."""
    return Pipe(stderr=err, highlight=False, markup=False, emoji=False)


def say(out: Console, *parts: str | tuple[str, str]) -> None:
    """One line of `text` and `(text, style)` parts; a pipe's lines are never wrapped.

    Every part is sanitized here, so that no caller can forget to.
    """
    clean = [
        sanitize(p) if isinstance(p, str) else (sanitize(p[0]), p[1]) for p in parts
    ]
    out.print(Text.assemble(*clean), soft_wrap=not out.is_terminal)


def heading(out: Console, *parts: str) -> None:
    """A section's title: a rule on a terminal, a marked line in a pipe."""
    title = "  ".join(part for part in parts if part)
    out.print()
    if out.is_terminal:
        out.rule(Text(title, "bold"), align="left", style="bright_black")
    else:
        say(out, f"== {title}")


def table(
    out: Console,
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    right: str = "",
) -> None:
    """A table: framed on a terminal, columns of spaces in a pipe.

    `right` has an `r` for each right-aligned column, at its place.
    """
    cells = [[single_line(str(cell)) for cell in row] for row in rows]
    aligned = [right[i : i + 1] == "r" for i in range(len(heads))]
    if out.is_terminal and (room := fit_columns([list(heads), *cells], out.width)):
        heads, *cells = room
        framed = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for head, r in zip(heads, aligned, strict=True):
            framed.add_column(
                head,
                justify="right" if r else "left",
                no_wrap=True,
                overflow="ellipsis",
            )
        for row in cells:
            framed.add_row(*(Text(cell) for cell in row))
        out.print(framed)
        return
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for row in [list(heads), *cells]:
        laid = [
            cell.rjust(w) if r else cell.ljust(w)
            for cell, w, r in zip(row, widths, aligned, strict=True)
        ]
        say(out, "  ".join(laid).rstrip())


NARROW = 6
"""Letters that a column keeps on a narrow terminal."""


def fit_columns(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """The cells, those of the widest columns cut until all have room; [] if none can."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    over = sum(widths) + 3 * len(widths) - width
    while over > 0 and max(widths) > NARROW:
        widest = widths.index(max(widths))
        second = max([NARROW, *(w for w in widths if w < widths[widest])])
        less = min(over, widths[widest] - second)
        widths[widest] -= less
        over -= less
    if over > 0:
        return []
    return [
        [cut_text(cell, w) for cell, w in zip(row, widths, strict=True)] for row in rows
    ]


def cut_text(cell: str, room: int) -> str:
    """The cell in so many columns of a terminal, its last one an ellipsis if cut."""
    return cell if cell_len(cell) <= room else set_cell_size(cell, room - 1) + "…"


def print_json(value: Any) -> None:
    """A value on stdout as JSON for other programs; non-ASCII as it is."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    click.echo(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def is_terminal() -> bool:
    """Whether somebody may be watching stderr."""
    return sys.stderr.isatty()
