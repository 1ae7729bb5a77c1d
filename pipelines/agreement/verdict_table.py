"""Verdict table of a run: a row for each labelled pair, a column for each judge.

A judge asked in both orders of one pair has its two verdicts put together as the run does:
scores averaged. A contradiction names no winner and has the code of one, INVALID; so has
whoever was not asked. `states` tell them apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fellowship.errors import InputError
from fellowship.number_format import counted
from fellowship.pipelines.agreement.compact_units import compact_units
from fellowship.pipelines.agreement.criterion_columns import (
    CriterionColumn,
    CriterionRow,
    criterion_columns,
    criterion_row,
)
from fellowship.pipelines.agreement.juror_state import (
    NO_VOTE,
    JurorState,
    JurorVote,
    juror_votes,
)
from fellowship.pipelines.agreement.order_votes import order_codes, votes_in_order
from fellowship.pipelines.labels.annotators import (
    AnnotatorVotes,
    Unit,
    candidates_of,
    dataset_named,
    is_in_dataset,
)
from fellowship.pipelines.labels.label_account import LabelTally, UnitLabels
from fellowship.pipelines.labels.people_majority import people_majority
from fellowship.pipelines.labels.people_votes import (
    LabelSelection,
    PeopleVotes,
    people_votes,
)
from fellowship.pipelines.labels.prompt_groups import PromptKeys
from fellowship.records import Comparison, Decision, Outcome, Winner
from fellowship.run_outcomes import outcomes
from fellowship.stats.codes import INVALID, Codes, Floats, encode
from fellowship.suggestions import select_name
from fellowship.teams.criterion_verdicts import criterion_names, outcome_by_criterion


@dataclass(frozen=True)
class VerdictTable:
    """`votes` (n, m) codes, `margins` (n, m) points, NaN where there is none.

    `forward` and `swapped` (n, m) are the votes by reading order, INVALID where an order
    was not asked; `both_asked` (n, m) says where both were. `states` (n, m) tell who was
    asked (`juror_state`), `decided` (n,) is the run's own decision, and `spared` are
    judges who were not asked somewhere because the others' votes decided. `labels` (n,)
    people's codes, `people` what each annotator said of each row; `clusters` (n,) the
    prompts; `families` (n, 2) who wrote the two candidates. `label_notes` say what a
    reader must know of the labels. `criteria` are the judges' columns by criterion.
    """

    judges: tuple[str, ...]
    rows: tuple[str, ...]
    votes: Codes
    forward: Codes
    swapped: Codes
    states: Codes
    both_asked: NDArray[np.bool_]
    margins: Floats
    decided: tuple[Decision, ...]
    spared: frozenset[str]
    labels: Codes
    people: tuple[AnnotatorVotes, ...]
    clusters: tuple[str, ...]
    families: tuple[tuple[str, str], ...]
    lengths: Floats
    matched: str
    label_notes: tuple[str, ...] = ()
    label_counts: LabelTally = field(default_factory=LabelTally)
    criteria: tuple[CriterionColumn, ...] = ()
    ranked: tuple[tuple[int, int, int], ...] = ()
    """The number of each row's prompt, and its two answers by index."""

    @property
    def is_asked(self) -> NDArray[np.bool_]:
        """Where (n, m) a judge was asked."""
        return np.asarray(~are_in_state(self.states, JurorState.NOT_ASKED))

    @property
    def is_unreadable(self) -> NDArray[np.bool_]:
        """Where (n, m) a judge was asked and could not be read."""
        return are_in_state(self.states, JurorState.UNREADABLE)

    def part(self, rows: NDArray[np.bool_], judges: Sequence[int]) -> VerdictTable:
        """Some rows (n,) and some of the judges, by column."""
        at = np.flatnonzero(rows)
        cells = np.ix_(at, np.asarray(judges, dtype=np.intp))
        return replace(
            self,
            judges=tuple(self.judges[j] for j in judges),
            votes=self.votes[cells],
            forward=self.forward[cells],
            swapped=self.swapped[cells],
            states=self.states[cells],
            both_asked=self.both_asked[cells],
            margins=self.margins[cells],
            labels=self.labels[at],
            lengths=self.lengths[at],
            rows=tuple(self.rows[i] for i in at),
            decided=tuple(self.decided[i] for i in at),
            people=tuple(self.people[i] for i in at),
            clusters=tuple(self.clusters[i] for i in at),
            families=tuple(self.families[i] for i in at),
            criteria=tuple(one.at(at) for one in self.criteria),
            ranked=tuple(self.ranked[i] for i in at),
        )


