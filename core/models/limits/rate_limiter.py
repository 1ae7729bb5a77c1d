"""Rate limiter: calls and tokens a minute of one endpoint.

Calls and tokens go out evenly, with a burst of a fiftieth of the limit, so that no window
of a minute, wherever it begins and whatever the network delays, holds more than the limit.
"""

from __future__ import annotations

MINUTE = 60.0

BURST = 0.02
"""Of a minute's limit, what may go out at once."""

MARGIN = 0.01
"""Of a minute, what clocks and wires may shift a call by."""

ROUNDING = 1e-6
"""Units that rounding may lose: less is not waited for."""

LEAST_FLOW = 0.2
"""Of a minute's limit, what flows at the least when one call is most of it."""


class RateBucket:
    """Leaky bucket: at most `limit` units in any `window` seconds."""

    def __init__(self, limit: float, window: float = MINUTE) -> None:
        self.limit = limit
        self.window = window
        self.room = max(1.0, BURST * limit)
        self._level = self.room
        self._at: float | None = None

    @property
    def flow(self) -> float:
        """Units a second. What a burst may take is not there to flow.

        A burst of one unit takes nothing: `n` intervals have `n + 1` ends.
        """
        spare = self.limit / (1 + MARGIN)
        if self.room > 1:
            spare = max(spare - self.room, LEAST_FLOW * self.limit)
        return spare / self.window

    def wait(self, units: float, now: float) -> float:
        """Seconds until `units` may go out; 0: now. A larger call widens the burst."""
        self._fill(now)
        self.room = max(self.room, units)
        missing = units - self._level
        return missing / self.flow if missing > ROUNDING else 0.0

    def take(self, units: float, now: float) -> None:
        """`units` go out. More than there is makes a debt."""
        self._fill(now)
        self._level -= units

    def _fill(self, now: float) -> None:
        since = now - (self._at if self._at is not None else now)
        self._level = min(self.room, self._level + self.flow * max(0.0, since))
        self._at = now


class RateLimiter:
    """An endpoint's limits on calls and tokens a minute; None: no limit."""

    def __init__(
        self, rpm: float | None, tpm: float | None, window: float = MINUTE
    ) -> None:
        self._calls = RateBucket(rpm, window) if rpm else None
        self._tokens = RateBucket(tpm, window) if tpm else None

    def wait(self, tokens: float, now: float) -> float:
        """Seconds until a call that will use about `tokens` may be sent."""
        calls = self._calls.wait(1, now) if self._calls else 0.0
        return max(calls, self._tokens.wait(tokens, now) if self._tokens else 0.0)

    def take(self, tokens: float, now: float) -> None:
        """A call is sent."""
        if self._calls:
            self._calls.take(1, now)
        if self._tokens:
            self._tokens.take(tokens, now)

    def correct(self, expected: float, used: float, now: float) -> None:
        """A call is over: the tokens it used replace those that were expected."""
        if self._tokens:
            self._tokens.take(used - expected, now)
