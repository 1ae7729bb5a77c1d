"""Concurrency window: how many calls an endpoint takes at once, found by trying.

The window of calls in flight doubles while that makes more work come back, then creeps. It
shrinks only when the endpoint says "too fast", once for all calls that were in flight
then: a server that fails (5xx) has not said that it is asked too often.
"""

from __future__ import annotations

from dataclasses import dataclass, field

START = 4
"""Calls in flight before anything is known."""

WORTH = 0.3
"""Of a larger window's extra calls, the share that must come back as extra work."""

CUT = 0.7
"""What is left of a window after a refusal for pace."""

CREEP = 0.25
"""By how much of itself a window grows once doubling has ended."""

HOLD = 8
"""Epochs without a try at growing after one that brought nothing."""

LEARNING = 8
"""Calls of a model that say what its calls cost; slowness is measured against that."""


@dataclass
class UsualCost:
    """The usual cost of one model's calls, in seconds for a unit of work."""

    calls: int = 0
    cost: float = 0.0

    def slowness(self, cost: float) -> float:
        """A call's cost over the usual one."""
        if self.calls < LEARNING:
            self.calls += 1
            self.cost += (cost - self.cost) / self.calls
        return cost / max(self.cost, 1e-9)


@dataclass
class Window:
    """Calls that may be in flight at once: `limit`, from 1 to `ceiling`."""

    ceiling: int
    limit: int = START
    _doubling: bool = True
    _hold: int = 0
    _began: float = float("-inf")
    _cut: float = float("-inf")
    _slow: list[float] = field(default_factory=list)
    _usual: dict[str, UsualCost] = field(default_factory=dict)
    _before: tuple[int, float] | None = None

    def __post_init__(self) -> None:
        self.limit = max(1, min(self.limit, self.ceiling))

    def record_reply(
        self, model: str, sent: float, now: float, tokens: int, *, full: bool
    ) -> None:
        """A reply came back. `full`: the window was used up when it was sent.

        A window that is not used up says nothing of a larger one, and a call sent under
        an earlier limit nothing of this one.
        """
        cost = max(now - sent, 1e-6) / (tokens + 16)
        slow = self._usual.setdefault(model, UsualCost()).slowness(cost)
        if not full or sent < self._began or self.limit >= self.ceiling:
            return
        self._slow.append(slow)
        if len(self._slow) >= max(START, self.limit):
            self._decide(now)

    def _decide(self, now: float) -> None:
        good = self.limit * len(self._slow) / sum(self._slow)
        before, self._before = self._before, None
        if before is not None and not paid_off(before, (self.limit, good)):
            self.limit, self._doubling, self._hold = before[0], False, HOLD
        elif self._hold:
            self._hold -= 1
        else:
            self._before = (self.limit, good)
            more = self.limit if self._doubling else max(1, int(CREEP * self.limit))
            self.limit = min(self.ceiling, self.limit + more)
        self._restart(now)

    def record_refusal(self, sent: float, now: float) -> bool:
        """The endpoint said "too fast": cut, once for all that were in flight then."""
        if sent <= self._cut:
            return False
        self.limit = max(1, int(CUT * self.limit))
        self._cut, self._doubling, self._before = now, False, None
        self._restart(now)
        return True

    def _restart(self, now: float) -> None:
        self._began = now
        self._slow.clear()


def paid_off(before: tuple[int, float], after: tuple[int, float]) -> bool:
    """Whether a larger window brought its share. Each is (limit, work coming back)."""
    more = after[0] / before[0] - 1
    return after[1] >= before[1] * (1 + WORTH * more)
