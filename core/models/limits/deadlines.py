"""Deadlines of model calls, learned from the replies before.

The estimate is the retransmission timer of RFC 6298 on seconds a token: the mean and four
mean deviations, doubled after every reply that did not come. Until three replies are in,
a call has `cold` seconds, in which a large model may first have to be loaded.
"""

from __future__ import annotations

from dataclasses import dataclass

OVERHEAD = 64
"""Tokens' worth of time that every call takes, however short its reply."""

FLOOR = 60.0
"""Seconds every call has: a model may have to be loaded again."""

SLACK = 2.0
"""A reply may take so many times what the estimate says."""

KNOWN = 3
"""Replies before the estimate counts."""

MOST_DOUBLING = 64.0
"""How often a deadline is doubled, all doublings together."""

REMOTE, LOCAL = 300.0, 1800.0
"""Seconds a first call has from a service, and from a machine of one's own."""


@dataclass
class Deadlines:
    """How long one model's calls may take, in seconds. `fixed`: what the recipe says."""

    fixed: float | None = None
    cold: float = REMOTE
    floor: float = FLOOR
    _calls: int = 0
    _mean: float = 0.0
    _deviation: float = 0.0
    _factor: float = 1.0

    def seconds_for(self, longest: int) -> float:
        """Seconds for a call whose reply has at most `longest` tokens."""
        if self.fixed is not None:
            return self.fixed
        if self._calls < KNOWN:
            return self.cold * self._factor
        token = self._mean + 4 * self._deviation
        wanted = SLACK * token * (longest + OVERHEAD)
        return max(self.floor, wanted) * self._factor

    def record_reply(self, tokens: int, seconds: float) -> None:
        """A reply of so many tokens took so long."""
        token = seconds / (tokens + OVERHEAD)
        self._factor = 1.0
        self._calls += 1
        if self._calls == 1:
            self._mean, self._deviation = token, token / 2
            return
        self._deviation += (abs(token - self._mean) - self._deviation) / 4
        self._mean += (token - self._mean) / 8

    def record_timeout(self) -> None:
        """A reply did not come in time: the next one has twice as long."""
        self._factor = min(MOST_DOUBLING, 2 * self._factor)
