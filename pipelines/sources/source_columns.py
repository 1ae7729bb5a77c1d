"""Meaning of a source's columns, decided by the values of its first rows.

Whoever runs a recipe decides before anything is asked: what can be read in one way is read
so, and said; what can't is an `InputError` that names the key which says how. A run that
began before 2026-11-29 goes on with its cells as they stand.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fellowship.pipelines.columns.sides import (
    BY_NAME,
    SOURCE_WAYS,
    Meanings,
    Sides,
    read_sides,
)
from fellowship.pipelines.columns.texts import (
    AS_IT_STANDS,
    TextColumn,
    TextTally,
    read_columns,
)
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.source_rows import source_rows
from fellowship.records import Winner

PROFILED = 10_000
"""Rows whose values decide what a column means, whatever the limit of the run."""
COLUMNS_RULE: Final = "columns"
"""The rule's name in a run's header; without it cells are read as they stand."""
COLUMNS_VERSION: Final = 2
PARTS_TRANSCRIPTS: Final = 2
"""The first version by which transcripts (`Human: ... Assistant: ...`) are parted."""


@dataclass(frozen=True)
class SourceColumns:
    """How a source's columns are read: texts by column, and the labels' sides."""

    texts: Mapping[str, TextColumn] = field(default_factory=dict)
    sides: Sides = BY_NAME

    def text(self, values: Mapping[str, Any], name: str) -> Any:
        """A cell of a text column as it is read."""
        return self.texts.get(name, AS_IT_STANDS).value(values[name], name)

    def described(self, source: Source) -> dict[str, str]:
        """How each column is read, in words."""
        found = {name: column.described for name, column in self.texts.items()}
        if source.label is not None:
            found[source.label] = self.sides.described
        return found


AS_WRITTEN = SourceColumns()
"""Every cell as it stands."""


def source_columns(source: Source, version: int = COLUMNS_VERSION) -> SourceColumns:
    """How a source's columns are read, by its first `PROFILED` rows.

    `version` is that of the rule a run began under.

    `InputError` where it can't be read, or where values can mean several things.
    """
    named = [source.prompt, *source.candidates]
    if source.reference is not None:
        named.append(source.reference)
    tallies = {name: TextTally() for name in named}
    labels: list[Any] = []
    for row in itertools.islice(source_rows(source), PROFILED):
        for name, tally in tallies.items():
            tally.add(row.number, row.values.get(name))
        if source.label is not None:
            labels.append(row.values.get(source.label))
    texts = read_columns(source.prompt, tallies, source.cells, "source.cells: ")
    if version < PARTS_TRANSCRIPTS:
        texts = {name: replace(t, transcripts=False) for name, t in texts.items()}
    return SourceColumns(texts, source_sides(source, labels))


def source_sides(source: Source, labels: list[Any]) -> Sides:
    """How the source's labels are read."""
    if source.label is None:
        return BY_NAME
    values: dict[str, Winner] = {
        name: "invalid" if meaning == "skip" else meaning
        for name, meaning in source.label_values.items()
    }
    given = Meanings(values, source.label_scale, SOURCE_WAYS)
    return read_sides(place_of(source), source.label, labels, given)


def place_of(source: Source) -> str:
    """The source's name in messages."""
    return ", ".join(repr(str(path)) for path in source.paths) or repr(source.dataset)
