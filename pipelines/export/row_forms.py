"""Row forms: what an export puts down of a row between its two passes.

Of a finished row the second pass knows but the weight better, for the mean of the whole
set is in it. So a line of JSON is put down as it will stand in its file, with a gap for
the weight. A table takes values, and a split is chosen by prompts: there the example
itself is put down, and taken up again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from fellowship.pipelines.export.columns import line_row
from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.examples import Example, json_line
from fellowship.pipelines.export.formats import FORMATS, format_row
from fellowship.pipelines.recipe.export_settings import Export

GAP: Final = "\t"
FILES: Final = "\n"
"""Signs that no line of JSON holds: in its texts they are escaped."""
TAILS: Final = ("", ".facts")
BEFORE: Final = "p_source"
"""The column after which the weight stands, in rows that have one."""
WEIGHT: Final = "sample_weight"


class RowForm:
    """How the rows of one kind go through an export.

    `ready` says whether what is put down is the line of its file, but for the weight.
    """

    def __init__(self, kind: str, export: Export, context: ExportContext) -> None:
        self.kind = kind
        self.export = export
        self.made = FORMATS[export.shape]
        container = self.made.container
        lines = not (container.typed or container.saved)
        self.ready = lines and not export.splits
        typed = lines and context.typed_lines
        self._as_row: Callable[[Mapping[str, Any]], dict[str, Any]]
        self._as_row = line_row if typed else dict

    def pack(self, example: Example) -> str:
        """What is put down of an example."""
        if not self.ready:
            return example.pack()
        line = line_with_gap(self._as_row(format_row(example, self.kind, self.export)))
        if not self.made.facts_beside:
            return line
        return FILES.join((line, line_with_gap(self._as_row(example.facts))))

    def lines(self, record: str, weight: float) -> Iterator[tuple[str, str]]:
        """Tail of the file and line of each row that was put down `ready`."""
        return zip(TAILS, record.replace(GAP, repr(weight)).split(FILES), strict=False)

    def rows(self, example: Example) -> Iterator[tuple[str, dict[str, Any]]]:
        """Tail of the file and columns of an example; its facts may have their own."""
        yield "", self._as_row(format_row(example, self.kind, self.export))
        if self.made.facts_beside:
            yield ".facts", self._as_row(example.facts)


def line_with_gap(row: Mapping[str, Any]) -> str:
    """A row's line of JSON, with a gap for its weight if it gets one.

    No text holds the column it follows as it is written: its quotes would be escaped.
    """
    line = json_line(row)
    if BEFORE not in row:
        return line
    before = f'"{BEFORE}": {json_line(row[BEFORE])}'
    return line.replace(before, f'{before}, "{WEIGHT}": {GAP}', 1)


def weight_of(p: float, mean: float) -> float:
    """A row's `sample_weight`: (2 p - 1) over its mean, so 1 on average.

    Where no row says more than a coin, all weigh 1.
    """
    return round(max(0.0, 2 * p - 1) / mean, 6) if mean > 0 else 1.0


def with_weight(example: Example, weight: float) -> Example:
    """The example with its `sample_weight`."""
    facts: dict[str, Any] = {}
    for name, value in example.facts.items():
        facts[name] = value
        if name == BEFORE:
            facts["sample_weight"] = weight
    return replace(example, facts=facts)
