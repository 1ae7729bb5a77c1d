"""HTML of records in a notebook.

It is read by people and was written by models, so every text is sanitized and escaped: a
reply can't run a script, load a picture or break out of its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Protocol

from fellowship.model_names import model_name
from fellowship.number_format import counted, score
from fellowship.number_format import scores as score_pair
from fellowship.sanitize import sanitize
from fellowship.turn_prose import turn_words
from fellowship.verdict_words import (
    CriterionScores,
    criteria_words,
    verdict_order,
    verdict_reason,
)
from fellowship.wording import (
    decision_word,
    session_title,
    speaker_name,
    state_word,
)


class Turn(Protocol):
    """What is shown of one message."""

    @property
    def source(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def round(self) -> int: ...
    @property
    def edited(self) -> bool: ...
    @property
    def prompt_tokens(self) -> int: ...
    @property
    def completion_tokens(self) -> int: ...
    @property
    def thinking(self) -> str: ...
    @property
    def value(self) -> Any: ...


class Session(Protocol):
    """What is shown of one transcript."""

    @property
    def team(self) -> str: ...
    @property
    def turns(self) -> Sequence[Turn]: ...
    @property
    def stopped(self) -> str: ...


class Scores(Protocol):
    """Two numbers of one scale."""

    @property
    def first(self) -> float: ...
    @property
    def second(self) -> float: ...


class Verdict(Protocol):
    """What is shown of one verdict."""

    @property
    def winner(self) -> str: ...
    @property
    def scores(self) -> Scores | None: ...
    @property
    def order(self) -> str: ...
    @property
    def sample(self) -> int: ...
    @property
    def strategy(self) -> str: ...
    @property
    def evaluator(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def criteria(self) -> Sequence[CriterionScores]: ...
    @property
    def reason(self) -> str: ...
    @property
    def note(self) -> str: ...


class Message(Protocol):
    """One turn of the prompt."""

    @property
    def role(self) -> str: ...
    @property
    def content(self) -> str: ...


class Conversation(Protocol):
    """The prompt."""

    @property
    def messages(self) -> Sequence[Message]: ...


class Answer(Protocol):
    """One side of a pair."""

    @property
    def text(self) -> str: ...


class Pair(Protocol):
    """A chosen and a rejected answer, with their scores."""

    @property
    def chosen(self) -> Answer: ...
    @property
    def rejected(self) -> Answer: ...
    @property
    def chosen_score(self) -> float: ...
    @property
    def rejected_score(self) -> float: ...


class Outcome(Protocol):
    """What is shown of one row."""

    @property
    def number(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def conversation(self) -> Conversation | None: ...
    @property
    def sessions(self) -> Sequence[Session]: ...
    @property
    def pairs(self) -> Sequence[Pair]: ...


LONGEST = 20_000
"""Characters of one message that are shown; the rest is counted."""

QUIET = "color:gray;font-size:85%"
BLOCK = "white-space:pre-wrap;overflow-wrap:anywhere;margin:0 0 .6em 1em"


def escape_html(text: str) -> str:
    """A text as inert HTML; what goes past `LONGEST` is only counted."""
    shown = sanitize(text[:LONGEST])
    left = len(text) - len(shown) if len(text) > LONGEST else 0
    return escape(shown) + (f" … and {counted(left, 'character')}" if left else "")


def message_html(who: str, facts: str, text: str) -> str:
    """One message: who, on what, and the words."""
    return (
        f'<div><b>{escape_html(who)}</b> <span style="{QUIET}">{escape_html(facts)}</span>'
        f'<div style="{BLOCK}">{escape_html(text)}</div></div>'
    )


def turn_html(turn: Turn) -> str:
    """One message of a transcript."""
    facts = [
        f"round {turn.round}",
        model_name(turn.model),
        "edited" if turn.edited else "",
    ]
    facts.append(f"{turn.prompt_tokens:,} + {counted(turn.completion_tokens, 'token')}")
    who = speaker_name(turn.source, turn.role)
    message = message_html(who, ", ".join(filter(None, facts)), turn_words(turn))
    return thinking_html(turn.thinking) + message if turn.thinking else message


def thinking_html(thinking: str) -> str:
    """What a model thought before it spoke, folded."""
    body = f'<div style="{BLOCK}">{escape_html(thinking)}</div>'
    return f'<details style="{QUIET}"><summary>thinking</summary>{body}</details>'


def session_html(session: Session) -> str:
    """A transcript with its title and why it ended early, if it did."""
    end = (
        f'<i style="{QUIET}">{escape_html(session.stopped)}</i>'
        if session.stopped
        else ""
    )
    talk = "".join(map(turn_html, session.turns))
    return f"<h4>{escape_html(session_title(session.team))}</h4>{talk}{end}"


def verdict_html(verdict: Verdict) -> str:
    """A verdict in a line, with its reason."""
    scores = verdict.scores
    marks = score_pair(scores.first, scores.second) if scores else verdict.note
    order = verdict_order(verdict)
    facts = ", ".join(filter(None, (marks, order, model_name(verdict.model))))
    winner = decision_word(verdict.winner)
    words = [verdict_reason(verdict), criteria_words(verdict.criteria)]
    said = "\n".join(filter(None, words))
    return message_html(f"{verdict.evaluator}: {winner}", facts, said)


def conversation_html(conversation: Conversation) -> str:
    """The turns of a prompt."""
    return "".join(message_html(m.role, "", m.content) for m in conversation.messages)


def judgement_html(title: str, facts: str, said: Iterable[tuple[str, str, str]]) -> str:
    """What was decided, and what each judge said: name, vote, reason."""
    votes = "".join(message_html(f"{who}: {vote}", "", why) for who, vote, why in said)
    head = f'{escape_html(title)} <span style="{QUIET}">{escape_html(facts)}</span>'
    return f"<h4>{head}</h4>{votes}"


def outcome_html(outcome: Outcome) -> str:
    """A row: its state, its prompt, its sessions, its pairs."""
    why = f": {escape_html(outcome.why)}" if outcome.why else ""
    state = state_word(outcome.state)
    parts = [f"<h3>Row {outcome.number}: {escape_html(state)}{why}</h3>"]
    if outcome.conversation:
        parts.append(conversation_html(outcome.conversation))
    parts += map(session_html, outcome.sessions)
    for pair in outcome.pairs:
        parts.append(
            message_html(
                "chosen", f"score {score(pair.chosen_score)}", pair.chosen.text
            )
        )
        facts = f"score {score(pair.rejected_score)}"
        parts.append(message_html("rejected", facts, pair.rejected.text))
    return "".join(parts)


def table_html(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of plain cells."""
    top = "".join(f"<th>{escape_html(head)}</th>" for head in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape_html(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
