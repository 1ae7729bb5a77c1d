"""A run's verdicts as a table: one row an item with two candidates, one column a judge.

A judge asked in both orders of one pair has its two verdicts put together as the run does:
scores averaged, a contradiction is invalid here, for it names no winner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fellowship.errors import InputError
from fellowship.pipelines.exporting import outcomes
from fellowship.pipelines.heard import last_of
from fellowship.pipelines.human_labels import LabelFile, LabelRow, majority
from fellowship.records import Outcome, Verdict, Winner
from fellowship.stats.codes import INVALID, Codes, Floats, encode
from fellowship.teams.decisions import decide


@dataclass(frozen=True)
class Table:
    """`votes` (n, m) codes, `margins` (n, m) points, NaN where there is none.

    `labels` (n,) people's codes, `annotators` their single votes by row; `clusters` (n,)
    the prompts; `families` (n, 2) names the models that wrote the two candidates.
    """

    judges: tuple[str, ...]
    rows: tuple[str, ...]
    votes: Codes
    margins: Floats
    labels: Codes
    annotators: tuple[tuple[Winner, ...], ...]
    clusters: tuple[str, ...]
    families: tuple[tuple[str, str], ...]
    lengths: Floats
    matched: str


def verdict_table(
    run: Path, labels: LabelFile | None = None, only: str | None = None
) -> Table:
    """The labelled rows of a run. `InputError` where none has a label and a verdict."""
    rows = [o for o in outcomes(run) if judged(o) and (not only or part_of(o, only))]
    if not rows:
        raise InputError(f"no row of {str(run)!r} holds verdicts on two candidates")
    told, how = matched(rows, labels)
    kept = [(o, votes) for o, votes in zip(rows, told, strict=True) if votes]
    if not kept:
        raise InputError(
            "no row of the run has people's label: give --labels FILE, whose rows are"
            " found by id, by their texts or, if there are as many, by number"
        )
    by_row = [per_judge(judged(o)) for o, _ in kept]
    names = tuple(dict.fromkeys(name for row in by_row for name in row))
    return Table(
        judges=names,
        rows=tuple(o.id or str(o.number) for o, _ in kept),
        votes=np.stack(
            [encode([row.get(n, NOTHING)[0] for n in names]) for row in by_row]
        ),
        margins=np.array([[row.get(n, NOTHING)[1] for n in names] for row in by_row]),
        labels=encode([majority(votes) for _, votes in kept]),
        annotators=tuple(votes for _, votes in kept),
        clusters=tuple(cluster(o) for o, _ in kept),
        families=tuple(authors(o) for o, _ in kept),
        lengths=np.array([lengths(o) for o, _ in kept], dtype=float),
        matched=how,
    )


NOTHING: tuple[Winner, float] = ("invalid", float("nan"))


def judged(outcome: Outcome) -> list[Verdict]:
    """The verdicts on the row's first two candidates."""
    made = outcome.ranking.comparisons if outcome.ranking else ()
    return [v for c in made if (c.first, c.second) == (0, 1) for v in c.verdicts]


def part_of(outcome: Outcome, only: str) -> bool:
    """Whether a row's id lies under a dataset's name."""
    return (outcome.id or "").startswith(f"{only}/")


def per_judge(verdicts: Iterable[Verdict]) -> dict[str, tuple[Winner, float]]:
    """What each judge says of a row, and its margin in points."""
    by_name: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        name = verdict.evaluator or verdict.model or "judge"
        by_name.setdefault(name, []).append(verdict)
    return {name: settled(last_of(said)) for name, said in by_name.items()}


def settled(said: Sequence[Verdict]) -> tuple[Winner, float]:
    """One judge's verdicts in all orders as one winner and margin."""
    winner, scores = decide(said)
    if winner == "order-inconsistent" or winner == "invalid" or scores is None:
        return NOTHING
    return winner, round(abs(scores.first - scores.second), 9)


def matched(
    rows: Sequence[Outcome], labels: LabelFile | None
) -> tuple[list[tuple[Winner, ...]], str]:
    """People's votes on each row, and how they were found: id, texts, number or run."""
    if labels is None:
        return [o.labels for o in rows], "the run's own labels"
    told = labels.rows
    ids = {row.id: row for row in told if row.id is not None}
    if sum((o.id or "") in ids for o in rows) > len(rows) // 2:
        found = [ids.get(o.id or "") for o in rows]
        return [row.votes if row else () for row in found], "id"
    keys = {row.key: row for row in told if row.key}
    by_text = [keys.get(o.item) for o in rows]
    if any(by_text) and len(told) != len(rows):
        return [row.votes if row else () for row in by_text], "texts"
    return by_number(rows, told)


def by_number(
    rows: Sequence[Outcome], told: Sequence[LabelRow]
) -> tuple[list[tuple[Winner, ...]], str]:
    """Labels in the order of the rows, where there are as many of them."""
    if len(told) != len(rows):
        raise InputError(
            f"{len(told):,} labels do not match {len(rows):,} judged rows by id or by"
            " their texts, and there are not as many of them: name the column with --id"
        )
    return [row.votes for row in told], "number"


def cluster(outcome: Outcome) -> str:
    """The prompt's key: rows that share a prompt are one observation."""
    said = outcome.conversation
    if said is None or not said.question:
        return outcome.item or str(outcome.number)
    return said.key


def authors(outcome: Outcome) -> tuple[str, str]:
    """Who wrote the two candidates: the model, else the system."""
    named = [c.model or c.system for c in outcome.candidates[:2]]
    return (named[0], named[1]) if len(named) == 2 else ("", "")


def lengths(outcome: Outcome) -> tuple[float, float]:
    """Characters of the two candidates."""
    sizes = [float(len(c.text)) for c in outcome.candidates[:2]]
    return (sizes[0], sizes[1]) if len(sizes) == 2 else (0.0, 0.0)


def sides(table: Table, family: str) -> Floats:
    """+1 where only the first candidate is of the family, -1 only the second, else 0."""
    name = family.lower()
    first, second = (
        np.array([name in pair[i].lower() for pair in table.families]) for i in (0, 1)
    )
    return np.asarray(first.astype(float) - second.astype(float))


def labelled(table: Table) -> int:
    """Rows with a readable label."""
    return int((table.labels != INVALID).sum())
