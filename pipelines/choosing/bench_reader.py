"""Reader of a bench from run folders: verdicts, what they cost, and people's labels.

Only rows on which every seat was asked are compared, so that nobody is measured on easier
rows than another. A seat asked on too few of them is left out, and so is a juror whom the
other jurors' votes spared; both are said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from fellowship.errors import InputError
from fellowship.ledger import LedgerReader
from fellowship.number_format import counted
from fellowship.pipelines.agreement.compact_units import bare_outcome
from fellowship.pipelines.agreement.verdict_table import (
    comparisons_of,
    no_labels,
)
from fellowship.pipelines.choosing.bench import ORDERS, UNITS, Bench, Said, Seat, Whole
from fellowship.pipelines.choosing.call_costs import RowCosts, row_costs
from fellowship.pipelines.labels.annotators import (
    Unit,
    dataset_named,
    is_in_dataset,
    units,
)
from fellowship.pipelines.labels.label_account import LabelTally
from fellowship.pipelines.labels.people_votes import LabelSelection, people_votes
from fellowship.pipelines.labels.prompt_groups import group_of
from fellowship.records import Outcome, Verdict
from fellowship.run_folder import LEDGER
from fellowship.run_outcomes import outcomes
from fellowship.stats.codes import Codes, encode
from fellowship.teams.decisions import decide, verdict_scores
from fellowship.teams.judge_verdicts import by_judge, judge_name, last_verdicts

ASKED = 0.9
"""A seat asked on a smaller share of the labelled rows is left out."""
DEBATE = "debate"


class LabelsTold(Protocol):
    """How labels were matched, and what a reader must know of them."""

    @property
    def matched(self) -> str: ...
    @property
    def notes(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class LabelledRow:
    """One labelled pair of one run: its verdicts by seat and what they cost."""

    unit: Unit
    label: str
    costs: RowCosts
    spared: frozenset[str]

    @property
    def is_debate(self) -> bool:
        """Whether the verdicts are personas', before and after a debate."""
        return any(v.phase != "final" for v in self.unit.verdicts)


@dataclass
class LabelledRows:
    """The labelled rows of a run, and what a reader must know of its labels."""

    rows: list[LabelledRow] = field(default_factory=list)
    matched: str = ""
    notes: tuple[str, ...] = ()


def read_bench(
    runs: Sequence[Path],
    selection: LabelSelection | None = None,
    told: LabelsTold | None = None,
) -> Bench:
    """The bench of a run, or of several on the same pairs, as of a jury and of a debate.

    `told` is what is said of the labels where they were matched with more rows than were
    judged. `InputError` where no row has people's label, or no judge was asked on enough.
    """
    chosen = selection or LabelSelection()
    read = [labelled_rows(run, chosen) for run in runs]
    main = read[0]
    names = [row.unit.name for row in main.rows]
    prompts = [group_of(row.unit.outcome) for row in main.rows]
    by_name = [{row.unit.name: row for row in part.rows} for part in read]
    common = [
        n for n, name in enumerate(names) if all(name in part for part in by_name)
    ]
    rows = [[part[names[n]] for n in common] for part in by_name]
    seats, keep, notes = common_seats(rows[0])
    if len(common) < len(names):
        lost = counted(len(names) - len(common), "labelled row")
        notes.append(f"{lost} left out: not in every run that was given")
    kept = [[part[i] for i in keep] for part in rows]
    teams = [team for part in kept for team in debates(part)]
    if not seats and not teams:
        raise InputError("no judge was asked on nine in ten of the labelled rows")
    return Bench(
        rows=tuple(names[common[i]] for i in keep),
        labels=encode([row.label for row in kept[0]]),
        prompts=numbered([prompts[common[i]] for i in keep]),
        seats=tuple(seats),
        said=tuple(said_of(kept[0], seat.name) for seat in seats),
        teams=tuple(teams),
        unpriced=any(map(has_unpriced, runs)),
        matched=main.matched if told is None else told.matched,
        notes=(*(main if told is None else told).notes, *notes),
    )


def labelled_rows(run: Path, selection: LabelSelection) -> LabelledRows:
    """The rows of a run with a label and a verdict. `InputError` where there is none."""
    only = dataset_named(run, selection.only)
    known: dict[object, Verdict] = {}
    costs: dict[int, Mapping[tuple[int, int], RowCosts]] = {}
    bare: list[Outcome] = []
    for outcome in outcomes(run):
        if is_in_dataset(outcome, only):
            costs[outcome.number] = row_costs(outcome)
            bare.append(bare_outcome(outcome, known))
    found = units(bare)
    if not found:
        raise InputError(f"{str(run)!r}: no row has verdicts on two answers")
    people = people_votes(run, selection, found)
    tally, made = LabelTally(), LabelledRows(matched=people.matched)
    if only is None:
        tally.idle = len(people.rows - {unit.outcome.number for unit in found})
    for unit in found:
        labels = people.on(unit.outcome, unit.pair)
        tally.add(labels)
        if labels.votes and labels.label != "invalid":
            spared = {who for one in comparisons_of(unit) for who in one.spared}
            cost = costs[unit.outcome.number].get(unit.pair, RowCosts())
            made.rows.append(LabelledRow(unit, labels.label, cost, frozenset(spared)))
    if not made.rows:
        raise InputError(no_labels(people, tally))
    made.notes = people.notes(tally)
    return made


