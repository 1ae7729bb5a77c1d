"""Account of labels: what each source gave, what didn't fit, and how rows were chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fellowship.number_format import counted
from fellowship.pipelines.labels.label_matching import Matching, unmatched_by_reason
from fellowship.pipelines.labels.label_queues import QUEUE_WORDS, Queue
from fellowship.pipelines.labels.label_rows import LabelFile
from fellowship.pipelines.labels.label_values import described_rows, described_values
from fellowship.pipelines.labels.people_majority import is_split, people_majority
from fellowship.records import Winner


class UnitLabels(NamedTuple):
    """The votes that count on one unit; `queue` says how its row was chosen.

    `apart` are votes that don't count for that reason.
    """

    votes: Mapping[str, Winner]
    queue: Queue | None = None
    apart: int = 0

    @property
    def label(self) -> Winner:
        """What most annotators said; invalid where they split or nobody said anything."""
        return people_majority(self.votes.values()) if self.votes else "invalid"


@dataclass(frozen=True)
class SourceAccount:
    """One file of labels: its rows, how they were matched, and what was left out."""

    name: str
    rows: int
    units: int
    matched: str
    repeated: int = 0
    unmatched: Mapping[str, Sequence[int]] = field(default_factory=dict)
    unknown: Mapping[str, Sequence[int]] = field(default_factory=dict)
    unlabelled: tuple[int, ...] = ()
    found: tuple[str, ...] = ()

    @classmethod
    def of(cls, file: LabelFile, matching: Matching, repeated: int) -> SourceAccount:
        """The account of a file that was matched."""
        return cls(
            name=file.name,
            rows=len(file.rows),
            units=len(matching.rows),
            matched=matching.described,
            repeated=repeated,
            unmatched=unmatched_by_reason(matching.unmatched),
            unknown=file.unknown,
            unlabelled=file.unlabelled,
            found=tuple(matching.notes),
        )

    def notes(self) -> tuple[str, ...]:
        """What was matched and what was not, a sentence each."""
        name = self.name or "labels"
        told = [
            f"{name}: {counted(self.rows, 'row')}, {counted(self.units, 'comparison')}"
            f" labelled, matched by {self.matched}"
        ]
        told += self.found
        for why, rows in self.unmatched.items():
            told.append(
                f"{name}: {counted(len(rows), 'label')} left out,"
                f" {described_rows(rows)}: {why}"
            )
        if self.unknown:
            many = sum(map(len, self.unknown.values()))
            told.append(
                f"{name}: {counted(many, 'value')} not understood, counted as"
                f" unreadable: {described_values(self.unknown)}"
            )
        if self.unlabelled:
            told.append(
                f"{name}: {counted(len(self.unlabelled), 'row')} without a label"
                f" ({described_rows(self.unlabelled)})"
            )
        if self.repeated:
            told.append(
                f"{name}: {counted(self.repeated, 'label')} given twice, counted once"
            )
        return tuple(told)


@dataclass
class LabelTally:
    """Units seen, by how those with labels were chosen; `split`: annotators disagree.

    `idle` rows have labels and no verdict.
    """

    units: int = 0
    queues: Counter[Queue] = field(default_factory=Counter)
    apart: Counter[Queue] = field(default_factory=Counter)
    split: int = 0
    idle: int = 0

    def add(self, labels: UnitLabels) -> None:
        """Count one unit."""
        self.units += 1
        if labels.queue is None:
            return
        if labels.apart:
            self.apart[labels.queue] += 1
            return
        self.queues[labels.queue] += 1
        self.split += is_split(labels.votes.values())

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "comparisons": self.units,
            "used": dict(self.queues),
            "apart": dict(self.apart),
            "split": self.split,
            "without_verdict": self.idle,
        }

    def notes(self, everything: bool = False) -> tuple[str, ...]:
        """How rows were chosen, what is kept apart, and where annotators split."""
        used = sum(self.queues.values())
        told = []
        whole = everything or used == self.units
        if not whole and set(self.queues) - {"measure"}:
            parts = [f"{n:,} {QUEUE_WORDS[q]}" for q, n in self.queues.most_common()]
            told.append(f"labels used: {', '.join(parts)}" + self._caution())
        elif not whole and used:
            told.append(f"labels used: {used:,} of rows drawn at random")
        if self.apart:
            parts = [f"{n:,} {QUEUE_WORDS[q]}" for q, n in self.apart.most_common()]
            told.append(
                f"labels kept apart and in none of these figures: {', '.join(parts)};"
                " what judges contest says nothing of the other rows"
            )
        if self.split:
            told.append(
                f"{counted(self.split, 'comparison')} left out of figures against"
                " people: its annotators split, which is no tie"
                if self.split == 1
                else f"{self.split:,} comparisons left out of figures against people:"
                " their annotators split, which is no tie"
            )
        if self.idle:
            rows = counted(self.idle, "labelled row")
            told.append(f"{rows} left out: no judge was asked about it")
        return tuple(told)

    def _caution(self) -> str:
        if self.queues["teach"] or self.queues["picked"]:
            return ": these figures are of those rows, not of the run's"
        return (
            ": if they were not chosen at random, these figures are of those rows only"
        )
