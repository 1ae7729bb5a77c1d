"""Labelled pairs: prompts with two answers and what people said of them.

Labels are read by the readers that all verbs share. A file whose rows have texts brings its
own pairs, a run its rows; labels without texts are matched with the recipe's own source.
What is left out is counted, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fellowship.errors import InputError
from fellowship.hashing import digest
from fellowship.number_format import counted
from fellowship.pipelines.labels.annotators import Unit, units
from fellowship.pipelines.labels.label_account import LabelTally, UnitLabels
from fellowship.pipelines.labels.label_rows import LabelRow
from fellowship.pipelines.labels.people_votes import (
    LabelSelection,
    PeopleVotes,
    people_votes,
)
from fellowship.pipelines.labels.text_match import prompt_group
from fellowship.pipelines.pairing.row_state import RowFacts, row_state
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.running.rows import distinct_candidates
from fellowship.pipelines.sources.source import read_items
from fellowship.records import (
    Candidate,
    Conversation,
    Item,
    Message,
    Outcome,
    Winner,
)
from fellowship.run_outcomes import outcomes

COLUMNS = ("first", "second")
"""What the two answers are called, as systems."""


@dataclass(frozen=True)
class LabelledPair:
    """A row with two answers, people's majority, and the prompt it is grouped by."""

    item: Item
    label: Winner
    prompt: str

    @property
    def lengths(self) -> tuple[int, int]:
        """Characters of the two answers."""
        first, second = self.item.candidates
        return len(first.text), len(second.text)


@dataclass(frozen=True)
class LabelledPairs:
    """The pairs that count, and what is to be said of the labels."""

    pairs: tuple[LabelledPair, ...]
    notes: tuple[str, ...]

    @property
    def prompts(self) -> int:
        """How many different prompts there are: rows that share one are one observation."""
        return len({pair.prompt for pair in self.pairs})

    @property
    def digest(self) -> str:
        """16 hex letters that change with any text or label."""
        rows = [[pair.item.key, pair.label] for pair in self.pairs]
        return digest(rows, 8)


def labelled_pairs(
    paths: Sequence[Path], selection: LabelSelection, source: Source
) -> LabelledPairs:
    """The pairs that people labelled; `InputError` where none can be used.

    `selection` has the labels of `paths`, in their order; `source` is the recipe's.
    """
    there = list(candidate_units(paths, selection, source))
    people = people_votes(Path(), selection, there)
    if says_its_queue(people) and brings_pairs(paths, selection, source):
        people = replace(people, everything=False)
    tally, left = LabelTally(), Counter[str]()
    found: dict[tuple[str, str], LabelledPair] = {}
    for unit in there:
        given = people.on(unit.outcome, unit.pair)
        tally.add(given)
        why = why_unusable(unit, given)
        if why:
            left[why] += 1
            continue
        pair = make_pair(unit, given, len(found) + 1)
        if found.setdefault((pair.prompt, pair.item.key), pair) is not pair:
            left["the same texts a second time"] += 1
    notes = [*people.notes(tally)]
    notes += [f"{counted(n, 'pair')} left out: {why}" for why, n in left.items()]
    return LabelledPairs(tuple(found.values()), tuple(notes))


def says_its_queue(people: PeopleVotes) -> bool:
    """Whether a label says how its row was chosen."""
    return any(vote.asked.queue for given in people.votes.values() for vote in given)


def brings_pairs(
    paths: Sequence[Path], selection: LabelSelection, source: Source
) -> bool:
    """Whether some file's own rows are the pairs: those without a label are not in it."""
    return any(
        item_of_label(row, source) is not None
        for path, file in zip(paths, selection.labels, strict=True)
        if not path.is_dir()
        for row in file.rows
    )


