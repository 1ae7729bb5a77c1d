"""Filter pass: one kind's rows on their way through the filters.

Rows made are rows exported and rows dropped, by name. Two passes. The first looks at
each row once and puts it down on the disk with what took it, if anything did; then what
needs the whole set is asked (contradictions, balance); the second reads back what is
left, in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.disk_cache import INSERT_ROW, Scratch
from fellowship.pipelines.export.examples import Example
from fellowship.pipelines.export.filters import FILTERS
from fellowship.pipelines.export.near_duplicates import NearDuplicates
from fellowship.pipelines.export.other_datasets import other_rows
from fellowship.pipelines.export.prepared_examples import (
    ExamplePreparation,
    PreparedExample,
)
from fellowship.pipelines.export.shortcuts import ShortcutCounter
from fellowship.pipelines.recipe.export_settings import FORMS
from fellowship.records import Outcome
from fellowship.registry_check import check_registry

OWN_FILTERS = (
    *("shape", "constant", "gibberish", "duplicates", "near_duplicates"),
    *("contradictory", "balance"),
)
"""Filters that need more than one example, asked by `FilterPass` itself."""
check_registry(
    "filter without a check of its own",
    [name for name, entry in FILTERS.items() if entry.check is None],
    OWN_FILTERS,
)


class FilterPass:
    """One kind's rows on their way through the filters."""

    def __init__(self, preparation: ExamplePreparation) -> None:
        self.preparation = preparation
        self.form = preparation.form
        self.kind = kind = preparation.kind
        self.export = export = preparation.export
        self.scratch = Scratch()
        self.shortcuts = ShortcutCounter()
        self.made = 0
        self._replaced = False
        self._near: list[NearDuplicates] = []
        self._others = 0
        if (near := export.filters.duplicate_settings) is not None:
            spaces = (0, 1)  # a good and a bad answer are not one another's duplicates
            at = near.similarity
            self._near = [NearDuplicates(self.scratch, at, space=s) for s in spaces]
            for texts in other_rows(near.against, FORMS[kind]):
                self._others += 1  # theirs are the numbers below 0
                self._near[texts.good].add(texts.parts, -self._others)

    def add(self, outcome: Outcome, context: ExportContext) -> None:
        """Look at one row's examples and put them down."""
        made = self.preparation.of_row(outcome, context, self.shortcuts.wants)
        for example, prepared in made:
            self.add_prepared(prepared, example)

    def add_prepared(
        self, row: PreparedExample, example: Example | None = None
    ) -> None:
        """Put down what was prepared of an example.

        Of rows that are the same the one of the first place is kept, in whatever order they
        come. The example itself is needed where near duplicates are dropped.
        """
        self.made += 1
        dropped = row.unfit or self._repeated(row, example) or row.failed
        if dropped is None and row.shortcut is not None:
            self.shortcuts.add_prepared(row.shortcut)
        self.scratch.run(INSERT_ROW, (row.place, row.key, dropped, *row.values))

    def _repeated(self, row: PreparedExample, example: Example | None) -> str | None:
        if row.key is not None and self._repeats_earlier(row.key, row.place):
            return "duplicates"
        if self._near:
            assert example is not None
            near = self._near[int(example.label is not False)]
            parts = [example.prompt_text, *example.texts]
            if near.add(parts, row.place, int(example.facts.get("row", -1))):
                return "near_duplicates"
        return None

    def forget(self, places: Sequence[range]) -> bool:
        """Let go of the rows in these ranges of places, to be taken in as they are now.

        False where another row was judged by one of them: it repeats what may go.
        """
        gone: set[int] = set()
        for low, high in ((one.start, one.stop) for one in places):
            sql = "SELECT key, n FROM rows WHERE n >= ? AND n < ?"
            found = list(self.scratch.rows(sql, (low, high)))
            if any(self.scratch.is_repeated(key, n) for key, n in found):
                return False
            if found:
                gone.update(n for _, n in found)
                self.scratch.forget(low, high)
        self.made -= len(gone)
        self.shortcuts.forget(gone)
        return True

    def _repeats_earlier(self, key: int, place: int) -> bool:
        """Whether a row of an earlier place has this key; one of a later place goes."""
        earlier = self.scratch.first(key, place)
        if earlier is None:
            return False
        self.scratch.note_repeat(key, max(earlier, place))
        if earlier < place:
            return True
        sql = "UPDATE rows SET dropped = 'duplicates' WHERE n = ?"
        self.scratch.run(sql, (earlier,))
        self._replaced = True
        return False

    def filter_whole_set(self) -> None:
        """Ask what needs the whole set. No row that it drops counts as a shortcut."""
        before = sum(self.count_dropped().values())
        if self.export.filters.contradictory:
            self.scratch.run(
                "UPDATE rows SET dropped = 'contradictory' WHERE dropped IS NULL AND pair"
                # What is nearly an earlier row may still be its very opposite.
                " IN (SELECT pair FROM rows WHERE dropped IS NULL"
                " OR dropped = 'near_duplicates' GROUP BY pair"
                " HAVING min(side) <> max(side))"
            )
        if self.export.filters.balance:
            self._balance()
        if self._replaced or sum(self.count_dropped().values()) > before:
            sql = "SELECT n FROM rows WHERE dropped IS NOT NULL"
            self.shortcuts.forget(place for (place,) in self.scratch.rows(sql))

    def _balance(self) -> None:
        """In each bin of lengths, as many rows on one side as on the other."""
        counted = (
            "SELECT bin, sum(leaning = 1), sum(leaning = -1) FROM rows"
            " WHERE dropped IS NULL AND leaning <> 0 GROUP BY bin"
        )
        for at, more, fewer in list(self.scratch.rows(counted)):
            heavy = 1 if more > fewer else -1
            self.scratch.run(
                "UPDATE rows SET dropped = 'balance' WHERE n IN (SELECT n FROM rows"
                " WHERE dropped IS NULL AND bin = ? AND leaning = ?"
                " ORDER BY pair LIMIT ?)",
                (at, heavy, abs(more - fewer)),
            )

    def count_dropped(self) -> dict[str, int]:
        """Filter -> rows it took."""
        sql = "SELECT dropped, count(*) FROM rows WHERE dropped IS NOT NULL GROUP BY 1"
        return dict(self.scratch.rows(sql))

    def kept_rows(self) -> Iterator[tuple[int, int, float, str]]:
        """Number, prompt, chance and record of every row that is left, in order.

        The record is what the form put down of its example.
        """
        sql = "SELECT n, prompt, p, record FROM rows WHERE dropped IS NULL ORDER BY n"
        return (
            (n, prompt, p, record) for n, prompt, p, record in self.scratch.rows(sql)
        )

    def close(self) -> None:
        """Give the disk back."""
        self.scratch.close()
        self.shortcuts.close()
