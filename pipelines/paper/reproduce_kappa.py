"""Reproduction of Cohen's kappas, judge by judge: published, recomputed, corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fellowship.errors import InputError
from fellowship.number_format import counted
from fellowship.pipelines.agreement.calibration_points import CalibrationPoints
from fellowship.pipelines.labels.label_rows import LabelRow
from fellowship.pipelines.paper.published_figures import DIGITS, KAPPAS
from fellowship.pipelines.paper.release import read_rows, verdict_files
from fellowship.pipelines.paper.reproduce_juries import jury_tables, margin_points
from fellowship.pipelines.paper.reproduce_parsings import (
    JudgeReadings,
    PeopleLabels,
    encode_labels,
    read_judge,
)
from fellowship.pipelines.paper.reproduction import Line, Table
from fellowship.stats.agreement import kappa_of, table_cells
from fellowship.stats.intervals import Interval, bootstrap_many, has_enough_labels

KAPPA_FILES = {
    "llm-as-a-judge": "multi-rater10",
    "llm-debate": "debate",
    "direct-comparison": "judge",
    "independent-scoring-10": "rater10",
    **{f"combined-scoring-{k}": f"multi-rater{k}" for k in (5, 10, 100)},
}
JURIES = "llms-as-a-jury"


def published_kappas(root: Path, dataset: str) -> dict[str, dict[str, float]]:
    """Strategy -> judge -> kappa, exact, from the release's own Kappa/ folder."""
    found: dict[str, dict[str, float]] = {}
    for folder in (root / "Kappa").glob("*"):
        if folder.name.lower() != dataset.lower():
            continue
        for path in sorted(folder.glob("*.json")):
            strategy = KAPPA_FILES.get(path.stem, path.stem)
            try:
                rows = {
                    "+".join(sorted(people)): float(k) for people, k in read_rows(path)
                }
            except (TypeError, ValueError) as error:
                raise InputError(
                    f"{str(path)!r} is no list of kappas: {error}"
                ) from error
            found.setdefault(strategy, {}).update(rows)
    return found


def dataset_tables(
    root: Path, dataset: str, labels: Sequence[LabelRow]
) -> tuple[list[Table], list[CalibrationPoints], list[str]]:
    """Every table of one dataset, its judges' margins, and notes."""
    files = [f for f in verdict_files(root) if f.dataset == dataset]
    known = published_kappas(root, dataset)
    people = encode_labels(labels)
    notes: list[str] = []
    if people is None:
        notes.append(
            f"{dataset}: no labels in the folder, so nothing to recompute a kappa from"
            f" (give them with --labels {dataset}=FILE)"
        )
    tables: list[Table] = []
    margins: list[CalibrationPoints] = []
    strategies = dict.fromkeys([*(f.strategy for f in files), *known])
    for strategy in strategies:
        if strategy == JURIES:
            continue
        judges = [read_judge(f) for f in files if f.strategy == strategy]
        right = matching_labels(judges, people, dataset, notes)
        tables.append(judge_table(dataset, strategy, judges, right, known))
        if right is not None and strategy.startswith("multi-rater"):
            margins += [margin_points(j, right) for j in judges]
        if strategy == "multi-rater10" and len(judges) > 1 and right is not None:
            tables += jury_tables(dataset, judges, right, known.get(JURIES, {}))
    return tables, margins, notes


def matching_labels(
    judges: Sequence[JudgeReadings],
    people: PeopleLabels | None,
    dataset: str,
    notes: list[str],
) -> PeopleLabels | None:
    """The labels if every judge has as many rows; else none, and a note."""
    if people is None or not judges:
        return None
    wrong = [j.name for j in judges if len(j.stored) != len(people.labels)]
    if wrong:
        notes.append(
            f"{dataset}: {counted(len(people.labels), 'label')} do not fit the rows of"
            f" {', '.join(wrong)}: not recomputed"
        )
        return None
    return people


def judge_table(
    dataset: str,
    strategy: str,
    judges: Sequence[JudgeReadings],
    people: PeopleLabels | None,
    known: Mapping[str, Mapping[str, float]],
) -> Table:
    """One strategy's judges beside their published kappas."""
    exact = known.get(strategy, {})
    printed = KAPPAS.get((dataset, strategy), {})
    by_name = {j.name: j for j in judges}
    found = measure_kappas(judges, people)
    lines = []
    for name in dict.fromkeys([*exact, *by_name, *(() if exact else printed)]):
        figure = exact.get(name, printed.get(name.removesuffix("_-1")))
        digits = None if name in exact else DIGITS
        line = Line(name, published=figure, digits=digits, note="verdicts not released")
        if judge := by_name.get(name):
            line = with_judge(line, judge, found.get(name))
        lines.append(line)
    title = f"{dataset}: {strategy}"
    return Table(title, "kappa", tuple(lines), describe_corrections(judges, people))


def measure_kappas(
    judges: Sequence[JudgeReadings], people: PeopleLabels | None
) -> dict[str, tuple[float, Interval]]:
    """Stored kappa and the corrected one's interval, by judge, resampled together."""
    if people is None or not judges:
        return {}
    stored = np.stack([j.stored for j in judges], axis=1)
    fixed = np.stack([j.corrected for j in judges], axis=1)[people.shown]
    plain = kappa_of(table_cells(people.labels, stored).sum(axis=0))
    spread = bootstrap_many(table_cells(people.labels[people.shown], fixed), kappa_of)
    return {
        j.name: (float(k), i) for j, k, i in zip(judges, plain, spread, strict=True)
    }


def with_judge(
    line: Line, judge: JudgeReadings, found: tuple[float, Interval] | None
) -> Line:
    """The line with what was computed of its judge."""
    values = {
        **{"name": line.name, "published": line.published, "digits": line.digits},
        **{"rows": len(judge.stored), "changed": judge.changed},
        "invalid": judge.invalid,
    }
    if found is None:
        return Line(**values, note="no labels")  # type: ignore[arg-type]
    stored, fixed = found
    note = "" if has_enough_labels(fixed.clusters) else "too few labels to say"
    values |= {"recomputed": stored, "corrected": fixed.value}
    values |= {"low": fixed.low, "high": fixed.high, "note": note}
    return Line(**values)  # type: ignore[arg-type]


def describe_corrections(
    judges: Sequence[JudgeReadings], people: PeopleLabels | None
) -> tuple[str, ...]:
    """What was corrected in a table, in words, with its counts."""
    sentences = []
    differing = sum(j.differing for j in judges)
    changed = sum(j.changed for j in judges)
    if differing:
        sentences.append(
            f"{counted(differing, 'verdict')} stored differently from their last line"
        )
    if changed - differing > 0:
        sentences.append(
            f"{counted(changed, 'verdict')} changed by parsing stored -1 scores again"
        )
    if invalid := sum(j.invalid for j in judges):
        sentences.append(
            f"{counted(invalid, 'text')} have no single verdict: the stored one is kept"
        )
    if people is not None and not people.shown.all():
        hidden = int((~people.shown).sum())
        sentences.append(
            f"{hidden:,} of {counted(len(people.shown), 'row')} are labelled for a"
            " later turn than"
            " the one judged: left out of corrected"
        )
    return tuple(sentences)
