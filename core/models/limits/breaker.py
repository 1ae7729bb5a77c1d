"""Circuit breaker per endpoint.

Closed, calls go. Open, nothing goes but one probe at a time, each after a longer wait than
the last; any answer closes it again. What a wait can't mend (a wrong key, no money, no such
model) is given up after three calls in a row, an endpoint that stays down after its
`patience`. So no row is spent on finding out that an endpoint is down.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from fellowship.errors import Failure

PERMANENT: frozenset[Failure] = frozenset({"auth", "quota", "missing"})
"""Failures of a model rather than of one request, which only a person can mend."""

OUTAGES: frozenset[Failure] = frozenset(
    {"down", "network", "unavailable", "server", "deadline"}
)
"""Failures that, again and again and with no reply between, mean an endpoint is down."""

UNCOUNTED: frozenset[Failure] = frozenset({"down", "network", "unavailable"})
"""Those of them that can't be one request's own fault: its tries are not used up."""

PERMANENT_IN_A_ROW = 3
"""So many calls in a row must end hopeless before a model is given up."""

ALIKE_IN_A_ROW = 3
"""So many requests of a model refused in the same words, none ever answered, stop it."""

IN_A_ROW = 8
"""So many failures without one reply open the breaker. One refused connection does too."""

LONGEST_WAIT = 30.0
"""Seconds between two looks at an endpoint that is down, at the most."""


@dataclass
class Breaker:
    """What the last calls of an endpoint say of it. Times are a monotonic clock's."""

    patience: float
    in_a_row: int = IN_A_ROW
    failures: int = 0
    opened_at: float | None = None
    why: str = ""
    next_probe: float = 0.0
    probing: bool = False
    given_up: dict[str, str] = field(default_factory=dict)
    """Models given up, and why; '' stands for all of them."""
    _wait: float = 0.0
    _refused: float | None = None
    _hopeless: Counter[str] = field(default_factory=Counter)
    answered: set[str] = field(default_factory=set)
    """Models that answered a call of this run, now or before."""
    _refusals: dict[str, tuple[str, int]] = field(default_factory=dict)

    def reason_given_up(self, model: str) -> str:
        """Why no call of this model will be sent any more; '' while some may."""
        return self.given_up.get("") or self.given_up.get(model, "")

    @property
    def is_suspect(self) -> bool:
        """Whether a model may be about to be given up: then one call goes at a time."""
        return bool(self._hopeless)

    def wait(self, now: float) -> float:
        """Seconds until a call may be sent: 0 now, infinity while one is on its way."""
        if self.opened_at is None:
            return 0.0
        return float("inf") if self.probing else max(0.0, self.next_probe - now)

    def record_sent(self) -> None:
        """A call goes out; of an open breaker it is the probe."""
        self.probing = self.opened_at is not None

    def record_success(self, model: str) -> None:
        """A call was answered: the breaker closes."""
        self.answered.add(model)
        self._record_up(model)

    def _record_up(self, model: str) -> None:
        self.failures = 0
        self.opened_at = self._refused = None
        self.probing = False
        self._wait = 0.0
        self._hopeless.pop(model, None)

    def record_failure(self, model: str, kind: Failure, why: str, now: float) -> bool:
        """A try failed. True: the endpoint is at fault, and the try does not count."""
        if kind in PERMANENT:
            return self._record_permanent(model, why)
        if kind == "rate":
            return self._record_rate_limit(why, now)
        if kind not in OUTAGES:
            self._record_up(model)
            if kind == "rejected":
                self._record_refusal(model, why)
            return False
        self.failures += 1
        if self.opened_at is None and (
            kind == "down" or self.failures >= self.in_a_row
        ):
            self.opened_at, self.why = now, why
        if self.opened_at is None:
            return False
        self._schedule_probe(why, now)
        return kind in UNCOUNTED

    def _record_refusal(self, model: str, why: str) -> None:
        """A request was refused: one may be odd, three in the same words are hopeless."""
        alike = re.sub(r"[\w-]*\d[\w-]*", "", why)  # numbers and ids of requests
        before, times = self._refusals.get(model, ("", 0))
        times = times + 1 if alike == before else 1
        self._refusals[model] = alike, times
        if times >= ALIKE_IN_A_ROW and model not in self.answered:
            self.given_up[model] = f"{why} ({times} times running, and no reply)"

    def record_cancelled(self) -> None:
        """We cancelled a call: it says nothing of the endpoint, and another may probe."""
        self.probing = False

    def _schedule_probe(self, why: str, now: float) -> None:
        assert self.opened_at is not None
        if self.probing or not self._wait:
            self._wait = min(LONGEST_WAIT, 2 * self._wait or 0.5)
            self.next_probe = now + self._wait
        self.probing = False
        if now - self.opened_at >= self.patience:
            self.given_up[""] = f"{why} (waited {now - self.opened_at:.0f} s)"

    def _record_permanent(self, model: str, why: str) -> bool:
        self.probing = False
        self._hopeless[model] += 1
        if self._hopeless[model] >= PERMANENT_IN_A_ROW:
            self.given_up[model] = why
            del self._hopeless[model]
        return True

    def _record_rate_limit(self, why: str, now: float) -> bool:
        self.probing = False
        self.failures = 0
        self.opened_at = None
        self._refused = now if self._refused is None else self._refused
        if now - self._refused >= self.patience:
            self.given_up[""] = f"{why} (nothing else for {now - self._refused:.0f} s)"
        return True