def common_seats(
    rows: Sequence[LabelledRow],
) -> tuple[list[Seat], list[int], list[str]]:
    """The seats to compare, the rows on which all were asked, and what was left out."""
    asked: dict[str, set[int]] = defaultdict(set)
    ways: dict[str, dict[Seat, int]] = defaultdict(lambda: defaultdict(int))
    spared: set[str] = set()
    for n, row in enumerate(rows):
        spared |= row.spared
        for name, given in by_judge(row.unit.verdicts).items():
            if row.is_debate or given[0].strategy == DEBATE:
                continue
            asked[name].add(n)
            ways[name][seat_of(given[0])] += 1
    notes = []
    seats = []
    for name, where in asked.items():
        many = f"{len(where):,} of {counted(len(rows), 'labelled row')}"
        if name in spared:
            notes.append(f"{name} left out: not asked where the other votes decided")
        elif len(where) < ASKED * len(rows):
            notes.append(f"{name} left out: asked on {many} only")
        else:
            seats.append(max(ways[name], key=lambda seat: ways[name][seat]))
    keep = [n for n in range(len(rows)) if all(n in asked[seat.name] for seat in seats)]
    if len(keep) < len(rows):
        lost = counted(len(rows) - len(keep), "labelled row")
        notes.append(f"{lost} left out: not every judge was asked there")
    return seats, keep, notes


def seat_of(verdict: Verdict) -> Seat:
    """The seat that a verdict is from."""
    name = judge_name(verdict)
    strategy = verdict.strategy if verdict.scores is not None else "direct"
    if verdict.winner == "invalid":
        strategy = verdict.strategy
    return Seat(name, verdict.model, strategy, verdict.scale, verdict.tie_band)


def said_of(rows: Sequence[LabelledRow], name: str) -> Said:
    """What one seat said of all rows, with its costs."""
    given = [by_judge(row.unit.verdicts)[name] for row in rows]
    most = 1 + max(v.sample for verdicts in given for v in verdicts)
    shape = (len(rows), len(ORDERS), most)
    first, second = np.full(shape, np.nan), np.full(shape, np.nan)
    asked, costs = np.zeros(shape, dtype=bool), np.zeros((*shape, len(UNITS)))
    for n, verdicts in enumerate(given):
        for verdict in verdicts:
            at = n, ORDERS.index(verdict.order), verdict.sample
            asked[at] = True
            costs[at] = rows[n].costs.of(name, verdict.order, verdict.sample)
            if verdict.winner != "invalid":
                scores = verdict_scores(verdict)
                first[at], second[at] = scores.first, scores.second
    return Said(first, second, asked, costs)


def debates(rows: Sequence[LabelledRow]) -> list[Whole]:
    """The debates of these rows as teams, by the vote after each."""
    found = []
    imported = {
        judge_name(v): None
        for row in rows
        for v in row.unit.verdicts
        if v.strategy == DEBATE and not row.is_debate
    }
    for name in imported:
        mine = [by_judge(row.unit.verdicts).get(name, []) for row in rows]
        costs = np.array([row.costs.of_judge(name) for row in rows])
        found.append(Whole(name, codes(mine), costs))
    if rows and any(row.is_debate for row in rows):
        ends = [comparisons_of(row.unit)[-1] for row in rows]
        costs = np.array([row.costs.of_debate() for row in rows])
        found.append(Whole("debate", decision_codes([e.outcome for e in ends]), costs))
    return found


def codes(verdicts: Sequence[Sequence[Verdict]]) -> Codes:
    """What each row's verdicts of one judge amount to; INVALID where there is none."""
    decided = [decide(last_verdicts(v))[0] if v else "invalid" for v in verdicts]
    return decision_codes(decided)


def decision_codes(decisions: Sequence[str]) -> Codes:
    """Decisions as codes; a contradiction names no winner."""
    named = ("first", "second", "tie")
    return encode([d if d in named else "invalid" for d in decisions])


def numbered(names: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Names as numbers from 0, in order of appearance."""
    places = {name: n for n, name in enumerate(dict.fromkeys(names))}
    return np.array([places[name] for name in names], dtype=np.intp)


def has_unpriced(run: Path) -> bool:
    """Whether a call of a run has no known price."""
    with LedgerReader(run / LEDGER) as reader:
        ((calls, priced),) = reader.rows("SELECT count(*), count(usd) FROM calls")
    return bool(calls != priced)
