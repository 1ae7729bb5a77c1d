"""Matching of labels with the units of a run: by texts, then ids, then row numbers.

What a label says of its own texts is believed before any identifier, and the place of a
line in its file only where the file has neither texts nor ids. A label whose answers stand
the other way round is turned. What fits no unit is kept with the reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fellowship.errors import InputError
from fellowship.number_format import counted
from fellowship.pipelines.labels.annotators import SWAPPED, Unit, candidates_of
from fellowship.pipelines.labels.label_columns import (
    fill_columns,
    one_a_line,
    refuse_shifted,
    refuse_shuffled,
)
from fellowship.pipelines.labels.label_rows import LabelFile, LabelRow
from fellowship.pipelines.labels.text_match import normal_text

NOT_COMPARED = "no judge compared these two answers of its row"
"""Why a ranking's two answers have no unit: a knockout compares few, or there are none."""

Texts = tuple[str, str, str]
"""Prompt, first and second answer, in normal form; empty where there is none."""


@dataclass
class Matching:
    """Rows of a file for each unit, by its index, turned into the unit's order.

    `how` counts labels by texts, id or number; `unmatched` are rows that fit no unit, with
    the reason; `notes` what was found out about the file's columns.
    """

    rows: dict[int, list[LabelRow]] = field(default_factory=lambda: defaultdict(list))
    how: Counter[str] = field(default_factory=Counter)
    unmatched: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def described(self) -> str:
        """How the labels were matched: `texts`, or `texts (190), id (10)`."""
        if len(self.how) < 2:
            return next(iter(self.how), "texts")
        return ", ".join(f"{name} ({n:,})" for name, n in self.how.most_common())


class UnitIndex:
    """The units of a run by their texts, answers and identifiers."""

    def __init__(self, judged: Sequence[Unit]) -> None:
        self.units = judged
        self.texts: list[Texts] = [unit_texts(unit) for unit in judged]
        self.by_answer: dict[str, list[int]] = defaultdict(list)
        self.by_prompt: dict[str, list[int]] = defaultdict(list)
        self.by_id: dict[str, list[int]] = defaultdict(list)
        self.by_number: dict[int, list[int]] = defaultdict(list)
        for at, (unit, (prompt, *answers)) in enumerate(
            zip(judged, self.texts, strict=True)
        ):
            for text in dict.fromkeys(filter(None, answers)):
                self.by_answer[text].append(at)
            if prompt:
                self.by_prompt[prompt].append(at)
            for name in dict.fromkeys(
                filter(None, (unit.outcome.id, unit.outcome.item))
            ):
                self.by_id[name].append(at)
            self.by_number[unit.outcome.number].append(at)

    def with_texts(self, wanted: Texts) -> list[int]:
        """The units that hold all the answers of a label and its prompt, if it has one."""
        prompt, *answers = wanted
        given = list(filter(None, answers))
        lists = [self.by_answer.get(text, []) for text in given]
        near = min(
            [*lists, *([self.by_prompt.get(prompt, [])] if prompt else [])], key=len
        )
        return [
            at
            for at in near
            if (not prompt or self.texts[at][0] == prompt)
            and orientation(answers, self.texts[at][1:])
        ]

    def named(self, row: LabelRow) -> list[int]:
        """The units of the row that an id or number names, on the label's two answers."""
        found = self.by_id.get(row.id or "") or self.by_number.get(row.at or 0) or ()
        return [at for at in found if set(self.units[at].pair) == set(row.pair)]

    def has_row(self, row: LabelRow) -> bool:
        """Whether an id or number names a row of the run, whatever its answers."""
        return bool(self.by_id.get(row.id or "") or self.by_number.get(row.at or 0))

    def was_asked(self, prompt: str, at: int) -> bool:
        """Whether a prompt in normal form is one of a unit's; of one without, any is."""
        conversation = self.units[at].outcome.conversation
        messages = conversation.messages if conversation else ()
        return self.texts[at][0] in (prompt, "") or any(
            normal_text(message.content) == prompt for message in messages
        )


