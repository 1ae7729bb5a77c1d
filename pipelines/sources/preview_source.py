"""Preview of a source: its first rows as a run understands them."""

from __future__ import annotations

import itertools

from fellowship.pipelines.columns.preview import Preview, PreviewAnswer, PreviewRow
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.source import Rejected, read_items
from fellowship.pipelines.sources.source_columns import source_columns
from fellowship.records import Item


def preview_source(source: Source, rows: int) -> Preview:
    """The first rows of a source; `InputError` where its columns can't be understood."""
    columns = source_columns(source)
    found = itertools.islice(read_items(source, columns=columns), rows)
    return Preview(
        columns=columns.described(source), rows=tuple(map(preview_entry, found))
    )


def preview_entry(entry: Item | Rejected) -> PreviewRow:
    """One row of a source as it is understood."""
    if isinstance(entry, Rejected):
        place = entry.place or None
        return PreviewRow(number=entry.number, place=place, why=entry.why)
    return PreviewRow(
        number=entry.number,
        place=entry.place,
        id=entry.id,
        turns=tuple((m.role, m.content) for m in entry.conversation.messages),
        answers=tuple(
            PreviewAnswer(system=c.system, texts=c.turns or (c.text,))
            for c in entry.candidates
        ),
        reference=entry.reference,
        labels={f"person {n}": label for n, label in enumerate(entry.labels, 1)},
    )
