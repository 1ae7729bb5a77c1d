"""Reproduction of a release's tables: published, recomputed, corrected."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from fellowship.pipelines.agreement.calibration_points import CalibrationPoints
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.labels.label_rows import LabelRow
from fellowship.pipelines.paper.release import (
    check_release,
    configurations,
    verdict_files,
)
from fellowship.pipelines.paper.release_rows import labels_for
from fellowship.pipelines.paper.reproduce_kappa import dataset_tables
from fellowship.pipelines.paper.reproduce_loops import (
    review_table,
    selection_table,
    win_table,
)
from fellowship.pipelines.paper.reproduction import Reproduction, SelectionTable, Table


def reproduce(root: Path, labels: Mapping[str, Path] | None = None) -> Reproduction:
    """Recompute what the folder publishes. `labels` adds label files by dataset.

    `InputError` where `root` is no release or a file of it can't be read.
    """
    check_release(root)
    began = time.perf_counter()
    tables: list[Table] = []
    margins: list[CalibrationPoints] = []
    notes: list[str] = []
    datasets = {f.dataset for f in verdict_files(root)}
    datasets |= {p.name.lower() for p in (root / "Kappa").glob("*") if p.is_dir()}
    seconds: dict[str, float] = {}
    for dataset in sorted(datasets):
        start = time.perf_counter()
        found = dataset_tables(root, dataset, _labels(root, dataset, labels or {}))
        tables += found[0]
        margins += found[1]
        notes += found[2]
        seconds[dataset] = time.perf_counter() - start
    loops, selections = _loop_tables(root)
    seconds["all"] = time.perf_counter() - began
    return Reproduction(
        (*tables, *loops), tuple(selections), tuple(margins), tuple(notes), seconds
    )


def _labels(root: Path, dataset: str, given: Mapping[str, Path]) -> list[LabelRow]:
    if dataset in given:
        return list(read_labels(given[dataset]).rows)
    return labels_for(root, dataset)


def _loop_tables(root: Path) -> tuple[list[Table], list[SelectionTable]]:
    every = configurations(root)
    tables: list[Table] = []
    for prompts in dict.fromkeys(one.prompts for one in every):
        ours = [one for one in every if one.prompts == prompts]
        tables += [t for t in [win_table(prompts, ours), *map(review_table, ours)] if t]
    picked = [selection_table(one) for one in every]
    return tables, [one for one in picked if one is not None]
