"""Labelled rows are kept as the table that `agree` reads, and nothing of their texts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fellowship.pipelines.human_labels import majority
from fellowship.pipelines.run_verdicts import (
    NOTHING,
    Table,
    authors,
    cluster,
    judged,
    lengths,
    per_judge,
)
from fellowship.records import Outcome, Winner
from fellowship.stats.codes import encode


@dataclass
class Labelled:
    """The rows with people's labels and a verdict on the same two candidates."""

    names: list[str] = field(default_factory=list)
    votes: list[dict[str, tuple[Winner, float]]] = field(default_factory=list)
    told: list[tuple[Winner, ...]] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)
    sizes: list[tuple[float, float]] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Keep a row that has both."""
        verdicts = judged(outcome) if outcome.labels else []
        if not verdicts:
            return
        self.names.append(outcome.id or str(outcome.number))
        self.votes.append(per_judge(verdicts))
        self.told.append(outcome.labels)
        self.prompts.append(cluster(outcome))
        self.written.append(authors(outcome))
        self.sizes.append(lengths(outcome))

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.names)

    def table(self) -> Table:
        """All of them as `agree` wants them."""
        judges = tuple(dict.fromkeys(name for row in self.votes for name in row))
        settled = [[row.get(name, NOTHING) for name in judges] for row in self.votes]
        return Table(
            judges=judges,
            rows=tuple(self.names),
            votes=np.stack([encode([w for w, _ in row]) for row in settled]),
            margins=np.array([[m for _, m in row] for row in settled]),
            labels=encode([majority(votes) for votes in self.told]),
            annotators=tuple(self.told),
            clusters=tuple(self.prompts),
            families=tuple(self.written),
            lengths=np.array(self.sizes, dtype=float),
            matched="the run's own labels",
        )