def unit_texts(unit: Unit) -> Texts:
    """The prompt and the two answers of a unit in normal form."""
    outcome, (first, second) = unit.outcome, unit.pair
    prompt = outcome.conversation.question if outcome.conversation else ""
    there = outcome.candidates
    if max(first, second) >= len(there):
        return normal_text(prompt), "", ""
    return (
        normal_text(prompt),
        normal_text(there[first].text),
        normal_text(there[second].text),
    )


def orientation(given: Sequence[str], there: Sequence[str]) -> int:
    """1 where the given answers stand as those there, -1 the other way round, else 0.

    A blank among the given fits any text.
    """
    if all(not one or one == two for one, two in zip(given, there, strict=True)):
        return 1
    turned = reversed(list(there))
    return -all(not one or one == two for one, two in zip(given, turned, strict=True))


def match_labels(judged: Sequence[Unit], file: LabelFile) -> Matching:
    """Each label of a file with its unit, or the reason why it has none.

    `InputError` where none of the labels fits any unit.
    """
    index, found = UnitIndex(judged), Matching()
    if "0 a tie" in file.reading:
        # Others mean the first answer by 0, and a tie by 2: what is assumed is said.
        found.notes.append(f"{file.name or 'the labels'}: {file.reading}")
    rows = fill_columns(
        file, index.by_answer, index.by_prompt, index.by_id, found.notes
    )
    if any(row.ranked for row in rows):
        found.notes.append(
            f"{file.name or 'the labels'}: rankings name the answers from the best to the"
            " worst, A or 1 the run's first"
        )
    if not any(has_texts(row) or row.id or row.at is not None for row in rows):
        return by_number(judged, file, rows, found)
    refuse_shifted(file, rows, index.by_id, index.by_number)
    for (at, how), row in place_rows(index, rows, found):
        found.how[how] += 1
        found.rows[at].append(turned_to(row, index, at))
    if not found.rows and any(row.votes for row in rows):
        raise InputError(no_match(file, found.unmatched))
    return found


def place_rows(
    index: UnitIndex, rows: Sequence[LabelRow], found: Matching
) -> Iterable[tuple[tuple[int, str], LabelRow]]:
    """Units and labels that belong together; texts that are there twice meet in order."""
    seen: Counter[tuple[int, ...]] = Counter()
    placed = [unit_of(index, row) for row in rows]
    times = Counter(tuple(at) for at, _, _ in placed)
    for row, (at, how, why) in zip(rows, placed, strict=True):
        key = tuple(at)
        if not key:
            found.unmatched.append((row.number, why))
        elif len(key) > 1 and times[key] == len(key):
            seen[key] += 1
            yield (key[seen[key] - 1], how), row
        else:
            for one in key:
                yield (one, how), row


def unit_of(index: UnitIndex, row: LabelRow) -> tuple[list[int], str, str]:
    """The units that a label speaks of and how they were found, or none and why."""
    named = index.named(row)
    prompt, first, second = map(normal_text, (row.prompt, row.first, row.second))
    if first or second:
        there = index.with_texts((prompt, first, second))
        if there:
            return exact_of(index, row, [at for at in named if at in there] or there)
        answers = [
            at for at in named if orientation((first, second), index.texts[at][1:])
        ]
        if answers or any(index.texts[at][1:] == ("", "") for at in named):
            return answers or named, "id", ""
        if named:
            return [], "", "its texts are not those of the run's row with its id"
        if row.ranked and (index.has_row(row) or index.by_prompt.get(prompt)):
            return [], "", NOT_COMPARED
        return [], "", "no row of the run has its texts"
    if asked := [at for at in named if not prompt or index.was_asked(prompt, at)]:
        return asked, "id", ""
    there = [
        at
        for at in index.by_prompt.get(prompt, ())
        if set(index.units[at].pair) == set(row.pair)
    ]
    if len(there) == 1:
        return there, "texts", ""
    if named:
        return [], "", "its prompt is not that of the run's row with its id"
    if row.ranked and index.has_row(row):
        return [], "", NOT_COMPARED
    if row.id is not None or row.at is not None:
        return [], "", "no row of the run has its id"
    return (
        [],
        "",
        "it has neither an id nor answers"
        if not prompt
        else (
            f"{'several rows' if there else 'no row'} of the run"
            f" {'have' if there else 'has'} its prompt, and it has no answers"
        ),
    )


