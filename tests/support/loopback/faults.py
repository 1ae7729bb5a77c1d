"""Whether a call fails depends on its body and its attempt, never on who came first.

So a seeded mix of faults strikes the same calls at concurrency 1 and at 64.
"""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from hashlib import blake2b
from typing import Any

REFUSALS = frozenset(
    {"401", "402", "404", "429", "500", "502", "503", "529"}
    | {"context", "quota", "filter-400", "error-200"}
)
"""Answered with an error body before any model is asked."""
BROKEN = frozenset({"reset", "half", "drip", "hang"})
"""The connection itself misbehaves."""
SPOILT = frozenset(
    {"bad-json", "no-choices", "null-content", "empty", "no-usage", "huge"}
    | {"filter", "refusal", "length"}
)
"""A status 200 whose body is not the answer it should be."""
KINDS = REFUSALS | BROKEN | SPOILT


@dataclass(frozen=True, slots=True)
class Fault:
    """One misbehaviour, written `kind` or `kind:retry_after`, e.g. `429:date`."""

    kind: str
    retry_after: str = ""

    @classmethod
    def parse(cls, text: str) -> Fault | None:
        """Reads one word of a plan; `ok` is no fault, an unknown word a ValueError."""
        kind, _, after = text.partition(":")
        if kind == "ok":
            return None
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind!r}; have {sorted(KINDS)}")
        return cls(kind, after)

    @property
    def headers(self) -> dict[str, str]:
        """The Retry-After header it asks for, if any."""
        value = retry_after(self.retry_after, 2)
        return {"Retry-After": value} if value else {}


def retry_after(style: str, seconds: float) -> str:
    """A header value: seconds, date, huge, negative, none, or the style itself."""
    match style:
        case "" | "none":
            return ""
        case "seconds":
            return str(max(1, math.ceil(seconds)))
        case "date":
            return formatdate(time.time() + seconds, usegmt=True)
        case "huge":
            return "31536000"
        case "negative":
            return "-5"
        case _:
            return style


class FaultPlan:
    """Which calls fail: the next few by list, the others by a seeded mix."""

    def __init__(self) -> None:
        self.coming: deque[Fault | None] = deque()
        self.mix: list[tuple[float, Fault | None]] = []
        self.seed = 0
        self.only: frozenset[str] = frozenset()
        self.attempts: Counter[bytes] = Counter()

    def script(self, plan: dict[str, Any]) -> None:
        """`next`: list of faults; `mix`: fault -> probability; `seed`; `only`: models.

        `next` is added to what is still to come; the other three replace.
        """
        if (total := sum(plan.get("mix", {}).values())) > 1.000001:
            raise ValueError(f"the mix adds up to {total}, more than 1")
        mix = {Fault.parse(k): float(p) for k, p in plan.get("mix", {}).items()}
        self.coming.extend(parsed(plan.get("next", ())))
        if "mix" in plan:
            self.mix = [(p, fault) for fault, p in mix.items()]
            self.attempts.clear()
        self.seed = plan.get("seed", self.seed)
        if "only" in plan:
            self.only = frozenset(plan["only"])

    def draw(self, body: bytes, model: str) -> Fault | None:
        """The fault of this attempt at this body (its digest)."""
        if self.only and model not in self.only:
            return None
        if self.coming:
            return self.coming.popleft()
        if not self.mix:
            return None
        self.attempts[body] += 1
        mark = f"{self.seed}:{self.attempts[body]}:".encode() + body
        left = int.from_bytes(blake2b(mark, digest_size=8).digest()) / 2**64
        for probability, fault in self.mix:
            left -= probability
            if left < 0:
                return fault
        return None


def parsed(words: Iterable[str]) -> list[Fault | None]:
    """A plan's words, read."""
    return [Fault.parse(word) for word in words]


class RateLimit:
    """At most `rate * window` calls accepted in any `window` seconds."""

    def __init__(self) -> None:
        self.accepted: deque[float] = deque()

    def wait(self, rate: float, window: float) -> float:
        """0 and the call is let in, or the seconds until one would be."""
        now = time.monotonic()
        while self.accepted and self.accepted[0] <= now - window:
            self.accepted.popleft()
        if len(self.accepted) < rate * window:
            self.accepted.append(now)
            return 0.0
        return self.accepted[0] + window - now