def candidate_units(
    paths: Sequence[Path], selection: LabelSelection, source: Source
) -> Iterable[Unit]:
    """Every two answers that a label may speak of, as units of no run."""
    plain: list[Item] = []
    for path, file in zip(paths, selection.labels, strict=True):
        if path.is_dir():
            plain += run_items(path)
        elif own := [i for row in file.rows if (i := item_of_label(row, source))]:
            plain += own
        else:
            plain += source_items(path, source)
    for number, item in enumerate({i.key: i for i in plain}.values(), 1):
        outcome = Outcome(
            number=number if len(paths) > 1 else item.number,
            item=item.key,
            id=item.id,
            state=row_state(RowFacts(untried="nothing was said of it yet")).state,
            conversation=item.conversation,
            candidates=item.candidates,
            reference=item.reference,
        )
        yield Unit(outcome, (0, 1), ())


def run_items(run: Path) -> list[Item]:
    """The compared pairs of a run, each as a row of its own."""
    found = []
    for unit in units(outcomes(run), unjudged=True):
        row, (first, second) = unit.outcome, unit.pair
        if row.conversation is None or max(unit.pair) >= len(row.candidates):
            continue
        two = row.candidates[first], row.candidates[second]
        found.append(
            make_item(row.number, row.id, row.conversation, two, row.reference)
        )
    return found


def item_of_label(row: LabelRow, source: Source) -> Item | None:
    """The pair in a label file's row; None where the row has no prompt or answer.

    Its answers are in the columns that were named or are usual, in the source's two, or in
    `first` and `second`.
    """
    prompt = row.prompt or cell_text(row, source.prompt)
    texts = row.first, row.second
    for names in (source.candidates, COLUMNS):
        if not all(texts) and len(names) == 2:
            texts = cell_text(row, names[0]), cell_text(row, names[1])
    if not (prompt and all(texts)):
        return None
    asked = Conversation(messages=(Message(role="user", content=prompt),))
    two = tuple(
        Candidate(text=text, system=name)
        for name, text in zip(COLUMNS, texts, strict=True)
    )
    return make_item(row.number, row.id, row.talk or asked, two, None)


def cell_text(row: LabelRow, name: str) -> str:
    """The text in a column of a label's row; blank where there is none."""
    value = row.cells.get(name)
    return value if isinstance(value, str) else ""


def source_items(path: Path, source: Source) -> list[Item]:
    """The rows of the recipe's source, which labels without texts are matched with."""
    if len(source.candidates) != 2:
        raise InputError(
            f"the rows of {str(path)!r} have no texts, and the recipe's source has no two"
            " columns of answers that they could be about: name the label file's columns"
            " with --prompt, --first and --second, or the source's under source.answers"
        )
    return [item for item in read_items(source) if isinstance(item, Item)]


def make_item(
    number: int,
    id: str | None,
    asked: Conversation,
    two: Sequence[Candidate],
    reference: str | None,
) -> Item:
    """A row with two answers, its key that of all its texts."""
    texts = [[candidate.text, *candidate.turns] for candidate in two]
    key = digest([asked.key, *texts, reference or ""], 8)
    return Item(
        key=key,
        number=number,
        id=id,
        conversation=asked,
        candidates=tuple(two),
        reference=reference,
    )


def why_unusable(unit: Unit, given: UnitLabels) -> str:
    """Why a pair can't be learnt from; empty where it can."""
    if not given.votes:
        return "without a label that counts"
    if given.label == "invalid":
        return "people split on it"
    if len(distinct_candidates(unit.outcome.candidates)) < 2:
        return "its answers are the same, empty or cut off"
    return ""


def make_pair(unit: Unit, given: UnitLabels, number: int) -> LabelledPair:
    """A usable unit as a labelled pair, numbered anew."""
    row = unit.outcome
    assert row.conversation is not None
    item = make_item(number, row.id, row.conversation, row.candidates, row.reference)
    labelled = item.model_copy(update={"labels": tuple(given.votes.values())})
    return LabelledPair(labelled, given.label, prompt_group(row.conversation))
