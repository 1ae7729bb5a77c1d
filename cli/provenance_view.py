"""Provenance of a row on the terminal: from a pair back to the words it rests on."""

from __future__ import annotations

from rich.console import Console

from fellowship.cli.terminal import dollars, heading, say, table
from fellowship.pipelines.provenance.provenance_records import (
    ComparisonRecord,
    DraftRecord,
    RowProvenance,
    Spent,
)
from fellowship.sanitize import single_line
from fellowship.wording import (
    answers_compared,
    decision_word,
    session_title,
    state_word,
)


def show(told: RowProvenance, out: Console) -> None:
    """Print one row's provenance."""
    name = f"  {single_line(told.id)}" if told.id else ""
    state = state_word(told.state)
    say(out, (f"Row {told.number}", "bold"), name, "  ", (state, "bold"))
    say(out, single_line(told.why or told.question, 100))
    show_pairs(told, out)
    heading(out, "Drafts")
    for draft in told.drafts:
        show_draft(draft, out)
    heading(out, "Verdicts")
    for meeting in told.meetings:
        show_meeting(meeting, out)
    heading(out, "Sessions")
    for session in told.sessions:
        say(
            out,
            (single_line(session_title(session.team)), "bold"),
            f"  {cost(session.spent)}  {session.id}",
        )
    show_sources(told, out)


def show_pairs(told: RowProvenance, out: Console) -> None:
    """Each pair and its arithmetic."""
    heading(out, "Pair" if len(told.pairs) < 2 else "Pairs")
    if not told.pairs:
        say(out, f"none: {state_word(told.state)}")
    for pair in told.pairs:
        say(
            out,
            (f"answer {pair.chosen + 1}", "bold green"),
            " over ",
            (f"answer {pair.rejected + 1}", "bold red"),
        )
        for step in pair.arithmetic:
            say(out, f"  {single_line(step)}")


def show_draft(draft: DraftRecord, out: Console) -> None:
    """One answer: who wrote it, its score, its call."""
    score = "no score" if draft.score is None else f"score {draft.score:g}"
    where = (
        f"{single_line(draft.system)}, draft {draft.draft}, {single_line(draft.model)}"
    )
    size = f"{draft.characters:,} characters"
    say(out, (f"answer {draft.index + 1}", "bold"), f"  {where}, {size}, {score}")
    for review in draft.reviews:
        mark = "invalid" if review.score is None else f"{review.score:g}"
        say(out, f"  {single_line(review.seat)} on {single_line(review.model)}: {mark}")
    if draft.call:
        say(out, (f"  call {draft.call}", "dim"))


def show_meeting(meeting: ComparisonRecord, out: Console) -> None:
    """One comparison: every order, the rule, the calls."""
    one = meeting.comparison
    ended = decision_word(one.outcome)
    say(out, (answers_compared(one.first, one.second), "bold"), f": {ended}")
    for step in meeting.arithmetic:
        say(out, f"  {single_line(step)}")
    for call in meeting.calls:
        say(out, (f"  call {call}", "dim"))


def show_sources(told: RowProvenance, out: Console) -> None:
    """The rule, the models, the prompts' digests and the whole cost."""
    heading(out, "Depends on")
    if told.rule:
        say(out, f"evaluator: {told.evaluator}, {told.rule}; pairs: {told.pair_rule}")
    for name, model in told.models.items():
        say(out, f"model {single_line(name)}: {single_line(model)}")
    if told.prompts:
        rows = [(p.name, p.digest, ", ".join(p.seats)) for p in told.prompts]
        table(out, ("prompt", "digest", "used by"), rows)
    say(out, f"total: {cost(told.spent)}")
    say(out, ("one call in full: fellowship show RUN --call KEY", "dim"))


def cost(spent: Spent) -> str:
    """Calls, tokens, money."""
    tokens = spent.prompt_tokens + spent.completion_tokens
    return f"{spent.calls:,} calls, {tokens:,} tokens, {dollars(spent.usd)}"
