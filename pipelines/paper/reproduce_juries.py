"""Reproduction of jury tables, and what a best jury is worth out of bag.

A best jury is chosen on the rows it is scored on; its honest value stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fellowship.number_format import counted
from fellowship.pipelines.agreement.calibration_points import CalibrationPoints
from fellowship.pipelines.paper.reproduce_parsings import JudgeReadings, PeopleLabels
from fellowship.pipelines.paper.reproduction import Line, Table
from fellowship.stats.agreement import kappa_of, pairwise, table_cells
from fellowship.stats.codes import INVALID, Codes, Floats
from fellowship.stats.effective import n_eff
from fellowship.stats.intervals import bootstrap_many
from fellowship.stats.juries import dawid_skene, majority
from fellowship.stats.selection import best_of, jury_majorities, jury_subsets


def jury_tables(
    dataset: str,
    judges: Sequence[JudgeReadings],
    people: PeopleLabels,
    known: Mapping[str, float],
) -> list[Table]:
    """Every jury of two and more, and what a best jury is worth where it wasn't picked."""
    juries = jury_subsets(len(judges))
    names = ["+".join(sorted(judges[i].name for i in jury)) for jury in juries]
    sides = []
    for reading in ("stored", "corrected"):
        votes = np.stack([getattr(j, reading) for j in judges], axis=1)
        sides.append(jury_majorities(votes, juries))
    stored = kappa_of(table_cells(people.labels, sides[0]).sum(axis=0))
    fixed = table_cells(people.labels[people.shown], sides[1][people.shown])
    spread = bootstrap_many(fixed, kappa_of)
    moved = (sides[0] != sides[1]).sum(axis=0)
    lines = [
        Line(
            name=name,
            published=known.get(name),
            recomputed=float(recomputed),
            corrected=corrected.value,
            low=corrected.low,
            high=corrected.high,
            rows=len(people.labels),
            changed=int(change),
        )
        for name, recomputed, corrected, change in zip(
            names, stored, spread, moved, strict=True
        )
    ]
    lines.sort(key=lambda line: -(line.recomputed or 0))
    table = Table(f"{dataset}: juries", "jury", tuple(lines))
    return [table, jury_worth(dataset, judges, people, fixed, names)]


def jury_worth(
    dataset: str,
    judges: Sequence[JudgeReadings],
    people: PeopleLabels,
    fixed: Floats,
    names: list[str],
) -> Table:
    """Best in and out of bag, votes of all, number of independent judges, human ceiling."""
    votes = np.stack([j.corrected for j in judges], axis=1)[people.shown]
    labels = people.labels[people.shown]
    alone = table_cells(labels, votes)
    single = int(np.nan_to_num(kappa_of(alone.sum(axis=0)), nan=-1).argmax())
    every = np.concatenate([fixed, alone[:, single : single + 1]], axis=1)
    juries = best_of(fixed, kappa_of)
    both = best_of(every, kappa_of, reference=every.shape[1] - 1)
    figures = [
        ("best jury, on the rows that chose it", juries.value, names[juries.index]),
        ("best jury, out of bag", juries.out_of_bag, "picked again in each resample"),
        (
            "best single judge, on the same left-out rows",
            both.reference_out_of_bag,
            judges[single].name,
        ),
        ("majority of all", _kappa(labels, majority(votes)), ""),
        ("Dawid-Skene of all", _kappa(labels, dawid_skene(votes).verdicts), ""),
        (
            "worth in independent judges",
            n_eff(votes, labels),
            f"of {counted(len(judges), 'judge')}",
        ),
    ]
    if people.annotators is not None:
        for pair in pairwise(people.annotators):
            names_of = f"people: annotators {pair.first + 1} and {pair.second + 1}"
            figures.append((names_of, pair.kappa, "the human ceiling"))
    lines = tuple(Line(name=a, corrected=b, note=c) for a, b, c in figures)
    return Table(f"{dataset}: what a jury adds", "kappa", lines)


def _kappa(labels: Codes, verdicts: Codes) -> float:
    return float(kappa_of(table_cells(labels, verdicts).sum(axis=0)))


def margin_points(judge: JudgeReadings, people: PeopleLabels) -> CalibrationPoints:
    """How often people name the judge's winner, by its margin in points."""
    named = np.isin(judge.strict, (1, -1)) & (people.labels != INVALID) & people.shown
    points = []
    for margin in np.unique(judge.margin[named]):
        here = named & (judge.margin == margin)
        right = (judge.strict[here] == people.labels[here]).mean()
        points.append((float(margin), int(here.sum()), float(right)))
    return CalibrationPoints(judge.name, tuple(points))
