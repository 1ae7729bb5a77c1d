"""Labelled rows of a run, collected in one pass for the table that `agree` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fellowship.pipelines.agreement.verdict_table import (
    OWN_LABELS,
    TableRows,
    VerdictTable,
)
from fellowship.pipelines.labels.annotators import annotator_votes, units
from fellowship.pipelines.labels.run_labels import HumanLabel
from fellowship.records import Outcome


@dataclass
class LabelledRows:
    """What people said, in the source or in the run, and the verdicts on the same two.

    `people` are the labels kept in the run, by row.
    """

    people: Mapping[int, Sequence[HumanLabel]] = field(default_factory=dict)
    kept: TableRows = field(default_factory=TableRows)

    def add(self, outcome: Outcome) -> None:
        """Keep every two candidates of a row that have verdicts and labels."""
        labels = self.people.get(outcome.number, ())
        if not labels and not outcome.labels:
            return
        for unit in units([outcome]):
            if voices := annotator_votes(outcome, unit.pair, labels):
                self.kept.add(unit, voices)

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.kept.names)

    def table(self) -> VerdictTable:
        """All of them as `agree` wants them; there is at least one."""
        return self.kept.table(OWN_LABELS)
