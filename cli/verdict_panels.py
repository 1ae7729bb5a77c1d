"""Verdict panels on the terminal: both orders, scores and arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fellowship.cli.terminal import heading, say
from fellowship.model_names import model_name
from fellowship.number_format import score, scores
from fellowship.pipelines.provenance.list_rankings import (
    ListedRanking,
    comparisons_left_out,
    row_rankings,
)
from fellowship.pipelines.provenance.provenance_records import (
    ComparisonRecord,
    RowProvenance,
)
from fellowship.records import Comparison, Outcome, Verdict
from fellowship.sanitize import sanitize, single_line
from fellowship.teams.vote_counting import score_bounds
from fellowship.verdict_words import criteria_words, verdict_order, verdict_reason
from fellowship.wording import (
    answers_compared,
    decision_word,
    fault_note,
    phase_word,
)

TINTS = {"first": "green", "second": "green", "tie": "cyan", "invalid": "red"}


def show_ranking(outcome: Outcome, provenance: RowProvenance, out: Console) -> None:
    """Every comparison with its verdicts in each order, then the scores."""
    ranking = outcome.ranking
    assert ranking is not None
    heading(out, "Verdicts")
    if listed := row_rankings(outcome):
        show_list(listed, out)
        say(out, (comparisons_left_out(len(ranking.comparisons)), "dim"))
        show_scores(outcome, out, best_first=True)
        return
    meetings: Sequence[ComparisonRecord | None] = provenance.meetings or [None] * len(
        ranking.comparisons
    )
    for comparison, meeting in zip(ranking.comparisons, meetings, strict=False):
        sums = meeting.arithmetic if meeting else ()
        if comparison.alone:
            show_scored(comparison, out)
        elif out.is_terminal:
            out.print(verdict_panel(outcome, comparison, sums))
        else:
            show_comparison(comparison, sums, out)
    show_scores(outcome, out)


def show_list(listed: Sequence[ListedRanking], out: Console) -> None:
    """Each judge's ranking in each shuffle, and why."""
    for one in listed:
        name = single_line(model_name(one.judge))
        tint = "" if one.ranked else TINTS["invalid"]
        say(
            out,
            (f"{name}, {one.order}", "bold"),
            ": ",
            (single_line(one.ranking), tint),
        )
        if one.read_words:
            say(out, (f"  {one.read_words}", "dim"))
        for each in sanitize(one.verdict.reason).rstrip().split("\n"):
            say(out, f"  {each}".rstrip() if one.verdict.reason else "")


def show_scores(outcome: Outcome, out: Console, *, best_first: bool = False) -> None:
    """Each answer's score in the answers' order, or the highest first; the best marked."""
    ranking = outcome.ranking
    assert ranking is not None
    heading(out, "Ranking")
    scored = list(enumerate(ranking.scores))
    if best_first:
        scored.sort(key=lambda one: inf if one[1] is None else -one[1])
    for index, mark in scored:
        best = ("  best", "bold green") if index == ranking.best else ""
        score_shown = "no valid score" if mark is None else score(mark)
        if index < len(outcome.candidates):
            score_shown += fault_note(outcome.candidates[index].fault)
        say(out, f"{answer(outcome, index)}: {score_shown}", best)


def answer(outcome: Outcome, index: int, letter: str = "") -> str:
    """`answer 2 (feedback, draft 2)`, with its letter in a comparison if it is given."""
    name = f"answer {index + 1}"
    if index >= len(outcome.candidates):
        return f"{name} ({letter})" if letter else name
    candidate = outcome.candidates[index]
    sample = f", sample {candidate.sample + 1}" if candidate.sample else ""
    mark = f"{letter}: " if letter else ""
    system = single_line(candidate.system)
    return f"{name} ({mark}{system}, draft {candidate.draft}{sample})"


