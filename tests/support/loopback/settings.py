"""Every behaviour of a loopback server is one field here, and can change as it runs."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Settings:
    """How a server behaves. Times are in seconds, rates in requests per second."""

    latency: float = 0.0
    per_token: float = 0.0
    slots: int = 0
    """Answers worked on at once; the rest wait. 0: no limit."""
    models: list[str] = field(default_factory=list)
    """Models that exist. Empty: any model does."""
    keys: list[str] = field(default_factory=list)
    """API keys let in. Empty: everyone is."""
    rate: float = 0.0
    """Calls accepted per second over a sliding window. 0: no limit."""
    window: float = 1.0
    retry_after: str = "seconds"
    """What a rate-limit 429 says: seconds, date, huge, negative, none."""
    drip_seconds: float = 0.5
    """Between two bytes of a slow drip."""
    huge_bytes: int = 50_000_000
    closings: dict[str, list[str]] = field(default_factory=dict)
    """Phrase of the last message -> lines one of which ends the answer to it."""
    num_ctx: int = 4096
    """Ollama's context window where a request names none."""
    cuts_in_silence: bool = False
    """Ollama: a prompt that is too long is cut even where it is told not to."""
    price: list[float] = field(default_factory=list)
    """USD a million prompt, cached and completion tokens: `/_stats` then has `usd`."""
    batch_seconds: float = 0.2
    """How long a batch is not worked on."""
    batches_expire: int = 0
    """So many of the next batches expire with half their lines answered."""
    refuses: str = ""
    """A parameter that lines of a batch may not have."""
    stall_at: str = ""
    """files, batches, look or content: done, but its answer takes `stall_seconds`."""
    stall_seconds: float = 600.0
    max_loaded: int = 3
    load_seconds: float = 0.0

    def change(self, values: dict[str, Any]) -> None:
        """Sets the named fields; an unknown name is a ValueError."""
        known = {f.name for f in fields(self)}
        if unknown := values.keys() - known:
            raise ValueError(f"no setting {sorted(unknown)}; have {sorted(known)}")
        for name, value in values.items():
            setattr(self, name, value)
