"""Tally of the notes on a run's replies, counted as they are kept.

Replies whose notes are the same letters are one line of it. Where the notes are too many
different ones, or too long, nothing is known, and the ledger is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from fellowship.models.record.reply_notes import MARK, SHORT

MOST: Final = 256
"""Lines that are kept: models, their finish reasons and the notes on their replies."""
NOTED = f'{MARK}"'
"""What the record of a reply with any note holds."""


class NotesLine(NamedTuple):
    """Replies that end in the same notes, from `MARK` on; those that nobody priced."""

    model: str
    finish: str
    end: str
    replies: int
    unpriced: int


class NotesTally:
    """Replies as they come: how many, and their notes."""

    def __init__(self) -> None:
        self.replies = 0
        self.is_known = True
        self._lines: dict[tuple[str, str, str], list[int]] = {}

    def add(self, model: str, finish: str, usd: float | None, record: str) -> None:
        """Count a reply: its model, its finish reason, its cost and its record."""
        self.replies += 1
        at = record.find(NOTED)
        if at < 0 or not self.is_known:
            return
        key = (model, finish, record[at : at + SHORT + 1])
        line = self._lines.get(key)
        if line is None:
            if len(key[2]) > SHORT or len(self._lines) >= MOST:
                self.is_known = False
                return
            line = self._lines[key] = [0, 0]
        line[0] += 1
        line[1] += usd is None

    def lines(self) -> Iterator[NotesLine] | None:
        """Its lines; None where they are not known."""
        if not self.is_known:
            return None
        return (NotesLine(*key, *line) for key, line in self._lines.items())
