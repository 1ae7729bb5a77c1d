"""The provider's own account of what it was asked and what it would charge for."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

from tests.support.loopback.prose import Reply


@dataclass(slots=True)
class Use:
    """One model's share of the calls."""

    calls: int = 0
    answered: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


class Tally:
    """Counts of model calls. `answered` ones were charged, whoever read the reply."""

    def __init__(self) -> None:
        self.calls = 0
        self.in_flight = 0
        self.in_flight_max = 0
        self.abandoned = 0
        self.limited = 0
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self.faults: Counter[str] = Counter()
        self.models: dict[str, Use] = {}
        self.bodies: Counter[bytes] = Counter()
        self.answers: Counter[bytes] = Counter()
        self.last: dict[bytes, tuple[int, int, int]] = {}
        self.unread = Use()

    def enter(self, raw: bytes) -> bytes:
        """A call arrived. Returns its body's digest."""
        body = blake2b(raw, digest_size=16).digest()
        self.calls += 1
        self.bodies[body] += 1
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self.in_flight)
        return body

    def asked(self, model: str) -> Use:
        """A call named this model."""
        use = self.models.get(model)
        if use is None:
            use = self.models[model] = Use()
        use.calls += 1
        return use

    def answered(self, body: bytes, use: Use, reply: Reply) -> None:
        """A reply is complete and will be charged for."""
        self.answers[body] += 1
        use.answered += 1
        use.prompt_tokens += reply.prompt_tokens
        use.completion_tokens += reply.completion_tokens
        use.cached_tokens += reply.cached_tokens
        # Nobody asks again for what was read: the answer before this one was lost.
        prompt, completion, cached = self.last.get(body, (0, 0, 0))
        self.unread.prompt_tokens += prompt
        self.unread.completion_tokens += completion
        self.unread.cached_tokens += cached
        tokens = reply.prompt_tokens, reply.completion_tokens, reply.cached_tokens
        self.last[body] = tokens

    def report(self) -> dict[str, Any]:
        """All of it as JSON.

        repeated: calls whose body had come before; answered_again: answers beyond the
        first to one body; abandoned: calls whose client went away before the end.
        """
        answered = self.answers.total()
        uses = self.models.values()
        return {
            "calls": self.calls,
            "answered": answered,
            "distinct": len(self.bodies),
            "repeated": self.calls - len(self.bodies),
            "answered_again": answered - len(self.answers),
            "abandoned": self.abandoned,
            "limited": self.limited,
            "in_flight": self.in_flight,
            "in_flight_max": self.in_flight_max,
            "prompt_tokens": sum(use.prompt_tokens for use in uses),
            "completion_tokens": sum(use.completion_tokens for use in uses),
            "by_path": dict(self.by_path),
            "by_status": {str(k): v for k, v in self.by_status.items()},
            "by_model": {name: asdict(use) for name, use in self.models.items()},
            "faults": dict(self.faults),
        }
