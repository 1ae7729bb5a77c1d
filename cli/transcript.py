"""Transcript of a row on the terminal.

On a terminal each message has its role's frame and shape; in a pipe the same words stand
in whole lines, so that grep and diff work on them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from fellowship.cli import transcript_panels
from fellowship.cli.terminal import heading, say
from fellowship.cli.verdict_panels import answer, show_ranking
from fellowship.model_names import model_name
from fellowship.number_format import counted, duration, points, score, usd
from fellowship.pipelines.provenance.provenance_records import RowProvenance
from fellowship.records import Outcome, Session, Turn, value_fields
from fellowship.sanitize import sanitize, single_line
from fellowship.turn_prose import turn_words
from fellowship.turn_words import order_of_turn, thinking_words, turn_reading
from fellowship.wording import (
    finish_words,
    flag_word,
    left_out_words,
    remark_words,
    session_title,
    speaker_name,
    state_word,
)

RequestOf = Callable[[str], Any]


@dataclass(frozen=True)
class TranscriptOptions:
    """How a row is shown: with each call's exact request, its thinking, a text marked."""

    request_of: RequestOf | None = None
    search: str = ""
    thinking: bool = False
    """Whether what a model thought is shown, and not only how much."""


def show(
    outcome: Outcome,
    provenance: RowProvenance,
    out: Console,
    options: TranscriptOptions | None = None,
) -> None:
    """Print one row whole; `provenance` has the arithmetic behind its verdicts."""
    options = options or TranscriptOptions()
    show_head(outcome, out)
    heading(out, "Conversation")
    for message in outcome.conversation.messages if outcome.conversation else ():
        show_words(out, message.role, message.role, "", message.content, options)
    show_given_answers(outcome, out, options)
    for session in outcome.sessions:
        show_session(session, out, options)
    if outcome.ranking is not None:
        show_ranking(outcome, provenance, out)
    show_pairs(outcome, out)


def show_given_answers(
    outcome: Outcome, out: Console, options: TranscriptOptions
) -> None:
    """The answers that no session wrote, whole: those of a file, or given to a call."""
    given = [
        (index, candidate)
        for index, candidate in enumerate(outcome.candidates)
        if not candidate.session
    ]
    if given:
        heading(out, "Answer" if len(given) == 1 else "Answers")
    for index, candidate in given:
        texts = candidate.turns or (candidate.text,)
        title = answer(outcome, index)
        for n, text in enumerate(texts, 1):
            turn = f"turn {n} of {len(texts)}" if len(texts) > 1 else ""
            show_words(out, "generator", title, turn, text, options)


def show_head(outcome: Outcome, out: Console) -> None:
    """The row's number, name and state, and why it ended there."""
    name = f"  {single_line(outcome.id)}" if outcome.id else ""
    state = state_word(outcome.state)
    place = f"  from {single_line(outcome.place)}" if outcome.place else ""
    say(out, (f"Row {outcome.number}", "bold"), name, "  ", (state, "bold"), place)
    if outcome.why:
        say(out, single_line(outcome.why))
    if outcome.flags:
        flags = "; ".join(flag_word(flag) for flag in outcome.flags)
        say(out, f"flags: {single_line(flags)}")


def show_words(
    out: Console,
    role: str,
    title: str,
    facts: str,
    text: str,
    options: TranscriptOptions,
) -> None:
    """What somebody said: framed on a terminal, indented whole lines in a pipe."""
    if out.is_terminal:
        print_marked(
            out,
            transcript_panels.message_panel(role, title, facts, text),
            options.search,
        )
        return
    say(out, title, f"  {facts}" if facts else "")
    show_body(out, text)


def print_marked(out: Console, drawn: Any, search: str) -> None:
    """Something drawn, with what was searched for reversed wherever it stands in a line."""
    if not search:
        out.print(drawn)
        return
    with out.capture() as capture:
        out.print(drawn)
    for each in capture.get().splitlines():
        text = Text.from_ansi(each)
        text.highlight_words([search], "reverse", case_sensitive=False)
        out.print(text, soft_wrap=True)


