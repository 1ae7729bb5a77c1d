"""Verdict panels on the terminal: both orders, scores and arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fellowship.cli.terminal import heading, say
from fellowship.pipelines.provenance.provenance_records import Meeting, Why
from fellowship.records import Comparison, Outcome, Verdict
from fellowship.sanitize import sanitize, single_line

TINTS = {"first": "green", "second": "green", "tie": "cyan", "invalid": "red"}


def show_ranking(outcome: Outcome, told: Why, out: Console) -> None:
    """Every comparison with its verdicts in each order, then the scores."""
    ranking = outcome.ranking
    assert ranking is not None
    heading(out, "Verdicts")
    meetings: Sequence[Meeting | None] = told.meetings or [None] * len(
        ranking.comparisons
    )
    for comparison, meeting in zip(ranking.comparisons, meetings, strict=False):
        sums = meeting.arithmetic if meeting else ()
        if out.is_terminal:
            out.print(verdict_panel(outcome, comparison, sums))
        else:
            show_comparison(comparison, sums, out)
    heading(out, "Ranking")
    for index, score in enumerate(ranking.scores):
        best = ("  best", "bold green") if index == ranking.best else ""
        shown = "no valid score" if score is None else f"{score:g}"
        say(out, f"{candidate(outcome, index)}: {shown}", best)


def candidate(outcome: Outcome, index: int) -> str:
    """Candidate 2 (feedback, draft 2)."""
    if index >= len(outcome.candidates):
        return f"candidate {index + 1}"
    made = outcome.candidates[index]
    sample = f", sample {made.sample + 1}" if made.sample else ""
    return f"candidate {index + 1} ({single_line(made.system)}, draft {made.draft}{sample})"


def verdict_panel(
    outcome: Outcome, comparison: Comparison, sums: Sequence[str]
) -> Panel:
    """One comparison: a line a judge, a column an order, below them the arithmetic."""
    first, second = (
        candidate(outcome, i) for i in (comparison.first, comparison.second)
    )
    lines = Table.grid(padding=(0, 2))
    lines.add_row(opinions(comparison.verdicts))
    for step in sums:
        lines.add_row(Text(f"  {sanitize(step)}", "dim"))
    came = Text.assemble("came to: ", (comparison.outcome, "bold"), mean(comparison))
    lines.add_row(came)
    title = Text(f"◆ {first} or {second}", "bold magenta")
    return Panel(
        lines, title=title, title_align="left", border_style="magenta", padding=(0, 1)
    )


def opinions(verdicts: Sequence[Verdict]) -> Table:
    """Who said what, in which order, and why."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=True)
    for head in ("judge", "read", "verdict"):
        table.add_column(head, no_wrap=True, overflow="ellipsis")
    table.add_column("reason", ratio=1)
    for verdict in verdicts:
        who = single_line(verdict.evaluator or verdict.model)
        phase = " (blind)" if verdict.phase == "blind" else ""
        table.add_row(
            Text(f"{who}{phase}"),
            Text("in this order" if verdict.order == "forward" else "swapped"),
            Text(f"{verdict.winner}{given(verdict)}", TINTS.get(verdict.winner, "")),
            Text(single_line(verdict.reason or verdict.note, 400)),
        )
    return table


def given(verdict: Verdict | Comparison) -> str:
    """Two scores with a colon between them; nothing where there are none."""
    scores = verdict.scores
    return f" {scores.first:g} : {scores.second:g}" if scores else ""


def mean(comparison: Comparison) -> str:
    """The scores a comparison came to."""
    return f" {given(comparison)}" if comparison.scores else ""


def show_comparison(comparison: Comparison, sums: Sequence[str], out: Console) -> None:
    """Two candidates and what was said of them, in whole lines."""
    names = f"candidate {comparison.first + 1} or {comparison.second + 1}"
    say(out, f"{names}: {comparison.outcome}{mean(comparison)}")
    for verdict in comparison.verdicts:
        order = "in this order" if verdict.order == "forward" else "places swapped"
        phase = ", before the debate" if verdict.phase == "blind" else ""
        who = single_line(verdict.evaluator or verdict.model)
        note = f" ({verdict.note})" if verdict.note else ""
        said = single_line(f"{verdict.winner}{given(verdict)}{note}")
        say(out, f"  {who}, {order}{phase}: {said}")
        for each in sanitize(verdict.reason).rstrip().split("\n"):
            say(out, f"    {each}".rstrip() if verdict.reason else "")
    for step in sums:
        say(out, f"  {single_line(step)}")
