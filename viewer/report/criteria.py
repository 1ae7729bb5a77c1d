"""Report section on the criteria of a rubric: a plot of bars a judge, one table of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fellowship.pipelines.agreement.agreement_cells import (
    CRITERIA_HEADS,
    criteria_cells,
)
from fellowship.pipelines.agreement.criteria import LENGTH_LIMIT, CriterionFigures
from fellowship.pipelines.report.figures import Figures
from fellowship.verdict_words import criterion_title
from fellowship.viewer.report.parts import Part, Section, grid
from fellowship.viewer.report.plots import forest

MOST_JUDGES, MOST_CRITERIA = 6, 24
"""Judges, and criteria of each, that are drawn; the table has all."""


def criteria(found: Figures) -> list[Section]:
    """A rubric's criteria; no section where no judge scored one."""
    if not found.criteria:
        return []
    agreement = found.agreement
    labelled = agreement.criteria if agreement and agreement.enough else ()
    shown = labelled or found.criteria
    label = "kappa with people, and correlation with length"
    if not labelled:
        label = "correlation of score gaps with gaps in length"
    table = grid(CRITERIA_HEADS, criteria_cells(shown), "  rrrrrr ")
    parts = (*criteria_plots(shown, label), Part(grid=table, broad=True))
    return [
        Section(
            "criteria",
            "Criteria",
            "Each criterion of the judges' rubrics. The correlation of its score gaps with"
            " the gaps in length is by signed ranks, and does not depend on which answer is"
            f" called A; beyond {LENGTH_LIMIT:g} with its whole interval, the criterion"
            " follows the length. With labels: agreement with people by this criterion"
            " alone, and the weight that the labels give it (least squares on the score"
            " gaps) beside the rubric's own; 95 % intervals resample prompts.",
            parts,
        )
    ]


def criteria_plots(shown: Sequence[CriterionFigures], label: str) -> Iterator[Part]:
    """The bars of each judge's criteria, a plot a judge, under its name if several do."""
    judges = list(dict.fromkeys(one.judge for one in shown))
    for n, judge in enumerate(judges[:MOST_JUDGES]):
        own = [one for one in shown if one.judge == judge][:MOST_CRITERIA]
        bars = [
            (
                criterion_title(one.name, one.weight),
                (("kappa", one.kappa), ("length", one.length)),
            )
            for one in own
        ]
        plots = forest(bars, label, f"criteria-{n}", 0, bars=True)
        title = judge if len(judges) > 1 else ""
        yield Part(title, plots, broad=True)
