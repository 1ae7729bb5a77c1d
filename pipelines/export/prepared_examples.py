"""Prepared examples: what can be said of a dataset's row before the other rows are known.

It is the dear part of the first pass, and plain values: another process may have made it.
What needs the whole set is left to the filter pass that it is put into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import floor, log
from typing import Any, NamedTuple

from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.examples import (
    Example,
    prompt_hash,
    text_hash,
)
from fellowship.pipelines.export.filters import enabled_checks, first_pii
from fellowship.pipelines.export.formats import FORMATS
from fellowship.pipelines.export.kinds import examples_of
from fellowship.pipelines.export.row_forms import RowForm
from fellowship.pipelines.export.shortcuts import ShortcutRow, shortcut_row
from fellowship.pipelines.export.word_classifier import WordPair
from fellowship.pipelines.pairing.text_similarity import normalize
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import AnswerFault, Outcome

INDICES = 1 << 20
"""More than a row has examples of one kind."""

BINS_PER_UNIT = 5.0
"""Bins a unit of the logarithm: answers in one differ by less than a fifth in length."""


class PreparedExample(NamedTuple):
    """One example as a filter pass puts it down.

    `place` is its place in the dataset, `unfit` the filter that takes it before others are
    looked at, `key` what its duplicates share (None: not asked), `failed` the filter that
    takes it unless it is one. `values` are the columns after that.
    """

    place: int
    unfit: str | None
    key: int | None
    failed: str | None
    values: Sequence[Any]
    shortcut: ShortcutRow | None


def as_prepared(values: Sequence[Any]) -> PreparedExample:
    """A prepared example that has been JSON."""
    made = PreparedExample(*values)
    if made.shortcut is None:
        return made
    row, pair = made.shortcut
    words = None if pair is None else WordPair(*pair)
    return made._replace(shortcut=ShortcutRow(row, words))


class ExamplePreparation:
    """What one kind's examples are prepared by."""

    def __init__(self, form: RowForm, export: Export, flags: Mapping[str, Any]) -> None:
        self.form = form
        self.kind = form.kind
        self.export = export
        self._checks = enabled_checks(export.filters, flags)

    def prepare(
        self,
        place: int,
        example: Example,
        fault: str | None = None,
        wants: Callable[[int], bool] = lambda rank: True,
    ) -> PreparedExample:
        """Look at one example by itself; `fault` is the chosen answer's.

        `wants` says which pairs' words are looked at, by their rank.
        """
        texts = [normalize(text) for text in example.texts]
        unfit, key, failed = self._unfit(example, fault), None, None
        if unfit is None:
            key = self._duplicates_key(example, texts)
            failed = next((n for n, c in self._checks.items() if c(example)), None)
        kept = unfit is None and failed is None and self.form.ready
        row = shortcut_row(example, place, wants) if kept else None
        values = (self.form.pack(example), *measures(example, texts))
        return PreparedExample(place, unfit, key, failed, values, row)

    def of_row(
        self,
        outcome: Outcome,
        context: ExportContext,
        wants: Callable[[int], bool] = lambda rank: True,
    ) -> Iterator[tuple[Example, PreparedExample]]:
        """A row's examples of this kind, each prepared."""
        for place, example in numbered_examples(outcome, self.kind, context):
            fault = chosen_fault(outcome, example)
            yield example, self.prepare(place, with_flags(example), fault, wants)

    def _unfit(self, example: Example, fault: str | None) -> str | None:
        if FORMATS[self.export.shape].unfit(example):
            return "shape"
        if fault is None:
            return None
        filters = self.export.filters
        on = {"constant": filters.constant, "gibberish": filters.gibberish}
        return fault if on.get(str(fault)) else None

    def _duplicates_key(self, example: Example, texts: Sequence[str]) -> int | None:
        if not self.export.filters.duplicates:
            return None
        asked = [part for t in example.prompt for part in (t["role"], t["content"])]
        said = [*map(normalize, asked), *texts]
        return text_hash("row", len(asked), *said, example.label)


def preparations(export: Export, context: ExportContext) -> list[ExamplePreparation]:
    """What each kind of an export is prepared by."""
    flags = {"calibrated": context.chance is not None, "criteria": context.criteria}
    forms = [RowForm(kind, export, context) for kind in export.kinds]
    return [ExamplePreparation(form, export, flags) for form in forms]


def measures(example: Example, texts: Sequence[str]) -> tuple[Any, ...]:
    """Hashes, side, bin, chance and lengths of an example, as the filter pass keeps them.

    `texts` are its answers in their normal form.
    """
    prompt = prompt_hash(example)
    lengths = [len(text) for text in texts]
    side = int(example.label is not False)
    if example.is_pair:
        side = int(texts[0] <= texts[1])
    chance = float(example.facts.get("p_chosen", 1.0))
    return (
        *(prompt, text_hash(prompt, *sorted(texts)), side),
        *length_bin(example, lengths),
        *(chance, lengths[0], lengths[1] if example.is_pair else -1),
    )


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


def numbered_examples(
    outcome: Outcome, kind: str, context: ExportContext
) -> Iterator[tuple[int, Example]]:
    """A row's examples of a kind with their places in the dataset, which are in order."""
    for index, example in enumerate(examples_of(outcome, kind, context)):
        yield outcome.number * INDICES + index, example


def chosen_fault(outcome: Outcome, example: Example) -> AnswerFault | None:
    """Why the answer that an example calls good is none; None where it is one."""
    if example.label is False or not any(c.fault for c in outcome.candidates):
        return None
    text = example.answers[0][-1]["content"]
    faults = (c.fault for c in outcome.candidates if c.fault and c.text == text)
    return next(faults, None)


def with_flags(example: Example) -> Example:
    """The example with what is flagged and not dropped: personal data."""
    facts = {**example.facts, "pii": bool(first_pii(example))}
    prompt, answers, label = example.prompt, example.answers, example.label
    return Example(prompt, answers, label, facts, example.thinking)
