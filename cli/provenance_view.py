"""Provenance of a row on the terminal: from a pair back to the words it depends on."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from fellowship.cli.terminal import heading, say, table
from fellowship.model_names import model_name
from fellowship.number_format import counted, score, usd
from fellowship.pipelines.provenance.list_rankings import (
    ListedRanking,
    comparisons_left_out,
    list_rankings,
)
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
    speaker_name,
    state_word,
)


def show(provenance: RowProvenance, out: Console) -> None:
    """Print one row's provenance."""
    name = f"  {single_line(provenance.id)}" if provenance.id else ""
    state = state_word(provenance.state)
    place = f"  from {single_line(provenance.place)}" if provenance.place else ""
    say(out, (f"Row {provenance.number}", "bold"), name, "  ", (state, "bold"), place)
    say(out, single_line(provenance.why or provenance.question, 100))
    show_pairs(provenance, out)
    heading(out, "Drafts")
    for draft in provenance.drafts:
        show_draft(draft, out)
    heading(out, "Verdicts")
    if listed := list_rankings(one.comparison for one in provenance.meetings):
        show_list_calls(listed, provenance.meetings, out)
    for meeting in shown_meetings(provenance, listed):
        show_comparison(meeting, out)
    heading(out, "Sessions")
    for session in provenance.sessions:
        say(
            out,
            (single_line(session_title(session.team)), "bold"),
            f"  {cost_text(session.spent)}  {session.id}",
        )
    show_sources(provenance, out)


def show_list_calls(
    listed: Sequence[ListedRanking], meetings: Sequence[ComparisonRecord], out: Console
) -> None:
    """Each judge's ranking in each shuffle with its call, and calls that were repaired."""
    for one in listed:
        name = single_line(model_name(one.judge))
        say(out, (f"{name}, {one.order}", "bold"), f": {single_line(one.ranking)}")
        say(out, (f"  call {one.verdict.call}", "dim"))
    read = {one.verdict.call for one in listed}
    every = dict.fromkeys(call for meeting in meetings for call in meeting.calls)
    for call in every:
        if call not in read:
            say(out, (f"  call {call}, asked again", "dim"))
    say(out, (comparisons_left_out(len(meetings)), "dim"))


def shown_meetings(
    provenance: RowProvenance, listed: Sequence[ListedRanking]
) -> Sequence[ComparisonRecord]:
    """The comparisons that are printed: all, of a list those of the pairs' two answers."""
    if not listed:
        return provenance.meetings
    pairs = [{pair.chosen, pair.rejected} for pair in provenance.pairs]
    return [
        one.model_copy(update={"calls": ()})  # they stand beside the rankings
        for one in provenance.meetings
        if {one.comparison.first, one.comparison.second} in pairs
    ]


def show_pairs(provenance: RowProvenance, out: Console) -> None:
    """Each pair and its arithmetic."""
    heading(out, "Pair" if len(provenance.pairs) < 2 else "Pairs")
    if not provenance.pairs:
        say(out, f"none: {state_word(provenance.state)}")
    for pair in provenance.pairs:
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
    mark = "no score" if draft.score is None else f"score {score(draft.score)}"
    written = f"draft {draft.draft}" if draft.call or draft.model else ""
    facts = [single_line(draft.system), written, single_line(model_name(draft.model))]
    facts += [counted(draft.characters, "character"), mark]
    say(
        out,
        (f"answer {draft.index + 1}", "bold"),
        f"  {', '.join(filter(None, facts))}",
    )
    for review in draft.reviews:
        mark = "invalid" if review.score is None else score(review.score)
        who = f"{single_line(review.seat)} on {single_line(model_name(review.model))}"
        say(out, f"  {who}: {mark}")
    if draft.call:
        say(out, (f"  call {draft.call}", "dim"))


def show_comparison(meeting: ComparisonRecord, out: Console) -> None:
    """One comparison: every order, the rule, the calls."""
    one = meeting.comparison
    ended = decision_word(one.outcome)
    say(out, (answers_compared(one.first, one.second), "bold"), f": {ended}")
    for step in meeting.arithmetic:
        say(out, f"  {single_line(step)}")
    for call in meeting.calls:
        say(out, (f"  call {call}", "dim"))


def show_sources(provenance: RowProvenance, out: Console) -> None:
    """The rule, the models, the prompts' digests and the whole cost."""
    heading(out, "Depends on")
    if provenance.rule:
        say(
            out,
            f"evaluator: {provenance.evaluator}, {provenance.rule};"
            f" pairs: {provenance.pair_rule}",
        )
    if provenance.escalation:
        say(out, single_line(provenance.escalation, 200))
    if provenance.alignment:
        say(out, single_line(provenance.alignment, 600))
    for name, model in provenance.models.items():
        say(
            out,
            f"model {single_line(model_name(name))}: {single_line(model_name(model))}",
        )
    if provenance.prompts:
        rows = [
            (p.name, p.digest, "; ".join(speaker_name(s, "judge") for s in p.seats))
            for p in provenance.prompts
        ]
        table(out, ("prompt", "digest", "used by"), rows)
    say(out, f"total: {cost_text(provenance.spent)}")
    say(out, ("one call in full: fellowship show RUN --call KEY", "dim"))


def cost_text(spent: Spent) -> str:
    """Calls, tokens, money."""
    tokens = spent.prompt_tokens + spent.completion_tokens
    return (
        f"{counted(spent.calls, 'call')}, {counted(tokens, 'token')}, {usd(spent.usd)}"
    )
