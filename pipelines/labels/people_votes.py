"""People's votes on the units of a run: the one reader of labels for every verb.

Labels are those of the source and the run, or those of the files and runs that somebody
names. Each unit has the votes that count, and how its row was chosen; what doesn't count is
in the notes, which terminal, page and report show.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from fellowship.pipelines.labels.annotators import (
    SWAPPED,
    Unit,
    dataset_named,
    is_in_dataset,
    units,
)
from fellowship.pipelines.labels.label_account import (
    LabelTally,
    SourceAccount,
    UnitLabels,
)
from fellowship.pipelines.labels.label_matching import match_labels
from fellowship.pipelines.labels.label_queues import (
    MEASURING,
    QUEUES,
    Queue,
    draw_of,
    last_draw,
    queue_of,
)
from fellowship.pipelines.labels.label_rows import (
    Asked,
    LabelFile,
    LabelRow,
    named_votes,
)
from fellowship.pipelines.labels.run_labels import count_labelable, latest_labels
from fellowship.records import Outcome, Winner
from fellowship.run_outcomes import outcomes
from fellowship.suggestions import select_name

OWN_LABELS = "the run's own labels"


@dataclass(frozen=True)
class LabelSelection:
    """Whose labels of which rows.

    `labels` files to read instead of the run's own labels, `only` a dataset's rows,
    `annotators` none: everybody's, `queues` those whose labels count.
    """

    labels: tuple[LabelFile, ...] = ()
    only: str | None = None
    annotators: tuple[str, ...] = ()
    queues: tuple[Queue, ...] = MEASURING


class Vote(NamedTuple):
    """One annotator's word on a unit, and how it was asked."""

    who: str
    winner: Winner
    asked: Asked


UnitKey = tuple[int, str, tuple[int, int]]
"""Row number, item, and the two candidates in ascending order."""


@dataclass(frozen=True)
class PeopleVotes:
    """Votes by unit, in the ascending order of its candidates, and where they are from.

    `source` says whether the labels that came with the rows count; `everything` that
    every row is labelled, so that no row was chosen; `last` is the largest draw that the
    queue to measure asked for.
    """

    votes: Mapping[UnitKey, Sequence[Vote]] = field(default_factory=dict)
    sources: tuple[SourceAccount, ...] = ()
    source: bool = True
    everything: bool = False
    last: float = -1.0
    selection: LabelSelection = LabelSelection()

    @property
    def matched(self) -> str:
        """How the labels were matched with the rows."""
        ways = [one.matched for one in self.sources]
        return "; ".join(dict.fromkeys(ways)) if ways else OWN_LABELS

    @property
    def rows(self) -> set[int]:
        """The numbers of the rows with labels, but for those that came with them."""
        return {number for (number, _, _), given in self.votes.items() if given}

    def given(self, outcome: Outcome, pair: tuple[int, int]) -> list[Vote]:
        """Every readable vote on two candidates, the first of `pair` first."""
        low, high = sorted(pair)
        kept: list[Vote] = []
        if self.votes:
            key = outcome.number, outcome.item, (low, high)
            kept += self.votes.get(key, ())
        if self.source and (low, high) == (0, 1) and outcome.labels:
            own = named_votes(outcome.labels).items()
            kept = [*(Vote(who, vote, Asked()) for who, vote in own), *kept]
        wanted = self.selection.annotators
        kept = [v for v in kept if not wanted or v.who in wanted]
        turn = SWAPPED if pair != (low, high) else {}
        return [
            v._replace(winner=turn.get(v.winner, v.winner))
            for v in kept
            if v.winner != "invalid"
        ]

    def on(self, outcome: Outcome, pair: tuple[int, int]) -> UnitLabels:
        """The votes that count on two candidates, the first of `pair` first."""
        given = self.given(outcome, pair)
        if not given:
            return UnitLabels({})
        queue = self.chosen_by(outcome, [vote.asked for vote in given])
        if queue not in self.selection.queues and not self.everything:
            return UnitLabels({}, queue, len(given))
        names = [vote.who for vote in given]
        return UnitLabels(named_votes([v.winner for v in given], names), queue)

    def chosen_by(self, outcome: Outcome, asked: Sequence[Asked]) -> Queue:
        """How a row was chosen: by the draw, where the draw had come to it."""
        if self.last < 0:
            return queue_of(asked)
        draws = [one.draw for one in asked if one.draw is not None]
        draw = draws[0] if draws else draw_of(outcome.item)
        return "measure" if draw <= self.last else queue_of(asked)

    def notes(self, tally: LabelTally) -> tuple[str, ...]:
        """What a reader of figures against people must know of the labels."""
        own = [note for source in self.sources for note in source.notes()]
        return (*own, *tally.notes(self.everything))


