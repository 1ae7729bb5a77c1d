"""A machine that is paid by the hour costs what it is busy, whoever keeps it busy.

While k calls are in flight each of them is charged a k-th of the time, so that the charges
of all calls add up to the time in which there was any. What failed calls took is charged
to the next one that succeeds.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Busy:
    """The clock of one endpoint, as far as this process keeps it busy."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls = 0
        self._share = 0.0
        self._owed = 0.0
        self._at = clock()

    def enter(self) -> float:
        """A call begins. Returns what `leave` or `waste` must be given."""
        self._tick()
        self._calls += 1
        return self._share

    def leave(self, mark: float) -> float:
        """A call has succeeded; the seconds it is charged."""
        self.waste(mark)
        owed, self._owed = self._owed, 0.0
        return owed

    def waste(self, mark: float) -> None:
        """A call has failed."""
        self._tick()
        self._calls -= 1
        self._owed += self._share - mark

    def _tick(self) -> None:
        now = self._clock()
        if self._calls:
            self._share += (now - self._at) / self._calls
        self._at = now
