"""Agreement report in the terminal: tables, biases, juries, margins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from fellowship.cli.terminal import say, table
from fellowship.number_format import counted, figure, interval, percent_interval
from fellowship.sanitize import single_line
from fellowship.suggestions import quoted_list

if TYPE_CHECKING:
    from fellowship.pipelines.agreement.agreement import AgreementReport
    from fellowship.pipelines.agreement.human_ceiling import HumanCeiling
    from fellowship.pipelines.agreement.judge_lines import JudgeAgreement
    from fellowship.pipelines.agreement.juries import JuryAnalysis
    from fellowship.pipelines.agreement.margins import MarginCalibration

NOTE = 600
"""Characters of a note on the labels."""
SHOWN = 10
"""Juries that are listed; --json has them all."""


def show(found: AgreementReport, out: Console) -> None:
    """The report: the jury as a whole, then its judges."""
    from fellowship.pipelines.agreement.agreement_cells import (
        CRITERIA_HEADS,
        HEADS,
        compared_cells,
        criteria_cells,
        main_cells,
    )

    say(
        out,
        f"{counted(found.labels, 'label')} on {counted(found.prompts, 'prompt')},",
        f" matched by {found.matched}",
    )
    for note in found.notes:
        say(out, (single_line(note, NOTE), "yellow"))
    if not found.enough:
        say(out, ("too few labels: 50 labelled prompts are needed", "yellow"))
        for raw in found.raw_counts:
            say(out, f"  {single_line(raw.text, 200)}")
        return
    if found.authors:
        say(out, f"answers of {single_line(', '.join(found.authors), 100)}")
    table(out, HEADS, main_cells(found), right=" rrrrrrr")
    heads, cells = compared_cells(found)
    table(out, heads, cells, right=" rrrrrrr"[: len(heads)])
    if found.criteria:
        table(out, CRITERIA_HEADS, criteria_cells(found.criteria), right="  rrrrrr ")
    for judge in found.lines:
        show_judge(judge, found.families, out)
    for note in found.bias_notes:
        say(out, (note, "yellow"))
    if found.people is not None:
        show_people(found.people, out)
    for way, kappa in found.pooled_kappa:
        say(out, f"all judges, {way}: kappa {interval(kappa)}")
    for note in found.ranking_notes:
        say(out, single_line(note, 600))
    if found.effective_of is not None:
        say(out, found.effective_of.text)
    if found.jury is not None:
        show_jury(found.jury, out)
    show_margins(found.margins, out)
    if found.posterior is not None:
        say(out, found.posterior.text)


def show_people(people: HumanCeiling, out: Console) -> None:
    """How far people agree with one another: where a judge can get to."""
    say(
        out,
        f"people: {counted(people.annotators, 'annotator')} on"
        f" {counted(people.rows, 'row')}, two of them"
        f" agree on {percent_interval(people.same_limits)}, alpha"
        f" {interval(people.alpha_limits)}",
    )
    for two in people.pairs[:SHOWN]:
        names = f"  {single_line(two.first)} and {single_line(two.second)}"
        say(out, f"{names}: kappa {interval(two.limits)} on {counted(two.rows, 'row')}")
    if len(people.pairs) > SHOWN:
        say(
            out,
            f"  and {counted(len(people.pairs) - SHOWN, 'more pair')}: --json has them",
        )


def show_judge(
    judge: JudgeAgreement, families: Mapping[str, Sequence[str]], out: Console
) -> None:
    """A judge's confusion table and biases."""
    from fellowship.pipelines.agreement.agreement_cells import position_text

    rows = dict(zip(("B", "tie", "A"), judge.agreement.table, strict=True))
    counts = "; ".join(
        f"{name} {row[2]}/{row[1]}/{row[0]}" for name, row in reversed(rows.items())
    )
    say(
        out, (judge.name, "bold"), f"  people's label, judge's A/tie/B counts: {counts}"
    )
    for name, bias in (
        ("first column", judge.first_column),
        ("longer answer", judge.length),
    ):
        if bias is not None:
            bias_text = interval(bias.bias)
            say(out, f"  bias to the {name}, people's label held: {bias_text}")
    if bias_text := position_text(judge):
        say(out, f"  {bias_text}")
    for name, family in judge.bias.items():
        whose = single_line(", ".join(families.get(name, ())), 60)
        bias_text = f"{interval(family.bias)} on {counted(family.rows, 'row')}"
        say(out, f"  bias to {name} ({whose}), people's label held: {bias_text}")


def show_jury(jury: JuryAnalysis, out: Console) -> None:
    """The best juries, and how the best does on rows that didn't choose it."""
    cells = [(name, interval(kappa)) for name, kappa in jury.subsets[:SHOWN]]
    if jury.left_out:
        out_of = quoted_list(jury.left_out)
        say(out, f"juries are of judges asked throughout, without {out_of}")
    table(
        out,
        (
            f"best {len(cells)} of {counted(len(jury.subsets), 'jury', 'juries')}",
            "kappa",
        ),
        cells,
    )
    say(
        out,
        f"best jury: {figure(jury.best.value)} on the rows that chose it,"
        f" {figure(jury.best.out_of_bag)} on the other rows (out of bag), where"
        f" {jury.reference} has {figure(jury.best.reference_out_of_bag)}",
    )


def show_margins(margins: Mapping[str, MarginCalibration], out: Console) -> None:
    """What margins 1, 2, 3 ... say of people, the most informative judge first."""
    from fellowship.pipelines.agreement.margins import NOT_SHOWN, rank_margins

    for name in rank_margins(margins):
        margin = margins[name]
        shares = (f"{gap}: {percent_interval(share)}" for gap, share in margin.at_gap)
        chances = ", ".join(shares) or "below 1 only"
        say(
            out,
            f"{name}: people agree at score gap (to half a point) {chances}; skill over"
            f" the base rate {interval(margin.skill)}, log-odds a point"
            f" {interval(margin.slope)}",
            "" if margin.informative else (f": {NOT_SHOWN}", "yellow"),
        )
