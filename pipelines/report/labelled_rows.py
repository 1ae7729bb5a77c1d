"""Labelled rows of a run, as the table that `agree` reads.

Nothing of their texts is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fellowship.pipelines.agreement.order_votes import order_codes, votes_in_order
from fellowship.pipelines.agreement.verdict_table import (
    NO_VERDICT,
    VerdictTable,
    authors_of_unit,
    judge_decisions,
    prompt_key,
    text_lengths,
)
from fellowship.pipelines.labels.annotators import (
    AnnotatorVotes,
    annotator_votes,
    units,
)
from fellowship.pipelines.labels.label_rows import majority
from fellowship.pipelines.labels.run_labels import HumanLabel
from fellowship.records import Outcome, Winner
from fellowship.stats.codes import encode


@dataclass
class LabelledRows:
    """What people said, in the source or in the run, and the verdicts on the same two.

    `people` are the labels kept in the run, by row.
    """

    people: Mapping[int, Sequence[HumanLabel]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    votes: list[dict[str, tuple[Winner, float]]] = field(default_factory=list)
    by_order: list[dict[str, tuple[Winner, Winner]]] = field(default_factory=list)
    annotator_votes: list[AnnotatorVotes] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)
    sizes: list[tuple[float, float]] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Keep every two candidates of a row that have both."""
        labels = self.people.get(outcome.number, ())
        if not labels and not outcome.labels:
            return
        for unit in units([outcome]):
            votes = annotator_votes(outcome, unit.pair, labels)
            if not votes:
                continue
            self.names.append(unit.name)
            self.votes.append(judge_decisions(unit.verdicts))
            self.by_order.append(votes_in_order(unit.verdicts))
            self.annotator_votes.append(votes)
            self.prompts.append(prompt_key(outcome))
            self.written.append(authors_of_unit(unit))
            self.sizes.append(text_lengths(unit))

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.names)

    def table(self) -> VerdictTable:
        """All of them as `agree` wants them."""
        judges = tuple(dict.fromkeys(name for row in self.votes for name in row))
        settled = [[row.get(name, NO_VERDICT) for name in judges] for row in self.votes]
        forward, swapped = order_codes(self.by_order, judges)
        return VerdictTable(
            judges=judges,
            rows=tuple(self.names),
            votes=np.stack([encode([w for w, _ in row]) for row in settled]),
            forward=forward,
            swapped=swapped,
            margins=np.array([[m for _, m in row] for row in settled]),
            labels=encode(
                [majority(list(votes.values())) for votes in self.annotator_votes]
            ),
            people=tuple(self.annotator_votes),
            clusters=tuple(self.prompts),
            families=tuple(self.written),
            lengths=np.array(self.sizes, dtype=float),
            matched="the run's own labels",
        )
