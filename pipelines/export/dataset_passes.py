"""First pass of an export: each row once, through the filters of every kind.

Rows may be taken in in any order. Where everything that decides about a row is known when
it ends, a run takes it in then, and its end is left with the second pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.filter_pass import FilterPass
from fellowship.pipelines.export.prepared_examples import (
    INDICES,
    PreparedExample,
    preparations,
)
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import Outcome


class DatasetPasses:
    """The filter passes of an export's kinds, and the context they were made in."""

    def __init__(self, export: Export, context: ExportContext) -> None:
        self.context = context
        self.kinds = [FilterPass(made) for made in preparations(export, context)]

    def add(self, outcome: Outcome) -> None:
        """Take in one row."""
        for filter_pass in self.kinds:
            filter_pass.add(outcome, self.context)

    def add_prepared(self, prepared: Sequence[Sequence[PreparedExample]]) -> None:
        """Take in one row whose examples of each kind were prepared."""
        for filter_pass, rows in zip(self.kinds, prepared, strict=True):
            for row in rows:
                filter_pass.add_prepared(row)

    def retake(self, rows: Sequence[Outcome]) -> bool:
        """Take in rows as they are now, in place of what they were; False: it can't be."""
        places = [range(r.number * INDICES, (r.number + 1) * INDICES) for r in rows]
        if not all(filter_pass.forget(places) for filter_pass in self.kinds):
            return False
        for row in rows:
            self.add(row)
        return True

    def close(self) -> None:
        """Give the disk back."""
        for filter_pass in self.kinds:
            filter_pass.close()
