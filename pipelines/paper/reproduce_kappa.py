"""Reproduction of Cohen's kappas, judge by judge: published, recomputed, corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fellowship.errors import InputError
from fellowship.pipelines.agreement.calibration_points import CalibrationPoints
from fellowship.pipelines.labels.label_rows import LabelRow
from fellowship.pipelines.paper.published_figures import DIGITS, KAPPAS
from fellowship.pipelines.paper.release import evaluations, rows_of
from fellowship.pipelines.paper.reproduce_juries import jury_tables, margin_points
from fellowship.pipelines.paper.reproduce_parsings import Judged, People, judged, people
from fellowship.pipelines.paper.reproduction import Line, Table
from fellowship.stats.agreement import cells, kappa_of
from fellowship.stats.intervals import Interval, bootstrap_many, enough_labels

KAPPA_FILES = {
    "llm-as-a-judge": "multi-rater10",
    "llm-debate": "debate",
    "direct-comparison": "judge",
    "independent-scoring-10": "rater10",
    **{f"combined-scoring-{k}": f"multi-rater{k}" for k in (5, 10, 100)},
}
JURIES = "llms-as-a-jury"


def published(root: Path, dataset: str) -> dict[str, dict[str, float]]:
    """Strategy -> judge -> kappa, exact, from the release's own Kappa/ folder."""
    found: dict[str, dict[str, float]] = {}
    for folder in (root / "Kappa").glob("*"):
        if folder.name.lower() != dataset.lower():
            continue
        for path in sorted(folder.glob("*.json")):
            strategy = KAPPA_FILES.get(path.stem, path.stem)
            try:
                rows = {"+".join(sorted(who)): float(k) for who, k in rows_of(path)}
            except (TypeError, ValueError) as error:
                raise InputError(
                    f"{str(path)!r} is no list of kappas: {error}"
                ) from error
            found.setdefault(strategy, {}).update(rows)
    return found


def tables(
    root: Path, dataset: str, labels: Sequence[LabelRow]
) -> tuple[list[Table], list[CalibrationPoints], list[str]]:
    """Every table of one dataset, its judges' margins, and notes."""
    files = [f for f in evaluations(root) if f.dataset == dataset]
    known = published(root, dataset)
    who = people(labels)
    notes: list[str] = []
    if who is None:
        notes.append(
            f"{dataset}: no labels in the folder, so nothing to recompute a kappa from"
            f" (give them with --labels {dataset}=FILE)"
        )
    made: list[Table] = []
    margins: list[CalibrationPoints] = []
    strategies = dict.fromkeys([*(f.strategy for f in files), *known])
    for strategy in strategies:
        if strategy == JURIES:
            continue
        judges = [judged(f) for f in files if f.strategy == strategy]
        right = fitting(judges, who, dataset, notes)
        made.append(judge_table(dataset, strategy, judges, right, known))
        if right is not None and strategy.startswith("multi-rater"):
            margins += [margin_points(j, right) for j in judges]
        if strategy == "multi-rater10" and len(judges) > 1 and right is not None:
            made += jury_tables(dataset, judges, right, known.get(JURIES, {}))
    return made, margins, notes


def fitting(
    judges: Sequence[Judged], who: People | None, dataset: str, notes: list[str]
) -> People | None:
    """The labels if every judge has as many rows; else none, and a note."""
    if who is None or not judges:
        return None
    wrong = [j.name for j in judges if len(j.stored) != len(who.labels)]
    if wrong:
        notes.append(
            f"{dataset}: {len(who.labels):,} labels do not fit the rows of"
            f" {', '.join(wrong)}: not recomputed"
        )
        return None
    return who


def judge_table(
    dataset: str,
    strategy: str,
    judges: Sequence[Judged],
    who: People | None,
    known: Mapping[str, Mapping[str, float]],
) -> Table:
    """One strategy's judges beside their published kappas."""
    exact = known.get(strategy, {})
    printed = KAPPAS.get((dataset, strategy), {})
    by_name = {j.name: j for j in judges}
    found = kappas(judges, who)
    lines = []
    for name in dict.fromkeys([*exact, *by_name, *(() if exact else printed)]):
        figure = exact.get(name, printed.get(name.removesuffix("_-1")))
        digits = None if name in exact else DIGITS
        line = Line(name, published=figure, digits=digits, note="verdicts not released")
        if judge := by_name.get(name):
            line = measured(line, judge, found.get(name))
        lines.append(line)
    title = f"{dataset}: {strategy}"
    return Table(title, "kappa", tuple(lines), corrections(judges, who))


def kappas(
    judges: Sequence[Judged], who: People | None
) -> dict[str, tuple[float, Interval]]:
    """Stored kappa and the corrected one's interval, by judge, resampled together."""
    if who is None or not judges:
        return {}
    stored = np.stack([j.stored for j in judges], axis=1)
    fixed = np.stack([j.corrected for j in judges], axis=1)[who.shown]
    plain = kappa_of(cells(who.labels, stored).sum(axis=0))
    spread = bootstrap_many(cells(who.labels[who.shown], fixed), kappa_of)
    return {
        j.name: (float(k), i) for j, k, i in zip(judges, plain, spread, strict=True)
    }


def measured(line: Line, judge: Judged, found: tuple[float, Interval] | None) -> Line:
    """The line with what was computed of its judge."""
    values = {
        **{"name": line.name, "published": line.published, "digits": line.digits},
        **{"rows": len(judge.stored), "changed": judge.changed},
        "invalid": judge.invalid,
    }
    if found is None:
        return Line(**values, note="no labels")  # type: ignore[arg-type]
    stored, fixed = found
    note = "" if enough_labels(fixed.clusters) else "too few labels to say"
    values |= {"recomputed": stored, "corrected": fixed.value}
    values |= {"low": fixed.low, "high": fixed.high, "note": note}
    return Line(**values)  # type: ignore[arg-type]


def corrections(judges: Sequence[Judged], who: People | None) -> tuple[str, ...]:
    """What was corrected in a table, in words, with its counts."""
    said = []
    differing = sum(j.differing for j in judges)
    changed = sum(j.changed for j in judges)
    if differing:
        said.append(f"{differing} verdicts stored otherwise than their last line says")
    if changed - differing > 0:
        said.append(f"{changed} verdicts changed by reading stored -1 scores again")
    if invalid := sum(j.invalid for j in judges):
        said.append(f"{invalid} texts hold no single verdict: the stored one is kept")
    if who is not None and not who.shown.all():
        hidden = int((~who.shown).sum())
        said.append(
            f"{hidden:,} of {len(who.shown):,} rows are labelled for a later turn than"
            " the one judged: left out of corrected"
        )
    return tuple(said)
