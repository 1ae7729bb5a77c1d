"""Summary of an evaluator at the end of a run: jurors, escalation, debates.

Only what can be known of it is said.
"""

from __future__ import annotations

from rich.console import Console

from fellowship.cli.terminal import say, table
from fellowship.number_format import DASH, count, counted, figure, percent
from fellowship.pipelines.running.evaluator_records import (
    DebateReport,
    EscalationReport,
    EvaluatorReport,
    Share,
)


def show(report: EvaluatorReport, out: Console) -> None:
    """Judges, what they are worth, escalation and debates, as far as there were any."""
    if len(report.jurors) > 1:
        show_judges(report, out)
    elif report.right.of:
        say(
            out,
            f"labels on which the judge agrees with people: {fraction(report.right)}",
        )
    if report.escalation is not None:
        show_escalation(report.escalation, out)
    if report.debate is not None:
        show_debates(report.debate, out)
    elif report.spared and report.escalation is None:
        say(
            out,
            f"votes not asked for, because the outcome was clear: {report.spared:,}",
        )
    if report.recused:
        own = "an answer was by a model of the juror's own family"
        say(out, f"votes abstained from, because {own}: {report.recused:,}")
    if report.same_family:
        say(
            out,
            (f"{report.same_family:,} ", "yellow"),
            f"{'row was' if report.same_family == 1 else 'rows were'} judged by a model"
            " of an answer's own family",
        )


def show_judges(report: EvaluatorReport, out: Console) -> None:
    """A line a judge, then how many independent judges they are worth together."""
    labelled = report.best_by == "labels"
    alone = "most accurate alone" if labelled else "closest to the verdict"
    alone += f", of {counted(report.best_rows, 'row')} in common"
    rows = [
        (
            judge.name,
            count(judge.asked),
            count(judge.read),
            percent_text(judge.with_verdict),
            percent_text(judge.right),
            percent_text(judge.right_of_asked),
            alone if judge.name == report.best else "",
        )
        for judge in report.jurors
    ]
    rows.append(
        (
            "together",
            count(report.comparisons),
            "",
            "",
            percent_text(report.right),
            "",
            "",
        )
    )
    heads = ("judge", "asked", "valid", "agrees with the verdict", "with people")
    table(out, (*heads, "of all asked", ""), rows, right=" rrrrr")
    if report.warning:
        say(out, (report.warning, "yellow"))
    if report.n_eff is not None:
        labelled = report.n_eff_by == "labels"
        about = "" if labelled else "about "
        how = (
            "by their errors on labelled rows"
            if labelled
            else "by how often they agree: without labels an estimate"
        )
        say(
            out,
            (f"worth {about}{figure(report.n_eff, 2)} independent judges", "bold"),
            f" (the {report.seats} jurors who were asked every time; {how})",
        )
    elif report.n_eff_by != "no jury":
        say(
            out,
            "how many independent judges the jurors are worth is not known:"
            f" {report.n_eff_by}",
        )


def show_escalation(report: EscalationReport, out: Console) -> None:
    """How often the strong judge had to be asked."""
    of = report.asked + report.spared
    say(
        out,
        ("escalation: ", "bold"),
        f"the strong judge was asked in {report.asked:,} of {counted(of, 'comparison')}:"
        f" {report.calls_saved:,} of its calls saved",
    )


def show_debates(report: DebateReport, out: Console) -> None:
    """What debating changed, and what a vote of equal cost says."""
    of = report.debated + report.unanimous
    say(
        out,
        ("debate: ", "bold"),
        f"debated: {report.debated:,} of {counted(of, 'comparison')},"
        f" {report.unanimous:,} unanimous before; the debate changed {report.changed:,}",
    )
    if report.right_after.of:
        say(
            out,
            f"  wrong to right {report.wrong_to_right:,}, right to wrong"
            f" {report.right_to_wrong:,}; right {fraction(report.right_before)} before,"
            f" {fraction(report.right_after)} after",
        )
    if report.equal_cost_agrees.of:
        same = f"agrees with the debate on {fraction(report.equal_cost_agrees)}"
        labelled = report.right_equal_cost
        known = f", right {fraction(labelled)}" if labelled.of else ""
        say(
            out,
            f"  vote of equal cost ({counted(report.vote_calls, 'call')}): {same}{known}",
        )
    elif report.debated:
        say(
            out,
            "  no vote of equal cost: the blind vote took"
            f" {counted(report.vote_calls, 'call')}, the debate {report.calls}"
            " (equal_cost: true asks for one)",
        )


def fraction(share: Share) -> str:
    """`13 of 20`."""
    return f"{count(share.many)} of {count(share.of)}"


def percent_text(share: Share) -> str:
    """`65 %`, or a dash where nothing is known."""
    return percent(share.value, 0) or DASH
