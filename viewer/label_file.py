"""Labels leave and enter a run as JSON lines; a line that is none is named by number."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from fellowship.errors import InputError
from fellowship.ledger import LedgerReader
from fellowship.pipelines.run_labels import (
    HumanLabel,
    add_labels,
    all_labels,
    labels_of,
)
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER


@dataclass(frozen=True)
class Taken:
    """What became of a file's lines: added, known already, and refused with reasons."""

    added: int
    known: int
    bad: tuple[tuple[int, str], ...]


def label_lines(run: Path) -> Iterator[str]:
    """What each annotator said last of each two candidates, one JSON object a line."""
    for label in labels_of(run):
        yield label.model_dump_json()


def take_labels(run: Path, lines: Iterable[str]) -> Taken:
    """Add the labels of a file. Taking the same file twice adds nothing.

    A row is found by its number if its item is the label's; a run made anew from the same
    prompts may have it elsewhere, so else by the item.
    """
    there = {same(label) for label in all_labels(run)}
    good: list[HumanLabel] = []
    bad: list[tuple[int, str]] = []
    known = 0
    with LedgerReader(run / LEDGER) as reader:
        for number, text in enumerate(lines, 1):
            if not text.strip():
                continue
            try:
                label = placed(read_label(text), reader)
            except InputError as error:
                bad.append((number, str(error)))
                continue
            if same(label) in there:
                known += 1
            else:
                there.add(same(label))
                good.append(label)
    if good:
        add_labels(run, good)
    return Taken(len(good), known, tuple(bad))


def same(label: HumanLabel) -> str:
    """What makes two labels one and the same."""
    return label.model_dump_json(exclude={"number"})


def read_label(text: str) -> HumanLabel:
    """One line; `InputError` says what is wrong with it."""
    try:
        return HumanLabel.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"not a JSON object: {error}") from error


def placed(label: HumanLabel, reader: LedgerReader) -> HumanLabel:
    """The label with the number its item has in this run."""
    sql = "SELECT number, record FROM outcomes WHERE item = ? ORDER BY number <> ? LIMIT 1"
    found = next(reader.rows(sql, (label.item, label.number)), None)
    if found is None:
        raise InputError(f"no finished row has the item {label.item!r}")
    most = len(Outcome.model_validate_json(found[1]).candidates)
    if label.first == label.second or max(label.first, label.second) >= most:
        raise InputError(f"row {found[0]} has {most} candidates, not the two named")
    return label.model_copy(update={"number": found[0]})
