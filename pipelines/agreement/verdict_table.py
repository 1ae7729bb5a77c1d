"""Verdict table of a run: a row for each labelled pair, a column for each judge.

A judge asked in both orders of one pair has its two verdicts put together as the run does:
scores averaged, a contradiction is invalid here, for it names no winner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fellowship.errors import InputError
from fellowship.pipelines.agreement.comparison_votes import last_verdicts
from fellowship.pipelines.labels.annotators import (
    Unit,
    Voices,
    by_row,
    units,
    votes_in_file,
    votes_in_run,
)
from fellowship.pipelines.labels.label_rows import LabelFile, majority
from fellowship.records import Candidate, Outcome, Verdict, Winner
from fellowship.run_outcomes import outcomes
from fellowship.stats.codes import INVALID, Codes, Floats, encode
from fellowship.suggestions import did_you_mean, quoted_list
from fellowship.teams.decisions import decide


@dataclass(frozen=True)
class Table:
    """`votes` (n, m) codes, `margins` (n, m) points, NaN where there is none.

    `labels` (n,) people's codes, `voices` what each annotator said of each row;
    `clusters` (n,) the prompts; `families` (n, 2) who wrote the two candidates.
    """

    judges: tuple[str, ...]
    rows: tuple[str, ...]
    votes: Codes
    margins: Floats
    labels: Codes
    voices: tuple[Voices, ...]
    clusters: tuple[str, ...]
    families: tuple[tuple[str, str], ...]
    lengths: Floats
    matched: str


@dataclass(frozen=True)
class Asked:
    """Whose labels of which rows: `only` a dataset's, `annotators` none: everybody's."""

    labels: LabelFile | None = None
    only: str | None = None
    annotators: tuple[str, ...] = ()


def verdict_table(run: Path, asked: Asked | None = None) -> Table:
    """The labelled units of a run. `InputError` where none has a label and a verdict."""
    asked = asked or Asked()
    rows = (o for o in outcomes(run) if not asked.only or part_of(o, asked.only))
    found = units(rows)
    if not found:
        raise InputError(f"no row of {str(run)!r} holds verdicts on two candidates")
    heard, how = heard_by(run, found, asked)
    kept = [(u, said) for u, said in zip(found, heard, strict=True) if said]
    if not kept:
        raise InputError(
            "no row of the run has people's label: give --labels FILE, whose rows are"
            " found by id, by their texts or, if there are as many, by number; or"
            " label rows on the page of `fellowship view`"
        )
    by_unit = [per_judge(unit.verdicts) for unit, _ in kept]
    names = tuple(dict.fromkeys(name for row in by_unit for name in row))
    said = [[row.get(n, NOTHING) for n in names] for row in by_unit]
    return Table(
        judges=names,
        rows=tuple(unit.name for unit, _ in kept),
        votes=np.stack([encode([vote for vote, _ in row]) for row in said]),
        margins=np.array([[margin for _, margin in row] for row in said]),
        labels=encode([majority(list(voices.values())) for _, voices in kept]),
        voices=tuple(voices for _, voices in kept),
        clusters=tuple(cluster(unit.outcome) for unit, _ in kept),
        families=tuple(authors(unit) for unit, _ in kept),
        lengths=np.array([lengths(unit) for unit, _ in kept], dtype=float),
        matched=how,
    )


def heard_by(
    run: Path, found: Sequence[Unit], asked: Asked
) -> tuple[list[Voices], str]:
    """People's voices on each unit, those of the wanted annotators, and from where."""
    if asked.labels is not None:
        heard, how = votes_in_file(found, asked.labels)
    else:
        heard, how = votes_in_run(run, found), "the run's own labels"
        if idle := by_row(run).keys() - {unit.outcome.number for unit in found}:
            how += f" ({len(idle):,} labelled rows have no verdict: left out)"
    if not asked.annotators:
        return heard, how
    known = sorted({who for voices in heard for who in voices})
    for name in asked.annotators:
        if name not in known:
            hint = did_you_mean(name, known) or f"; there are {quoted_list(known)}"
            raise InputError(f"nobody called {name!r} labelled these rows{hint}")
    wanted = set(asked.annotators)
    return [{w: v for w, v in voices.items() if w in wanted} for voices in heard], how


NOTHING: tuple[Winner, float] = ("invalid", float("nan"))


def part_of(outcome: Outcome, only: str) -> bool:
    """Whether a row's id lies under a dataset's name."""
    return (outcome.id or "").startswith(f"{only}/")


def per_judge(verdicts: Iterable[Verdict]) -> dict[str, tuple[Winner, float]]:
    """What each judge says of a row, and its margin in points."""
    by_name: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        name = verdict.evaluator or verdict.model or "judge"
        by_name.setdefault(name, []).append(verdict)
    return {name: settled(last_verdicts(said)) for name, said in by_name.items()}


def settled(said: Sequence[Verdict]) -> tuple[Winner, float]:
    """One judge's verdicts in all orders as one winner and margin."""
    winner, scores = decide(last_verdicts(list(said)))
    if winner == "order-inconsistent" or winner == "invalid" or scores is None:
        return NOTHING
    return winner, round(abs(scores.first - scores.second), 9)


def cluster(outcome: Outcome) -> str:
    """The prompt's key: rows that share a prompt are one observation."""
    said = outcome.conversation
    if said is None or not said.question:
        return outcome.item or str(outcome.number)
    return said.key


def authors(unit: Unit) -> tuple[str, str]:
    """Who wrote the two candidates: the model, else the system."""
    first, second = (made.model or made.system for made in pair_of(unit))
    return first, second


def lengths(unit: Unit) -> tuple[float, float]:
    """Characters of the two candidates."""
    first, second = (float(len(made.text)) for made in pair_of(unit))
    return first, second


def pair_of(unit: Unit) -> tuple[Candidate, Candidate]:
    """The two candidates; blank ones where the row keeps no texts."""
    made = unit.outcome.candidates
    blank = Candidate(text="", system="")
    first, second = (made[at] if at < len(made) else blank for at in unit.pair)
    return first, second


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