@dataclass
class TableRows:
    """The rows of a table as they come; of the texts only the lengths are kept."""

    names: list[str] = field(default_factory=list)
    votes: list[dict[str, JurorVote]] = field(default_factory=list)
    decided: list[Decision] = field(default_factory=list)
    spared: set[str] = field(default_factory=set)
    by_order: list[dict[str, tuple[Winner, Winner]]] = field(default_factory=list)
    people: list[AnnotatorVotes] = field(default_factory=list)
    clusters: list[str] = field(default_factory=list)
    prompts: PromptKeys = field(default_factory=PromptKeys)
    families: list[tuple[str, str]] = field(default_factory=list)
    lengths: list[tuple[float, float]] = field(default_factory=list)
    counts: LabelTally = field(default_factory=LabelTally)
    by_criterion: list[CriterionRow] = field(default_factory=list)
    ranked: list[tuple[int, int, int]] = field(default_factory=list)
    early: Counter[str] = field(default_factory=Counter)
    """Verdicts that were given before their reason, by who gave them."""

    def add(self, unit: Unit, labels: UnitLabels) -> None:
        """Take in one unit if people said anything of it that counts."""
        self.counts.add(labels)
        if not labels.votes:
            return
        self.names.append(unit.name)
        self.ranked.append((unit.outcome.number, *unit.pair))
        self.votes.append(juror_votes(unit.verdicts))
        self.early.update(v.evaluator for v in unit.verdicts if v.verdict_first)
        self.by_criterion.append(criterion_row(unit.verdicts))
        compared = comparisons_of(unit)
        self.decided.append(compared[-1].outcome)
        self.spared.update(who for one in compared for who in one.spared)
        self.by_order.append(votes_in_order(unit.verdicts))
        self.people.append(labels.votes)
        self.clusters.append(self.prompts.of(unit.outcome))
        self.families.append(authors_of_unit(unit))
        self.lengths.append(text_lengths(unit))

    def table(self, people: PeopleVotes) -> VerdictTable:
        """All rows, labelled by `people`. At least one row."""
        judges = tuple(dict.fromkeys(name for row in self.votes for name in row))
        votes = [[row.get(name, NO_VOTE) for name in judges] for row in self.votes]
        forward, swapped = order_codes(self.by_order, judges)
        return VerdictTable(
            judges=judges,
            rows=tuple(self.names),
            votes=np.stack([encode([vote.winner for vote in row]) for row in votes]),
            forward=forward,
            swapped=swapped,
            states=state_codes([[vote.state for vote in row] for row in votes]),
            both_asked=np.array([[vote.both_orders for vote in row] for row in votes]),
            margins=np.array([[vote.margin for vote in row] for row in votes]),
            decided=tuple(self.decided),
            spared=frozenset(self.spared),
            labels=encode([people_majority(v.values()) for v in self.people]),
            people=tuple(self.people),
            clusters=tuple(self.clusters),
            families=tuple(self.families),
            lengths=np.array(self.lengths, dtype=float),
            matched=people.matched,
            label_notes=(*people.notes(self.counts), *early_notes(self.early)),
            label_counts=self.counts,
            criteria=criterion_columns(self.by_criterion),
            ranked=tuple(self.ranked),
        )


def early_notes(early: Counter[str]) -> list[str]:
    """What to know of verdicts that were given before the reason asked for first."""
    return [
        f"{counted(number, 'verdict')} of {name} came before the reason that was asked for"
        " first"
        for name, number in early.items()
    ]


