"""Clock of an endpoint's busy time, for machines paid by the hour.

While k calls are in flight each of them is charged a k-th of the time, so that the charges
of all calls add up to the time in which there was any. What failed calls took is charged
to the next one that succeeds.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class BusyClock:
    """Busy time of one endpoint in seconds, as far as this process keeps it busy."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls = 0
        self._share = 0.0
        self._uncharged = 0.0
        self._at = clock()

    def start(self) -> float:
        """A call begins. Returns the mark that `succeed` or `fail` must be given."""
        self._tick()
        self._calls += 1
        return self._share

    def charge(self, mark: float) -> float:
        """A call has succeeded; returns the seconds it is charged."""
        self.fail(mark)
        charged, self._uncharged = self._uncharged, 0.0
        return charged

    def fail(self, mark: float) -> None:
        """A call has failed."""
        self._tick()
        self._calls -= 1
        self._uncharged += self._share - mark

    def _tick(self) -> None:
        now = self._clock()
        if self._calls:
            self._share += (now - self._at) / self._calls
        self._at = now