def verdict_panel(
    outcome: Outcome, comparison: Comparison, sums: Sequence[str]
) -> Panel:
    """One comparison: a line a judge, a column an order, below them the arithmetic."""
    first = answer(outcome, comparison.first, "A")
    second = answer(outcome, comparison.second, "B")
    lines = Table.grid(padding=(0, 2))
    lines.add_row(verdict_rows(comparison.verdicts))
    for step in sums:
        lines.add_row(Text(f"  {sanitize(step)}", "dim"))
    outcome_word = decision_word(comparison.outcome)
    came = Text.assemble("verdict: ", (outcome_word, "bold"), mean_text(comparison))
    lines.add_row(came)
    title = Text(f"◆ {first} and {second}", "bold magenta")
    return Panel(
        lines, title=title, title_align="left", border_style="magenta", padding=(0, 1)
    )


def verdict_rows(verdicts: Sequence[Verdict]) -> Table:
    """Who said what, in which order, and why."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=True)
    for head in ("judge", "order", "verdict"):
        table.add_column(head, no_wrap=True, overflow="ellipsis")
    table.add_column("reason", ratio=1)
    for verdict in verdicts:
        name = single_line(verdict.evaluator or model_name(verdict.model))
        winner = decision_word(verdict.winner)
        table.add_row(
            Text(f"{name}{phase(verdict)}"),
            Text(verdict_order(verdict)),
            Text(f"{winner}{score_text(verdict)}", TINTS.get(verdict.winner, "")),
            reason_text(verdict),
        )
    return table


BAR = 10
"""Characters of a full bar."""


def reason_text(verdict: Verdict) -> Text:
    """A verdict's reason, and below it a line with two bars for each criterion."""
    text = Text(single_line(verdict_reason(verdict) or verdict.problem, 400))
    low, high = score_bounds(verdict.strategy, verdict.scale)
    for one in verdict.criteria:
        colour = "red" if one.weight < 0 else "green"
        bars = [
            "▇" * round(BAR * (mark - low) / (high - low)) or "▏"
            for mark in (one.first, one.second)
        ]
        text.append(f"\n{criteria_words([one])}  ")
        text.append(f"A {bars[0]:{BAR}} B {bars[1]}", colour)
    return text


def phase(verdict: Verdict) -> str:
    """Which vote of a debate a verdict belongs to, unless it is the one that counts."""
    return "" if verdict.phase == "final" else f", {phase_word(verdict.phase)}"


def score_text(verdict: Verdict | Comparison) -> str:
    """Two scores with a colon between them; nothing where there are none."""
    given = verdict.scores
    return f" {scores(given.first, given.second)}" if given else ""


def mean_text(comparison: Comparison) -> str:
    """The scores a comparison came to."""
    return f" {score_text(comparison)}" if comparison.scores else ""


def show_scored(comparison: Comparison, out: Console) -> None:
    """One answer that was scored alone, and what each judge gave it."""
    given = comparison.scores
    mark = score(given.first) if given else "no valid score"
    say(out, f"answer {comparison.first + 1}, scored alone: {mark}")
    for verdict in comparison.verdicts:
        own = score(verdict.scores.first) if verdict.scores else "invalid"
        note = f" ({verdict.problem})" if verdict.note else ""
        name = single_line(verdict.evaluator or model_name(verdict.model))
        say(out, f"  {name}: {single_line(own + note)}")
        if reason := verdict_reason(verdict):
            say(out, f"    {single_line(reason, 400)}")


def show_comparison(comparison: Comparison, sums: Sequence[str], out: Console) -> None:
    """Two answers and what was said of them, in whole lines."""
    ended = f"{decision_word(comparison.outcome)}{mean_text(comparison)}"
    say(out, f"{answers_compared(comparison.first, comparison.second)}: {ended}")
    for verdict in comparison.verdicts:
        order = verdict_order(verdict)
        name = single_line(verdict.evaluator or model_name(verdict.model))
        note = f" ({verdict.problem})" if verdict.note else ""
        winner = decision_word(verdict.winner)
        words = single_line(f"{winner}{score_text(verdict)}{note}")
        say(out, f"  {name}, {order}{phase(verdict)}: {words}")
        for each in sanitize(verdict_reason(verdict)).rstrip().split("\n"):
            say(out, f"    {each}".rstrip() if verdict.reason else "")
        if verdict.criteria:
            say(
                out, f"    by criteria: {single_line(criteria_words(verdict.criteria))}"
            )
    for step in sums:
        say(out, f"  {single_line(step)}")