def show_body(out: Console, text: str) -> None:
    """A text in a pipe, indented, its own lines kept."""
    for each in (sanitize(text).rstrip() or "(nothing)").split("\n"):
        say(out, f"  {each}".rstrip())


def show_session(session: Session, out: Console, options: TranscriptOptions) -> None:
    """One team's work: its rounds and turns, then why it stopped if it did so early."""
    heading(out, f"Session: {single_line(session_title(session.team))}")
    rounds = sorted({turn.round for turn in session.turns})
    at = None
    for turn in session.turns:
        if out.is_terminal and len(rounds) > 1 and turn.round != at:
            at = turn.round
            out.print(Text(f"── round {at} ", "dim"))
        show_turn(turn, out, options, session)
        if options.request_of and turn.call:
            say(out, (f"  request of call {turn.call}", "dim"))
            show_body(
                out,
                json.dumps(options.request_of(turn.call), ensure_ascii=False, indent=2),
            )
    if session.stopped:
        say(out, ("stopped early: ", "yellow"), single_line(session.stopped))


def show_turn(
    turn: Turn, out: Console, options: TranscriptOptions, session: Session
) -> None:
    """Who spoke, on which model, at what cost; then the words; then what was parsed."""
    details = f"{', '.join(turn_facts(turn))}"
    read = ""
    if turn.value is not None:
        read = single_line(
            turn_reading(value_fields(turn.value), order_of_turn(turn, session))
        )
    name = speaker_name(turn.source, turn.role, session.team)
    if turn.thinking and options.thinking:
        show_words(out, turn.role, f"{name} thinks", "", turn.thinking, options)
    if out.is_terminal:
        title = transcript_panels.title_of(name)
        drawn = transcript_panels.message_panel(
            turn.role, title, details, turn_words(turn), reading=read
        )
        print_marked(out, drawn, options.search)
        return
    say(out, single_line(name), f"  {details}")
    show_body(out, turn_words(turn))
    if read:
        say(out, f"  parsed as: {read}")


def turn_facts(turn: Turn) -> Sequence[str]:
    """Round, role and model, tokens, time, money, and whatever was unusual."""
    found = [
        f"round {turn.round}",
        f"{single_line(turn.role)} on {single_line(model_name(turn.model))}"
        if turn.model
        else single_line(turn.role),
    ]
    if turn.prompt_tokens or turn.completion_tokens:
        found.append(
            f"{turn.prompt_tokens:,} + {counted(turn.completion_tokens, 'token')}"
        )
        found.append(duration(turn.seconds))
    else:
        found.append("tokens and time not recorded")
    if turn.usd:
        found.append(usd(turn.usd))
    if thought := thinking_words(turn):
        found.append(thought)
    if turn.tokens_estimated:
        found.append("tokens estimated")
    if turn.finish != "stop":
        found.append(finish_words(turn.finish, turn.finish_word))
    found += remark_words(turn.remarks, value_fields(turn.value))
    found += left_out_words(turn.left_out)
    if turn.repaired:
        found.append("repair turn")
    return found


def show_pairs(outcome: Outcome, out: Console) -> None:
    """The pair that came of it and why, or that none did."""
    heading(out, "Pair" if len(outcome.pairs) < 2 else "Pairs")
    if not outcome.pairs:
        say(
            out,
            f"none: {state_word(outcome.state)}",
            f", {single_line(outcome.why)}" * bool(outcome.why),
        )
    for pair in outcome.pairs:
        gap = f"by {points(pair.margin)}" if pair.margin else "at equal scores"
        for label, colour, candidate, mark in (
            ("chosen", "green", pair.chosen, pair.chosen_score),
            ("rejected", "red", pair.rejected, pair.rejected_score),
        ):
            system = single_line(candidate.system)
            where = f"  {system}, draft {candidate.draft}, score {score(mark)}"
            say(out, (label, f"bold {colour}"), where)
        say(out, f"chosen over rejected {gap}")
