"""An endpoint that is down is waited for; its rows are not spent on finding that out.

Closed, calls go. Open, nothing goes but one call at a time to see whether the endpoint is
back, each after a longer wait than the last. Whatever answers closes it again. What a wait
can't mend (a wrong key, no money, no such model) is given up after three calls in a row,
an endpoint that stays down after its `patience`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from fellowship.errors import Failure

HOPELESS: frozenset[Failure] = frozenset({"auth", "quota", "missing"})
"""Failures of a model rather than of one request, which only a person can mend."""

SILENT: frozenset[Failure] = frozenset(
    {"down", "network", "unavailable", "server", "deadline"}
)
"""Failures that, again and again and with no reply between, mean an endpoint is down."""

PASSING: frozenset[Failure] = frozenset({"down", "network", "unavailable"})
"""Those of them that can't be one request's own fault: its tries are not used up."""

GIVEN_UP = 3
"""So many calls in a row must end hopeless before a model is given up."""

IN_A_ROW = 8
"""So many failures without one reply open the breaker. One refused connection does too."""

LONGEST = 30.0
"""Seconds between two looks at an endpoint that is down, at the most."""


@dataclass
class Breaker:
    """What the last calls of an endpoint say of it. Times are a monotonic clock's."""

    patience: float
    in_a_row: int = IN_A_ROW
    failures: int = 0
    opened: float | None = None
    why: str = ""
    look: float = 0.0
    probing: bool = False
    gone: dict[str, str] = field(default_factory=dict)
    """Models given up, and why; '' stands for all of them."""
    _wait: float = 0.0
    _refused: float | None = None
    _hopeless: Counter[str] = field(default_factory=Counter)

    def verdict(self, model: str) -> str:
        """Why no call of this model will be sent any more; '' while there is hope."""
        return self.gone.get("") or self.gone.get(model, "")

    @property
    def doubted(self) -> bool:
        """Whether a model may be about to be given up: then one call at a time."""
        return bool(self._hopeless)

    def wait(self, now: float) -> float:
        """Seconds until a call may be sent: 0 now, infinity while one is on its way."""
        if self.opened is None:
            return 0.0
        return float("inf") if self.probing else max(0.0, self.look - now)

    def sent(self) -> None:
        """A call goes out; in an open breaker it is the look."""
        self.probing = self.opened is not None

    def answered(self, model: str) -> None:
        """Something that can answer is there."""
        self.failures = 0
        self.opened = self._refused = None
        self.probing = False
        self._wait = 0.0
        self._hopeless.pop(model, None)

    def failed(self, model: str, kind: Failure, why: str, now: float) -> bool:
        """A try failed. Whether that is the endpoint's fault, so that it does not count."""
        if kind in HOPELESS:
            return self._despair(model, why)
        if kind == "rate":
            return self._too_fast(why, now)
        if kind not in SILENT:
            self.answered(model)
            return False
        self.failures += 1
        if self.opened is None and (kind == "down" or self.failures >= self.in_a_row):
            self.opened, self.why = now, why
        if self.opened is None:
            return False
        self._look_later(why, now)
        return kind in PASSING

    def dropped(self) -> None:
        """A call was called back: it says nothing, and another may look."""
        self.probing = False

    def _look_later(self, why: str, now: float) -> None:
        assert self.opened is not None
        if self.probing or not self._wait:
            self._wait = min(LONGEST, 2 * self._wait or 0.5)
            self.look = now + self._wait
        self.probing = False
        if now - self.opened >= self.patience:
            self.gone[""] = f"{why} (waited {now - self.opened:.0f} s)"

    def _despair(self, model: str, why: str) -> bool:
        self.probing = False
        self._hopeless[model] += 1
        if self._hopeless[model] >= GIVEN_UP:
            self.gone[model] = why
            del self._hopeless[model]
        return True

    def _too_fast(self, why: str, now: float) -> bool:
        self.probing = False
        self.failures = 0
        self.opened = None
        self._refused = now if self._refused is None else self._refused
        if now - self._refused >= self.patience:
            self.gone[""] = f"{why} (nothing else for {now - self._refused:.0f} s)"
        return True