def exact_of(
    index: UnitIndex, row: LabelRow, there: list[int]
) -> tuple[list[int], str, str]:
    """Of several units whose texts mean the same, those whose texts are the same."""
    same = [
        at
        for at in there
        if len(there) > 1
        and {c.text for c in index.units[at].outcome.candidates}
        >= set(filter(None, (row.first, row.second)))
    ]
    return same or there, "texts", ""


def by_number(
    judged: Sequence[Unit], file: LabelFile, rows: Sequence[LabelRow], found: Matching
) -> Matching:
    """The labels in the order of the run's rows, where there are as many."""
    units = [at for at, unit in enumerate(judged) if plain(unit)]
    lines = one_a_line(rows)
    if len(lines) != len(units):
        raise InputError(
            f"{counted(len(lines), 'label')} of {file.name or 'the file'!r} do not match"
            f" {counted(len(units), 'judged row')} by id or by their texts, and there"
            " are not as"
            " many of them: name the column with --id, or the answers' with --first and"
            " --second"
        )
    refuse_shuffled(file, rows)
    of_line = {
        row.number: judged[at].outcome.number
        for at, row in zip(units, lines, strict=True)
    }
    places = {(unit.outcome.number, unit.pair): at for at, unit in enumerate(judged)}
    for row in rows:
        at = places.get((of_line[row.number], row.pair))
        if at is None:
            found.unmatched.append((row.number, NOT_COMPARED))
            continue
        found.how["number"] += 1
        found.rows[at].append(row)
    found.notes.append(
        f"{file.name or 'the labels'}: MATCHED BY ROW NUMBER ONLY, for the file has"
        " neither texts nor ids: if it is in another order than the run, every figure"
        " against people is wrong"
    )
    return found


def plain(unit: Unit) -> bool:
    """Whether a unit is the first two candidates, of which a label without texts speaks."""
    return unit.pair == (0, 1)


def has_texts(row: LabelRow) -> bool:
    """Whether a label has a text of its own."""
    return bool(row.prompt or row.first or row.second)


def turned_to(row: LabelRow, index: UnitIndex, at: int) -> LabelRow:
    """A label in its unit's order: its votes turned where its answers stand swapped."""
    given, there = (row.first, row.second), index.texts[at][1:]
    if there[0] == there[1]:
        one, two = candidates_of(index.units[at])
        there = one.text, two.text
    else:
        given = normal_text(row.first), normal_text(row.second)
    own_order = row.pair == index.units[at].pair[::-1] and not any(given)
    if own_order or (any(given) and orientation(given, there) < 0):
        votes = tuple(SWAPPED.get(vote, vote) for vote in row.votes)
        return replace(row, votes=votes, first=row.second, second=row.first)
    return row


def no_match(file: LabelFile, unmatched: Sequence[tuple[int, str]]) -> str:
    """Why no label of a file could be used, with the reasons counted."""
    reasons = Counter(why for _, why in unmatched).most_common(3)
    told = "; ".join(f"{n:,}: {why}" for why, n in reasons)
    return (
        f"none of the {counted(len(file.rows), 'label')} of"
        f" {file.name or 'the file'!r} fits a"
        f" judged row ({told}): name the column with the run's ids with --id, or the"
        " answers' with --first and --second; a column `row` has the run's row numbers"
    )


def unmatched_by_reason(
    unmatched: Sequence[tuple[int, str]],
) -> Mapping[str, list[int]]:
    """Row numbers by the reason why they fit no unit."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, why in unmatched:
        found[why].append(number)
    return found
