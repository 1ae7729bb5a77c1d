"""Labelled rows of a run, collected in one pass for the table that `agree` reads."""

from __future__ import annotations

from dataclasses import dataclass, field

from fellowship.pipelines.agreement.verdict_table import TableRows, VerdictTable
from fellowship.pipelines.labels.annotators import units
from fellowship.pipelines.labels.people_votes import PeopleVotes
from fellowship.records import Outcome


@dataclass
class LabelledRows:
    """People's labels, from the source or the run, and the verdicts on the same two."""

    people: PeopleVotes = field(default_factory=PeopleVotes)
    kept: TableRows = field(default_factory=TableRows)

    def __post_init__(self) -> None:
        self.labelled = self.people.rows

    def add(self, outcome: Outcome) -> None:
        """Keep every two candidates of a row that have verdicts and labels."""
        found = units([outcome])
        self.kept.counts.idle += not found and outcome.number in self.labelled
        for unit in found:
            self.kept.add(unit, self.people.on(outcome, unit.pair))

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.kept.names)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the labels."""
        return self.people.notes(self.kept.counts)

    def table(self) -> VerdictTable:
        """All of them as `agree` wants them; there is at least one."""
        return self.kept.table(self.people)