def people_votes(
    run: Path,
    selection: LabelSelection | None = None,
    judged: Sequence[Unit] | None = None,
) -> PeopleVotes:
    """The labels of a run, or of the files that `selection` names.

    `judged` are the run's units where they are read already. `InputError` for an
    annotator nobody knows, or a file of which no label fits.
    """
    selection = selection or LabelSelection()
    if selection.labels:
        found = votes_of_files(run, selection, judged)
    else:
        found = votes_of_run(run, selection)
    if selection.annotators:
        named = with_full_names(run, selection, found, judged)
        return replace(found, selection=named)
    return found


def votes_of_run(run: Path, selection: LabelSelection) -> PeopleVotes:
    """The labels kept in a run, beside those that came with its rows."""
    votes: dict[UnitKey, list[Vote]] = defaultdict(list)
    asked = []
    labels = latest_labels(run)
    for label in labels:
        how = Asked(label.queue, label.draw)
        drawn = draw_of(label.item) if label.draw is None else label.draw
        asked.append((how, drawn))
        pair = label.first, label.second
        low, high = sorted(pair)
        said: Winner = "invalid" if label.winner == "skip" else label.winner
        turned = said if pair == (low, high) else SWAPPED.get(said, said)
        key = label.number, label.item, (low, high)
        votes[key].append(Vote(label.annotator, turned, how))
    everything = bool(labels) and len({x.number for x in labels}) >= count_labelable(
        run
    )
    return PeopleVotes(
        votes, everything=everything, last=last_draw(asked), selection=selection
    )


def votes_of_files(
    run: Path, selection: LabelSelection, judged: Sequence[Unit] | None
) -> PeopleVotes:
    """The labels of files, each matched on its own, with annotators told apart."""
    only = dataset_named(run, selection.only) if judged is None else None
    rows = (o for o in outcomes(run) if is_in_dataset(o, only))
    there = units(rows) if judged is None else judged
    votes: dict[UnitKey, list[Vote]] = defaultdict(list)
    several = len(selection.labels) > 1
    accounts, asked = [], []
    for file in selection.labels:
        matching = match_labels(there, file)
        repeated = 0
        for at, given in sorted(matching.rows.items()):
            unit = there[at]
            low, high = sorted(unit.pair)
            kept = votes[unit.outcome.number, unit.outcome.item, (low, high)]
            for vote in row_votes(given, file.name if several else ""):
                turn = unit.pair != (low, high)
                said = SWAPPED.get(vote.winner, vote.winner) if turn else vote.winner
                repeated += not add_vote(kept, vote._replace(winner=said), file.name)
                draw = vote.asked.draw
                asked.append(
                    (vote.asked, draw_of(unit.outcome.item) if draw is None else draw)
                )
        accounts.append(SourceAccount.of(file, matching, repeated))
    labelled = [key for key, given in votes.items() if given]
    return PeopleVotes(
        votes,
        tuple(accounts),
        source=False,
        everything=len(labelled) == len(there),
        last=last_draw(asked),
        selection=selection,
    )


def row_votes(rows: Sequence[LabelRow], source: str) -> list[Vote]:
    """The votes of one unit's rows; who has no name has the file's, with a number."""
    found = []
    for row in rows:
        for n, vote in enumerate(row.votes):
            who = row.who[n] if n < len(row.who) else f"annotator {n + 1}"
            named = f"{source}: {who}" if source and n >= len(row.who) else who
            found.append(Vote(named, vote, row.asked[n] if row.asked else Asked()))
    return found


def add_vote(kept: list[Vote], vote: Vote, source: str) -> bool:
    """Add a vote; whether it is new. Who contradicts themselves is another annotator."""
    same = [one for one in kept if one.who == vote.who]
    if any(one.winner == vote.winner for one in same):
        return False
    if same:
        vote = vote._replace(who=f"{vote.who} (again, {source or len(same) + 1})")
    kept.append(vote)
    return True


def with_full_names(
    run: Path,
    selection: LabelSelection,
    found: PeopleVotes,
    judged: Sequence[Unit] | None,
) -> LabelSelection:
    """The selection with its annotators' names in full; `InputError` for one unknown."""
    there = judged if judged is not None else units(outcomes(run))
    known = {vote.who for given in found.votes.values() for vote in given}
    if found.source:
        known |= {w for u in there for w in named_votes(u.outcome.labels)}
    names = [select_name(n, known, "annotator") for n in selection.annotators]
    return replace(selection, annotators=tuple(names))


def read_queues(names: Sequence[str]) -> tuple[Queue, ...]:
    """Queues by name; those that measure where none is named."""
    return tuple(q for q in QUEUES if q in names) or MEASURING
