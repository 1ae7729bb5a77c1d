"""First pass of an export: each row once, through the filters of every kind.

Rows may be taken in in any order. Where everything that decides about a row is known when
it ends, a run takes it in then, and its end is left with the second pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.examples import Example
from fellowship.pipelines.export.filter_pass import FilterPass
from fellowship.pipelines.export.filters import first_pii
from fellowship.pipelines.export.kinds import examples_of
from fellowship.pipelines.export.row_forms import RowForm
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import AnswerFault, Outcome

INDICES = 1 << 20
"""More than a row has examples of one kind."""


class DatasetPasses:
    """The filter passes of an export's kinds, and the context they were made in."""

    def __init__(self, export: Export, context: ExportContext) -> None:
        self.context = context
        flags = {
            "calibrated": context.chance is not None,
            "criteria": context.criteria,
        }
        forms = [RowForm(kind, export, context) for kind in export.kinds]
        self.kinds = [FilterPass(form, export, flags) for form in forms]

    def add(self, outcome: Outcome) -> None:
        """Take in one row."""
        for filter_pass in self.kinds:
            kind = filter_pass.kind
            for place, example in numbered_examples(outcome, kind, self.context):
                fault = chosen_fault(outcome, example)
                filter_pass.add(place, with_flags(example), fault)

    def retake(self, numbers: Iterable[int], rows: Iterable[Outcome]) -> bool:
        """Take in rows as they are now, in place of what they were; False: it can't be.

        `numbers` are those of `rows`.
        """
        places = [range(n * INDICES, (n + 1) * INDICES) for n in numbers]
        if not all(filter_pass.forget(places) for filter_pass in self.kinds):
            return False
        for row in rows:
            self.add(row)
        return True

    def close(self) -> None:
        """Give the disk back."""
        for filter_pass in self.kinds:
            filter_pass.close()


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
    return replace(example, facts=facts)
