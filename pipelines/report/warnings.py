"""Warnings of a report, each with a figure in it.

What a reader would get wrong is said before they read.
"""

from __future__ import annotations

from collections.abc import Iterator

from fellowship.number_format import count, counted, percent
from fellowship.pipelines.recipe.aligned import alignment_note
from fellowship.pipelines.report.figures import Figures
from fellowship.records import State
from fellowship.sanitize import single_line
from fellowship.stats.intervals import MIN_LABELS, Interval
from fellowship.wording import flag_word

SMALL = 30
"""Rows under which shares say little."""
MUCH = 0.1
"""A share of rows or verdicts that is worth a warning."""


def warnings(found: Figures) -> tuple[str, ...]:
    """Everything to be careful about in these figures."""
    return (*_rows(found), *_judges(found), *_people(found), *_calls(found))


def _rows(found: Figures) -> Iterator[str]:
    flow = found.flow
    if not flow.rows:
        yield "No row has finished yet: there is nothing to report but the recipe."
        return
    if found.unreached:
        whole = found.flow.rows + found.unreached
        yield (
            f"{found.unreached:,} of the source's {counted(whole, 'row')} were not reached:"
            " the run was stopped, has a limit, or is still running."
        )
    if flow.rows < SMALL:
        yield f"Only {counted(flow.rows, 'row')}: every share below is uncertain."
    for fault in found.faults:
        yield f"{fault.describe()}."
    if not flow.pairs:
        yield "This run made no pair: there is nothing to train on."
    for state, what in (
        (
            State.ORDER_INCONSISTENT,
            "are order-inconsistent: the verdict changes with the order of the answers",
        ),
        (State.UNPARSED, "have no valid verdict"),
        (State.TRUNCATED, "have answers cut off at max_tokens: raise it"),
        (State.FAILED, "failed: run again to retry them"),
    ):
        share = flow.states[state] / flow.rows
        if share > MUCH:
            yield f"{percent(share, 0)} of the rows {what}."
    pairs = found.marks.longer + found.marks.shorter
    if pairs >= SMALL and found.marks.longer / pairs > 0.65:
        yield (
            f"In {percent(found.marks.longer / pairs, 0)} of the pairs the longer answer"
            " is the chosen one: a model trained on them may learn to give long answers."
        )
    if flow.flags["same_family"]:
        yield (
            f"{counted(flow.flags['same_family'], 'row')} {flag_word('same_family')}."
        )


def _judges(found: Figures) -> Iterator[str]:
    for judge in found.bench.judges:
        share = judge.invalid / judge.verdicts if judge.verdicts else 0.0
        if share > MUCH:
            yield f"{percent(share, 0)} of the verdicts of {judge.name} are invalid."
        if judge.contradicted is not None and judge.contradicted > 0.25:
            yield (
                f"{judge.name} changes its verdict in"
                f" {percent(judge.contradicted, 0)} of the comparisons asked in both orders"
                " when the order of the answers changes."
            )
        if judge.slot is not None and excludes_zero(judge.slot):
            yield (
                f"{judge.name} has a position bias to the"
                f" {'first' if judge.slot.value > 0 else 'second'} answer it reads, of"
                f" {percent(abs(judge.slot.value), 0)} of its verdicts"
                f"{' where both orders were asked' if judge.once else ''}."
            )


def excludes_zero(found: Interval | None) -> bool:
    """Whether an interval lies on one side of 0."""
    return found is not None and (found.low > 0 or found.high < 0)


def _people(found: Figures) -> Iterator[str]:
    if (
        not found.flow.rows
        or found.flow.rows == found.flow.states[State.REJECTED_INPUT]
    ):
        return
    aligned = alignment_note(found.header)
    for note in (*filter(None, (aligned,)), *found.label_notes):
        yield f"{single_line(note[:1].upper() + note[1:], 600)}."
    if not found.labels:
        yield (
            "No row is labelled, so how far the judges agree with people is unknown."
            f" {MIN_LABELS} labels are enough to measure it: fellowship view RUN."
        )
    elif found.agreement is None or not found.agreement.enough:
        prompts = found.agreement.prompts if found.agreement else found.labels
        raw_counts = found.agreement.raw_counts if found.agreement else ()
        yield (
            f"Too few labels: {counted(found.labels, 'row')} of"
            f" {counted(prompts, 'prompt')} are labelled, and"
            f" {MIN_LABELS} prompts are needed for a kappa."
            + "".join(f" {single_line(raw.text, 200)}." for raw in raw_counts)
        )


def _calls(found: Figures) -> Iterator[str]:
    whole = found.spending.whole
    if whole.unpriced:
        yield (
            f"{count(whole.unpriced)} of {counted(whole.calls, 'call')} have no known"
            " price: the cost below is a lower bound."
        )
    for sentence in found.replies.sentences():
        yield f"{sentence[0].upper()}{sentence[1:]}."
    lost = sum(f.tries for f in found.spending.failed if f.kind in LOST)
    if lost:
        yield (
            f"{counted(lost, 'call')} may have been paid for twice: they were in"
            " flight when"
            " the run ended."
        )


LOST = ("lost", "cancelled")
