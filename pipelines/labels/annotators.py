"""Votes of annotators by name: in the source, the run, or a file beside it.

A label is about two candidates of a row; a row that sets several pairs against one another
has a unit for each, and a label speaks of one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fellowship.errors import InputError
from fellowship.pipelines.labels.label_rows import (
    LabelFile,
    LabelRow,
    named_votes,
    text_key,
)
from fellowship.pipelines.labels.run_labels import HumanLabel, latest_labels, votes_on
from fellowship.records import Outcome, Verdict, Winner

AnnotatorVotes = Mapping[str, Winner]
"""Annotator -> vote on one unit."""

SWAPPED: Mapping[Winner, Winner] = {"first": "second", "second": "first"}


@dataclass(frozen=True)
class Unit:
    """Two candidates of one row, by index, and all that judges said of them."""

    outcome: Outcome
    pair: tuple[int, int]
    verdicts: tuple[Verdict, ...]

    @property
    def name(self) -> str:
        """The row's id or number; with the candidates' where they aren't the first two."""
        row = self.outcome.id or str(self.outcome.number)
        first, second = self.pair
        return row if self.pair == (0, 1) else f"{row}:{first + 1}-{second + 1}"

    @property
    def key(self) -> str:
        """The hash of its texts that a file of labels has too."""
        prompt, candidates = self.outcome.conversation, self.outcome.candidates
        texts = (
            [candidates[at].text for at in self.pair]
            if max(self.pair) < len(candidates)
            else []
        )
        return text_key(prompt.question if prompt else "", *texts) if texts else ""


def units(rows: Iterable[Outcome], unjudged: bool = False) -> list[Unit]:
    """Every two candidates that a judge was asked about, in the order of the rows.

    With `unjudged` also the first two candidates of rows where nobody was asked.
    """
    found = []
    for outcome in rows:
        by_pair: dict[tuple[int, int], list[Verdict]] = defaultdict(list)
        for one in outcome.ranking.comparisons if outcome.ranking else ():
            by_pair[one.first, one.second].extend(one.verdicts)
        judged = [Unit(outcome, p, tuple(v)) for p, v in by_pair.items() if v]
        if unjudged and not judged and len(outcome.candidates) > 1:
            judged = [Unit(outcome, (0, 1), ())]
        found += judged
    return found


def labels_by_row(run: Path) -> dict[int, list[HumanLabel]]:
    """The labels kept in a run, by the row's number."""
    found: dict[int, list[HumanLabel]] = defaultdict(list)
    for label in latest_labels(run):
        found[label.number].append(label)
    return found


def annotator_votes(
    outcome: Outcome, pair: tuple[int, int], labels: Sequence[HumanLabel]
) -> dict[str, Winner]:
    """What the source and the run's annotators say of one unit."""
    own = named_votes(outcome.labels) if set(pair) == {0, 1} else {}
    if pair == (1, 0):
        own = {who: SWAPPED.get(vote, vote) for who, vote in own.items()}
    return {**own, **votes_on(outcome, labels, pair)}


def votes_in_run(run: Path, judged: Sequence[Unit]) -> list[AnnotatorVotes]:
    """The votes on each unit that the run itself holds."""
    labels = labels_by_row(run)
    return [
        annotator_votes(u.outcome, u.pair, labels.get(u.outcome.number, ()))
        for u in judged
    ]


def votes_in_file(
    judged: Sequence[Unit], file: LabelFile
) -> tuple[list[AnnotatorVotes], str]:
    """The votes of a file on each unit, and how it was matched: id, texts or number.

    `InputError` where none of the three fits.
    """
    found, how = match_label_rows(judged, file.rows)
    return [row.votes_by_name if row else {} for row in found], how


def in_run_order(unit: Unit, row: LabelRow | None) -> LabelRow | None:
    """A file's row in the run's order: its votes turned where its texts stand swapped."""
    candidates = unit.outcome.candidates
    if max(unit.pair) >= len(candidates):
        return row
    first, second = (candidates[at].text for at in unit.pair)
    if row is None or first == second or (row.first, row.second) != (second, first):
        return row
    votes = tuple(SWAPPED.get(vote, vote) for vote in row.votes)
    return replace(row, votes=votes, first=row.second, second=row.first)


def match_label_rows(
    judged: Sequence[Unit], rows: Sequence[LabelRow]
) -> tuple[list[LabelRow | None], str]:
    """Each unit's row of a file, in the run's order of the candidates, and how."""
    found, how = find_label_rows(judged, rows)
    return [in_run_order(u, row) for u, row in zip(judged, found, strict=True)], how


def find_label_rows(
    judged: Sequence[Unit], rows: Sequence[LabelRow]
) -> tuple[list[LabelRow | None], str]:
    """Each unit's row of a file. A row without texts speaks of the first two candidates.

    Identifiers are believed where they fit most of the units or most of the labels: a few
    labels for a large run are as good as labels for all of it.
    """
    plain = [unit.pair == (0, 1) for unit in judged]
    by_id = {row.id: row for row in rows if row.id is not None}
    by_at = {row.at: row for row in rows if row.at is not None}
    ids = [
        by_id.get(u.outcome.id or "")
        or by_id.get(u.outcome.item)
        or by_at.get(u.outcome.number)
        for u in judged
    ]
    found = [row if first else None for row, first in zip(ids, plain, strict=True)]
    if sum(row is not None for row in found) > min(sum(plain), len(rows)) // 2:
        return found, "id"
    keys = {row.key: row for row in rows if row.key}
    texts = [keys.get(u.outcome.item) or keys.get(u.key) for u in judged]
    if any(texts) and len(rows) != sum(plain):
        return texts, "texts"
    if len(rows) != sum(plain):
        raise InputError(
            f"{len(rows):,} labels do not match {sum(plain):,} judged rows by id or by"
            " their texts, and there are not as many of them: name the column with --id"
        )
    rest = iter(rows)
    return [next(rest) if first else None for first in plain], "number"
