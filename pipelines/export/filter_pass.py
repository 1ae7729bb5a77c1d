"""Filter pass: one kind's rows on their way through the filters.

Rows made are rows exported and rows dropped, by name. Two passes. The first looks at
each row once and puts it down on the disk with what took it, if anything did; then what
needs the whole set is asked (contradictions, balance); the second reads back what is
left, in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor, log
from typing import Any

from fellowship.pipelines.export.disk_cache import Scratch
from fellowship.pipelines.export.examples import Example, text_hash
from fellowship.pipelines.export.filters import FILTERS, enabled_checks
from fellowship.pipelines.export.formats import FORMATS
from fellowship.pipelines.export.near_duplicates import NearDuplicates
from fellowship.pipelines.export.other_datasets import other_rows
from fellowship.pipelines.export.row_forms import RowForm
from fellowship.pipelines.export.shortcuts import ShortcutCounter
from fellowship.pipelines.pairing.text_similarity import normalize
from fellowship.pipelines.recipe.export_settings import FORMS, Export
from fellowship.registry_check import check_registry

INSERT_ROW = f"INSERT INTO rows VALUES ({', '.join('?' * 11)})"
BINS_PER_UNIT = 5.0
"""Bins a unit of the logarithm: answers in one differ by less than a fifth in length."""

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

    def __init__(self, form: RowForm, export: Export, flags: Mapping[str, Any]) -> None:
        self.form = form
        self.kind = kind = form.kind
        self.export = export
        self.scratch = Scratch()
        self.shortcuts = ShortcutCounter()
        self.made = 0
        self._replaced = 0
        filters = export.filters
        self._checks = enabled_checks(filters, flags)
        self._near: list[NearDuplicates] = []
        self._others = 0
        if (near := filters.duplicate_settings) is not None:
            spaces = (0, 1)  # a good and a bad answer are not one another's duplicates
            at = near.similarity
            self._near = [NearDuplicates(self.scratch, at, space=s) for s in spaces]
            for texts in other_rows(near.against, FORMS[kind]):
                self._others += 1  # theirs are the numbers below 0
                self._near[texts.good].add(texts.parts, -self._others)

    def add(self, place: int, example: Example, fault: str | None = None) -> None:
        """Look at one row and put it down; `fault` is the chosen answer's.

        `place` is its place in the dataset: of rows that are the same the first is kept,
        in whatever order they come.
        """
        self.made += 1
        dropped = self._reason(place, example, fault)
        if dropped is None and self.form.ready:
            self.shortcuts.add(example, place)
        texts = [normalize(text) for text in example.texts]
        prompt = text_hash("prompt", *(turn["content"] for turn in example.prompt))
        lengths = [len(text) for text in texts]
        side = int(example.label is not False)
        if example.is_pair:
            side = int(texts[0] <= texts[1])
        chance = float(example.facts.get("p_chosen", 1.0))
        self.scratch.run(
            INSERT_ROW,
            (
                *(place, dropped, self.form.pack(example), prompt),
                *(
                    text_hash(prompt, *sorted(texts)),
                    side,
                    *length_bin(example, lengths),
                ),
                *(chance, lengths[0], lengths[1] if example.is_pair else -1),
            ),
        )

    def _reason(self, place: int, example: Example, fault: str | None) -> str | None:
        if FORMATS[self.export.shape].unfit(example):
            return "shape"
        filters = self.export.filters
        on = {"constant": filters.constant, "gibberish": filters.gibberish}
        if on.get(str(fault)):
            return fault
        if self.export.filters.duplicates:
            names = [[t["role"], normalize(t["content"])] for t in example.prompt]
            texts = [normalize(text) for text in example.texts]
            key = text_hash("row", names, texts, example.label)
            if self._repeats_earlier(key, place):
                return "duplicates"
        if self._near:
            near = self._near[int(example.label is not False)]
            parts = [example.prompt_text, *example.texts]
            source = int(example.facts.get("row", -1))
            if near.add(parts, place, source):
                return "near_duplicates"
        return next((name for name, c in self._checks.items() if c(example)), None)

    def forget(self, places: Sequence[range]) -> bool:
        """Let go of the rows in these ranges of places, to be taken in as they are now.

        False where another row was judged by one of them: it repeats what may go.
        """
        run, ends = self.scratch.run, [(one.start, one.stop) for one in places]
        if any(self.scratch.rows("SELECT 1 FROM rows WHERE dropped = 'duplicates'")):
            return False
        gone: set[int] = set()
        for low, high in ends:
            sql = "SELECT n FROM rows WHERE n >= ? AND n < ?"
            gone.update(n for (n,) in self.scratch.rows(sql, (low, high)))
            run("DELETE FROM rows WHERE n >= ? AND n < ?", (low, high))
        self.scratch.forget(gone)
        self.made -= len(gone)
        if not self.shortcuts.forget(gone):
            self._replaced += 1
        return True

    def _repeats_earlier(self, key: int, place: int) -> bool:
        """Whether a row of an earlier place has this key; one of a later place goes."""
        earlier = self.scratch.first(key, place)
        if earlier is None or earlier < place:
            return earlier is not None
        sql = "UPDATE rows SET dropped = 'duplicates' WHERE n = ?"
        self.scratch.run(sql, (earlier,))
        self._replaced += 1
        return False

    def filter_whole_set(self) -> bool:
        """Ask what needs the whole set; whether a row was dropped that was kept before."""
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
        return sum(self.count_dropped().values()) > before or self._replaced > 0

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

    def kept_numbers(self) -> Iterator[int]:
        """The number of every row that is left, in order."""
        sql = "SELECT n FROM rows WHERE dropped IS NULL ORDER BY n"
        return (number for (number,) in self.scratch.rows(sql))

    def begin_shortcuts(self) -> None:
        """Forget the shortcuts that were counted."""
        self.shortcuts.close()
        self.shortcuts = ShortcutCounter()

    def close(self) -> None:
        """Give the disk back."""
        self.scratch.close()
        self.shortcuts.close()


def length_bin(example: Example, lengths: list[int]) -> tuple[int, int]:
    """A row's bin, and the side it weighs down: longer chosen 1, longer rejected -1.

    Of single answers the bin is the length's own, and the side the label's.
    """
    if example.is_pair:
        ratio = log((lengths[0] + 1) / (lengths[1] + 1))
        return floor(abs(ratio) * BINS_PER_UNIT), (ratio > 0) - (ratio < 0)
    if example.label is None:
        return 0, 0
    return floor(log(lengths[0] + 1) * BINS_PER_UNIT), 1 if example.label else -1
