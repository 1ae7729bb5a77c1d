"""Transcripts of a row: sessions, rounds and turns with their cost."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from markupsafe import Markup

from fellowship.records import Outcome, Session, Turn
from fellowship.sanitize import single_line
from fellowship.viewer import number_format
from fellowship.viewer.markdown import literal_block, render_markdown
from fellowship.wording import finish_words, session_title, speaker_name


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
    swapped: bool = False

    @property
    def css_class(self) -> str:
        """The class that gives the role its colour and shape."""
        return number_format.role_class(self.role)


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
    swapped_calls = {
        v.call for v in session.verdicts if v.call and v.order == "swapped"
    }
    return SessionView(
        team=single_line(session_title(session.team)),
        rounds=tuple(
            Round(
                number,
                tuple(
                    replace(
                        turn_view(
                            turn,
                            session.team,
                            written=written,
                            swapped=turn.call in swapped_calls,
                        ),
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


def turn_view(
    turn: Turn, team: str = "", *, written: bool = False, swapped: bool = False
) -> TurnView:
    """One turn; of a structured reply the words, unless it is wanted as written.

    `swapped`: the answers stood in each other's place when this was said.
    """
    return TurnView(
        who=speaker_name(turn.source, turn.role, team) or turn.role,
        role=turn.role,
        model=turn.model,
        facts=turn_facts(turn),
        body=show_text(turn.text if written else turn_words(turn), written=written),
        reading="" if turn.value is None else parsed_value(turn.value),
        swapped=swapped,
        call=turn.call,
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
        facts.append(f"{turn.prompt_tokens:,} + {turn.completion_tokens:,} tokens")
    if turn.seconds:
        facts.append(number_format.seconds(turn.seconds))
    if turn.usd:
        facts.append(number_format.usd(turn.usd))
    if turn.finish != "stop":
        facts.append(finish_words(turn.finish))
    if turn.repaired:
        facts.append("repair turn")
    return tuple(facts)


def turn_words(turn: Turn) -> str:
    """The critique or reason of a structured reply; any other reply as it came."""
    value = turn.value or {}
    words = value.get("critique") or value.get("reason")
    structured = turn.text.lstrip().startswith("{")
    return words if structured and isinstance(words, str) else turn.text


def parsed_value(value: dict[str, Any]) -> str:
    """What was read from a turn: a score, or the winner with both scores."""
    if "critique" in value:
        return f"{value['score']:g} of {value.get('scale', 10):g}"
    if "winner" in value:
        given = value.get("scores")
        pair = f" {given['first']:g} : {given['second']:g}" if given else ""
        return f"{value['winner']}{pair}"
    if isinstance(value.get("score"), int | float):
        return f"{value['score']:g}"
    return single_line(json.dumps(value, ensure_ascii=False), 200)
