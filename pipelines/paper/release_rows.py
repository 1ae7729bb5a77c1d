"""Outcomes of a release, row by row: judged rows first, then generated ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.hashing import digest
from fellowship.pipelines.imports.imported_rows import (
    imported_outcome,
    jury_comparison,
    make_session,
    single_turn,
)
from fellowship.pipelines.imports.run_writer import Watch, no_progress
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.labels.label_rows import Columns, LabelRow
from fellowship.pipelines.paper.release import (
    configurations,
    read_rows,
    verdict_files,
)
from fellowship.pipelines.paper.release_generated import generated_outcomes
from fellowship.pipelines.paper.release_verdicts import ReleasedVerdict, read_row
from fellowship.records import (
    Candidate,
    Item,
    Outcome,
)

NO_TEXTS = "only verdicts: the release has no prompt and answers for this row"


def labels_for(root: Path, dataset: str) -> list[LabelRow]:
    """People's labels of a dataset: the file in labels/ whose name begins like it."""
    stem = dataset.split("-eval")[0].lower()
    for path in sorted((root / "labels").glob("*")):
        if path.name.lower().startswith(stem):
            return list(read_labels(path, Columns(count_unknown=True)).rows)
    return []


def release_outcomes(
    root: Path, only: str | None = None, watch: Watch = no_progress
) -> Iterator[Outcome]:
    """Every row of the release, numbered from 1 throughout; `only` keeps one dataset."""
    for number, (outcome, share) in enumerate(_outcomes_with_share(root, only), 1):
        watch("rows brought in", number, share)
        pairs = tuple(p.model_copy(update={"number": number}) for p in outcome.pairs)
        yield outcome.model_copy(update={"number": number, "pairs": pairs})


def _outcomes_with_share(
    root: Path, only: str | None
) -> Iterator[tuple[Outcome, float]]:
    """Each row with the share of the bytes that were read before its part."""
    parts = list(_parts(root, only))
    whole, before = max(1, sum(size for size, _ in parts)), 0
    for size, rows in parts:
        for outcome in rows:
            yield outcome, before / whole
        before += size


def _parts(root: Path, only: str | None) -> Iterator[tuple[int, Iterator[Outcome]]]:
    known = {f.dataset for f in verdict_files(root)}
    known |= {c.prompts for c in configurations(root)}
    if only is not None and only not in known:
        raise InputError(
            f"no dataset {only!r} here; there is {', '.join(sorted(known))}"
        )
    for dataset, files in groupby(verdict_files(root), key=lambda f: f.dataset):
        if only in (None, dataset):
            given = list(files)
            yield _size(f.path for f in given), _judged_outcomes(root, dataset, given)
    for prompts, configured in groupby(configurations(root), key=lambda c: c.prompts):
        if only in (None, prompts):
            for one in configured:
                if one.picks or one.compared or one.reviewer:
                    read = [one.written, one.picks, *(path for _, path in one.compared)]
                    yield _size(filter(None, read)), generated_outcomes(root, one)


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def _judged_outcomes(root: Path, dataset: str, files: list[Any]) -> Iterator[Outcome]:
    labels = labels_for(root, dataset)
    columns = [[read_row(row, file) for row in read_rows(file.path)] for file in files]
    names = [file.name for file in files]
    for n, found in enumerate(zip_longest(*columns), 1):
        label = labels[n - 1] if n <= len(labels) else None
        verdicts = {name: one for name, one in zip(names, found, strict=True) if one}
        yield _judged_outcome(dataset, n, label, verdicts)


def _judged_outcome(
    dataset: str, n: int, label: LabelRow | None, by_judge: dict[str, ReleasedVerdict]
) -> Outcome:
    key = (label.key if label else None) or digest([dataset, n], 8)
    verdicts = [one.verdict for one in by_judge.values()]
    sessions = [
        make_session(name, key, one.turns, one.verdict)
        for name, one in by_judge.items()
        if one.turns
    ]
    faults = [f"{name}: {one.fault}" for name, one in by_judge.items() if one.fault]
    texts = (label.first, label.second) if label else ("", "")
    names = label.names if label else ("first", "second")
    if label is None or not any(texts):
        faults.append(NO_TEXTS)
    elif label.fault:
        faults.append(label.fault)
    item = Item(
        key=key,
        number=n,
        id=f"{dataset}/{n}",
        conversation=single_turn(label.prompt if label else ""),
        candidates=tuple(
            Candidate(text=text, system=slot, model=name if label else "")
            for slot, name, text in zip(("first", "second"), names, texts, strict=True)
        ),
        labels=label.votes if label else (),
    )
    comparison = jury_comparison(verdicts)
    return imported_outcome(
        item, 2, [comparison], sessions=sessions, fault="; ".join(faults)
    )
