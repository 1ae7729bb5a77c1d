"""Markdown tables of a plain text as marker lines: an overall score, a winner.

Rows of single criteria say nothing of the whole and are left out.
"""

from __future__ import annotations

import re

from fellowship.agents.parsing.sides import SIDE, side_of
from fellowship.lazy_pattern import lazy_pattern

_SIDE = lazy_pattern(SIDE, re.IGNORECASE)
_RULE = lazy_pattern(r"[-: ]+")
_SCORE = lazy_pattern(
    r"(?:(?:final|overall|total)[ \t]*)?(?:score|rating)s?(?:[ \t]*\([^()]*\))?"
    r"|overall|total|final",
    re.IGNORECASE,
)
_WINNER = lazy_pattern(
    r"(?:overall[ \t]+|final[ \t]+)?(?:winner|verdict)", re.IGNORECASE
)

_NAMES_WINNERS = lazy_pattern(
    r"(?:winner|verdict|better|best|preferred)(?:[ \t]+(?:response|answer|one))?",
    re.IGNORECASE,
)


def tables_as_lines(text: str) -> str:
    """The text with each table replaced by the marker lines it amounts to."""
    if "|" not in text:
        return text
    lines: list[str] = []
    rows: list[list[str]] = []
    for line in [*text.split("\n"), ""]:
        if line.lstrip().startswith("|") and line.count("|") > 1:
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            continue
        if rows:
            lines += _lines_of(rows)
            rows = []
        lines.append(line)
    return "\n".join(lines[:-1])


def _lines_of(rows: list[list[str]]) -> list[str]:
    """The marker lines of one table."""
    rows = [
        row for row in rows if not all(_RULE.fullmatch(cell or "-") for cell in row)
    ]
    if not rows:
        return []
    head = rows[0]
    sides = {at: side for at, cell in enumerate(head) if (side := _side(cell)) and at}
    scores = [at for at, cell in enumerate(head) if at and _SCORE.fullmatch(cell)]
    found: list[str] = []
    winners = len(head) == 2 and bool(_NAMES_WINNERS.fullmatch(head[1]))
    if len(head) == 1 and len(rows) == 2 and _WINNER.fullmatch(head[0]):
        return [f"Winner: {rows[1][0]}", ""]
    for row in rows:
        title = row[0] if row else ""
        if len(row) == 2 and (
            _WINNER.fullmatch(title) or (winners and _SCORE.fullmatch(title))
        ):
            found.append(f"Winner: {row[1]}")
        elif _SCORE.fullmatch(title) and set(sides.values()) == {"first", "second"}:
            found += [
                f"Score of the {side} response: {row[at]}"
                for at, side in sides.items()
                if at < len(row)
            ]
        elif _SCORE.fullmatch(title) and len(row) == 2 and row is not head:
            found.append(f"Score: {row[1]}")
        elif (side := _side(title)) and len(scores) == 1 and scores[0] < len(row):
            found.append(f"Score of the {side} response: {row[scores[0]]}")
    return [*found, ""]


def _side(cell: str) -> str:
    """The side that a cell names and nothing else; '' for any other."""
    match = _SIDE.fullmatch(cell)
    return side_of(match) if match else ""
