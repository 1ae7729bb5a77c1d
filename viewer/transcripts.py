"""Transcripts of a row: sessions, rounds and turns with their cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby

from markupsafe import Markup

from fellowship.model_names import model_name
from fellowship.number_format import counted, duration, usd
from fellowship.records import Outcome, Session, Turn, value_fields
from fellowship.sanitize import single_line
from fellowship.turn_prose import turn_words
from fellowship.turn_words import order_of_turn, thinking_words, turn_reading
from fellowship.viewer.markdown import literal_block, render_markdown
from fellowship.viewer.roles import role_class
from fellowship.wording import (
    finish_words,
    left_out_words,
    remark_words,
    session_title,
    speaker_name,
)


@dataclass(frozen=True)
class TurnView:
    """One message as the page shows it. `call` leads to its exact request and reply."""

    who: str
    role: str
    model: str
    facts: tuple[str, ...]
    body: Markup
    reading: str = ""
    call: str = ""
    thinking: Markup | None = None
    """What the model thought first, which the page shows folded."""

    @property
    def css_class(self) -> str:
        """The class that gives the role its colour and shape."""
        return role_class(self.role)


@dataclass(frozen=True)
class Round:
    """What was said between two rounds' ends."""

    number: int
    messages: tuple[TurnView, ...]


@dataclass(frozen=True)
class SessionView:
    """One session: its rounds, what it cost, and why it stopped early if it did."""

    team: str
    rounds: tuple[Round, ...]
    tokens: int
    usd: float
    seconds: float
    stopped: str


def prompt_views(outcome: Outcome, *, written: bool = False) -> list[TurnView]:
    """The prompt's turns."""
    messages = outcome.conversation.messages if outcome.conversation else ()
    return [
        TurnView(m.role, m.role, "", (), show_text(m.content, written=written))
        for m in messages
    ]


def session_views(outcome: Outcome, *, written: bool = False) -> list[SessionView]:
    """Every session of a row, in the order they sat."""
    return [session_view(session, written=written) for session in outcome.sessions]


def session_view(session: Session, *, written: bool = False) -> SessionView:
    """One session's turns by round."""
    rounds = groupby(session.turns, key=lambda turn: turn.round)
    return SessionView(
        team=single_line(session_title(session.team)),
        rounds=tuple(
            Round(
                number,
                tuple(
                    replace(
                        turn_view(turn, session, written=written),
                        role=role_in_session(session, turn),
                    )
                    for turn in turns
                ),
            )
            for number, turns in rounds
        ),
        tokens=sum(t.prompt_tokens + t.completion_tokens for t in session.turns),
        usd=sum(t.usd for t in session.turns),
        seconds=sum(t.seconds for t in session.turns),
        stopped=session.stopped,
    )


def turn_view(turn: Turn, session: Session, *, written: bool = False) -> TurnView:
    """One turn; of a structured reply the words, unless it is wanted as written."""
    order = order_of_turn(turn, session)
    return TurnView(
        who=speaker_name(turn.source, turn.role, session.team) or turn.role,
        role=turn.role,
        model=model_name(turn.model),
        facts=turn_facts(turn),
        body=show_text(turn.text if written else turn_words(turn), written=written),
        reading=""
        if turn.value is None
        else turn_reading(value_fields(turn.value), order),
        call=turn.call,
        thinking=literal_block(turn.thinking) if turn.thinking else None,
    )


def show_text(text: str, *, written: bool) -> Markup:
    """Markdown, or the letters as they came."""
    if not text.strip():
        return Markup('<p class="muted">(nothing)</p>')
    return literal_block(text) if written else render_markdown(text)


def role_in_session(session: Session, turn: Turn) -> str:
    """The role somebody played: a judge among several is a juror."""
    several = len({v.evaluator for v in session.verdicts}) > 1
    return "juror" if several and turn.role == "judge" else turn.role


def turn_facts(turn: Turn) -> tuple[str, ...]:
    """What a message cost and how it ended."""
    facts = []
    if turn.prompt_tokens or turn.completion_tokens:
        facts.append(
            f"{turn.prompt_tokens:,} + {counted(turn.completion_tokens, 'token')}"
        )
    if turn.seconds:
        facts.append(duration(turn.seconds))
    if turn.usd:
        facts.append(usd(turn.usd))
    if thought := thinking_words(turn):
        facts.append(thought)
    if turn.tokens_estimated:
        facts.append("tokens estimated")
    if turn.finish != "stop":
        facts.append(finish_words(turn.finish, turn.finish_word))
    facts += remark_words(turn.remarks, value_fields(turn.value))
    facts += left_out_words(turn.left_out)
    if turn.repaired:
        facts.append("repair turn")
    return tuple(facts)
