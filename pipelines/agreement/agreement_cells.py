"""Tables and sentences of an agreement report, as terminal, page and report show them.

Shares of unreadable verdicts are of those asked; who was not asked has a column of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fellowship.number_format import (
    count,
    counted,
    figure,
    interval,
    part,
    percent,
    percent_interval,
)
from fellowship.pipelines.agreement.agreement import AgreementReport
from fellowship.pipelines.agreement.criteria import CriterionFigures
from fellowship.pipelines.agreement.judge_lines import JudgeAgreement
from fellowship.stats.winrate import BothOrders
from fellowship.verdict_words import criterion_title

Cells = list[tuple[str, ...]]

HEADS: Final = (
    *("judge", "kappa [95 %]", "accuracy [95 %]", "right of all asked [95 %]"),
    *("asked", "not asked", "unreadable", "order-inconsistent"),
)
"""Heads of `main_cells`; all but the first are of figures."""


def main_cells(found: AgreementReport) -> Cells:
    """A line for the jury as a whole, then one for each judge; heads are `HEADS`."""
    return [
        (
            *(line.name, interval(line.kappa), interval(line.accuracy)),
            interval(line.right_of_asked),
            *(count(line.asked), count(line.not_asked)),
            part(line.unreadable, line.asked),
            part(line.contradicted, line.asked),
        )
        for line in found.lines
    ]


def compared_cells(found: AgreementReport) -> tuple[tuple[str, ...], Cells]:
    """Heads and lines of further coefficients, and differences on rows of both."""
    named = any(line.p_holm is not None for line in found.lines)
    minus = f"kappa minus {found.reference} [95 %]" if found.reference else ""
    heads = (
        *("judge", "2-class [95 %]", "weighted [95 %]", "alpha [95 %]", "AC1 [95 %]"),
        *((minus, "rows of both") if minus else ()),
        *(("p, Holm",) if named else ()),
    )
    lines: Cells = []
    for line in found.lines:
        of = line.coefficients
        cells: tuple[str, ...] = (
            line.name,
            *(interval(of.kappa_without_ties), interval(of.kappa_quadratic)),
            *(interval(of.alpha), interval(of.ac1)),
        )
        if minus:
            rows = count(line.against.rows, none="") if line.against else ""
            cells += (interval(line.against, sign=True), rows)
        if named:
            cells += (figure(line.p_holm, 4) if line.p_holm is not None else "",)
        lines.append(cells)
    return heads, lines


def position_text(line: JudgeAgreement) -> str:
    """A judge's position bias and the rows it is of, or nothing."""
    at = line.position
    if at is None:
        return ""
    text = (
        f"bias to the first position: {interval(at.bias)}; the order changes"
        f" {percent_interval(at.changed)} of verdicts"
    )
    labelled = line.asked + line.not_asked
    if line.both_orders_asked < line.asked and at.readable < labelled:
        text += (
            f", of the {counted(at.readable, 'row')} asked in both orders alone (of"
            f" {line.asked:,}; a second order asked only where the first is close)"
        )
    return text


def both_orders_text(both: BothOrders | None) -> str:
    """A pair's rate over both orders and how often they contradict, of which rows."""
    if both is None:
        return ""
    rate, some = both.rate_asked, percent(both.contradictions)
    text = f"{figure(rate)}, {some} order-inconsistent"
    if both.is_conditional:
        text += f": only of the {both.asked:,} of {both.rows:,} asked in both orders"
    return text


CRITERIA_HEADS: Final = (
    *("judge", "criterion", "rows", "kappa [95 %]", "accuracy [95 %]"),
    *("weight", "weight by labels [95 %]", "correlation with length [95 %]", "note"),
)
"""Heads of `criteria_cells`; weights are shares of the sum of all sizes."""
LENGTH_NOTE: Final = "follows the length"


def criteria_cells(found: Sequence[CriterionFigures]) -> Cells:
    """A line for each criterion of each judge; heads are `CRITERIA_HEADS`."""
    return [
        (
            *(one.judge, criterion_title(one.name, one.weight), count(one.rows)),
            *(interval(one.kappa), interval(one.accuracy)),
            figure(one.share),
            interval(one.implied),
            interval(one.length),
            LENGTH_NOTE if one.measures_length else "",
        )
        for one in found
    ]
