"""Progress of a run, as the runner reports it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from fellowship.models.record.meter import Meter


@dataclass
class Progress:
    """How far a run is; the runner keeps it up to date."""

    total: int | None
    meter: Meter
    done: int = 0
    states: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.time)


Watch = Callable[[Progress], None]
