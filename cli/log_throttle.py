"""Log throttle: when a line of progress is due, and how much is in it.

A log says in full what is new, and in brief, ever more rarely, what only goes on.
Decides from values and a clock that is given; prints nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fellowship.models.limits.wait_note import WaitNote

PERIOD = 10.0
"""Seconds between two lines of a log while the run moves."""

LONGEST = 120.0
"""Seconds between two lines while nothing moves, at the most."""


def note_key(note: WaitNote) -> str:
    """What of a note is told in full once only."""
    return note.why or note.what


@dataclass
class LogThrottle:
    """When the next line of a log is due, and how much of each note is in it."""

    resume: str = ""
    last_line: float = 0.0
    every: float = PERIOD
    _moved: object = None
    _shown: set[str] = field(default_factory=set)

    def notes(
        self, now: float, moved: object, waits: Sequence[WaitNote]
    ) -> list[str] | None:
        """The notes of the line that is due; None while none is.

        `moved` is any value that changes with each step of the run, `waits` what calls
        wait for. An endpoint that is newly down is told at once, with the way out.
        """
        if moved != self._moved:
            self._moved, self.every = moved, PERIOD
        news = [w for w in waits if w.down and note_key(w) not in self._shown]
        if not news and now - self.last_line < self.every:
            return None
        if not news:
            self.every = min(LONGEST, 2 * self.every)
        self.last_line = now
        lines = [w.what if note_key(w) in self._shown else str(w) for w in waits]
        self._shown = {note_key(w) for w in waits}
        return lines + [self.how_to_stop] * bool(news)

    @property
    def how_to_stop(self) -> str:
        """What somebody can do who doesn't want to wait."""
        go_on = f"; resume later with: {self.resume}" if self.resume else ""
        sooner = "a shorter `patience` under the model gives up sooner"
        return f"{sooner}; Ctrl-C loses nothing that is recorded{go_on}"