def verdict_table(
    run: Path, selection: LabelSelection | None = None, criterion: str = ""
) -> VerdictTable:
    """The labelled units of a run. `InputError` where none has a label and a verdict.

    With `criterion`, a rubric's, all verdicts and decisions are by that one alone.
    """
    selection = selection or LabelSelection()
    only = dataset_named(run, selection.only)
    rows: Iterable[Outcome] = (o for o in outcomes(run) if is_in_dataset(o, only))
    if criterion:
        name = criterion_named(run, criterion)
        rows = (outcome_by_criterion(outcome, name) for outcome in rows)
    found = compact_units(rows)
    if not found:
        raise InputError(f"no row of {str(run)!r} has verdicts on two answers")
    people = people_votes(run, selection, found)
    table = TableRows()
    if selection.only is None:
        table.counts.idle = len(people.rows - {u.outcome.number for u in found})
    for unit in found:
        table.add(unit, people.on(unit.outcome, unit.pair))
    if not table.names:
        raise InputError(no_labels(people, table.counts))
    return table.table(people)


def criterion_named(run: Path, name: str) -> str:
    """A criterion of the run's rubrics, by its name or part of it; `InputError` if none."""
    known: dict[str, None] = {}
    for outcome in outcomes(run):
        for one in outcome.ranking.comparisons if outcome.ranking else ():
            known |= dict.fromkeys(criterion_names(one.verdicts))
    if not known:
        raise InputError(
            f"no verdict of {str(run)!r} has scores by criterion: that takes judges whose"
            " `criteria` are a list"
        )
    return select_name(name, known, f"criterion in {str(run)!r} called")


def no_labels(people: PeopleVotes, counts: LabelTally) -> str:
    """Why no label of a run counts, and what to do."""
    if counts.apart:
        (note,) = people.notes(counts)[-1:]
        return (
            f"{note}. Label rows of the queue to measure (the default of `fellowship"
            " view`), or ask for figures of those rows alone with --queue"
        )
    return (
        "no row of the run has people's label: give --labels FILE, whose rows are"
        " matched by their texts, by id or, where it has neither, by number; or"
        " label rows on the page of `fellowship view`"
    )


_STATES = tuple(JurorState)


def state_codes(states: Sequence[Sequence[JurorState]]) -> NDArray[np.int8]:
    """States (n, m) as an array of their places in `JurorState`."""
    return np.array([[_STATES.index(s) for s in row] for row in states], dtype=np.int8)


def are_in_state(codes: NDArray[np.int8], state: JurorState) -> NDArray[np.bool_]:
    """Where (n, m) jurors are in a state, from `state_codes`."""
    return np.asarray(codes == _STATES.index(state))


def comparisons_of(unit: Unit) -> list[Comparison]:
    """The comparisons that a unit's verdicts are from, at least one."""
    ranking = unit.outcome.ranking
    return [
        one
        for one in (ranking.comparisons if ranking else ())
        if (one.first, one.second) == unit.pair and one.verdicts
    ]


def authors_of_unit(unit: Unit) -> tuple[str, str]:
    """Who wrote the two candidates: the model, else the system."""
    first, second = (each.model or each.system for each in candidates_of(unit))
    return first, second


def text_lengths(unit: Unit) -> tuple[float, float]:
    """Characters of the two candidates."""
    first, second = (float(len(each.text)) for each in candidates_of(unit))
    return first, second


def family_sides(table: VerdictTable, family: str) -> Floats:
    """+1 where only the first candidate is of the family, -1 only the second, else 0."""
    name = family.lower()
    first, second = (
        np.array([name in pair[i].lower() for pair in table.families]) for i in (0, 1)
    )
    return np.asarray(first.astype(float) - second.astype(float))


def count_labelled(table: VerdictTable) -> int:
    """How many rows have a readable label."""
    return int((table.labels != INVALID).sum())
