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
from fellowship.viewer.markdown import as_written, rendered
from fellowship.wording import finish_words, session_title, speaker_name


@dataclass(frozen=True)
class ShownTurn:
    """One message as the page shows it. `call` leads to its exact request and reply."""

    who: str
    role: str
    model: str
    facts: tuple[str, ...]
    body: Markup
    reading: str = ""
    call: str = ""
    turned: bool = False

    @property
    def look(self) -> str:
        """The class that gives the role its colour and shape."""
        return number_format.role_class(self.role)


@dataclass(frozen=True)
class Round:
    """What was said between two rounds' ends."""

    number: int
    messages: tuple[ShownTurn, ...]


@dataclass(frozen=True)
class ShownSession:
    """One session: its rounds, what it cost, and why it stopped early if it did."""

    team: str
    rounds: tuple[Round, ...]
    tokens: int
    usd: float
    seconds: float
    stopped: str


def conversation(outcome: Outcome, *, written: bool = False) -> list[ShownTurn]:
    """The prompt's turns."""
    said = outcome.conversation.messages if outcome.conversation else ()
    return [
        ShownTurn(m.role, m.role, "", (), shown(m.content, written=written))
        for m in said
    ]


def shown_sessions(outcome: Outcome, *, written: bool = False) -> list[ShownSession]:
    """Every session of a row, in the order they sat."""
    return [shown_session(session, written=written) for session in outcome.sessions]


def shown_session(session: Session, *, written: bool = False) -> ShownSession:
    """One session's turns by round."""
    rounds = groupby(session.turns, key=lambda turn: turn.round)
    turned = {v.call for v in session.verdicts if v.call and v.order == "swapped"}
    return ShownSession(
        team=single_line(session_title(session.team)),
        rounds=tuple(
            Round(
                number,
                tuple(
                    replace(
                        shown_turn(
                            turn,
                            session.team,
                            written=written,
                            turned=turn.call in turned,
                        ),
                        role=role_in(session, turn),
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


def shown_turn(
    turn: Turn, team: str = "", *, written: bool = False, turned: bool = False
) -> ShownTurn:
    """One turn; of a structured reply the words, unless it is wanted as written.

    `turned`: the answers stood in each other's place when this was said.
    """
    return ShownTurn(
        who=speaker_name(turn.source, turn.role, team) or turn.role,
        role=turn.role,
        model=turn.model,
        facts=facts(turn),
        body=shown(turn.text if written else words(turn), written=written),
        reading="" if turn.value is None else reading(turn.value),
        turned=turned,
        call=turn.call,
    )


def shown(text: str, *, written: bool) -> Markup:
    """Markdown, or the letters as they came."""
    if not text.strip():
        return Markup('<p class="muted">(nothing)</p>')
    return as_written(text) if written else rendered(text)


def role_in(session: Session, turn: Turn) -> str:
    """The role somebody played: a judge among several is a juror."""
    several = len({v.evaluator for v in session.verdicts}) > 1
    return "juror" if several and turn.role == "judge" else turn.role


def facts(turn: Turn) -> tuple[str, ...]:
    """What a message cost and how it ended."""
    made = []
    if turn.prompt_tokens or turn.completion_tokens:
        made.append(f"{turn.prompt_tokens:,} + {turn.completion_tokens:,} tokens")
    if turn.seconds:
        made.append(number_format.seconds(turn.seconds))
    if turn.usd:
        made.append(number_format.usd(turn.usd))
    if turn.finish != "stop":
        made.append(finish_words(turn.finish))
    if turn.repaired:
        made.append("repair turn")
    return tuple(made)


def words(turn: Turn) -> str:
    """The critique or reason of a structured reply; any other reply as it came."""
    value = turn.value or {}
    said = value.get("critique") or value.get("reason")
    structured = turn.text.lstrip().startswith("{")
    return said if structured and isinstance(said, str) else turn.text


def reading(value: dict[str, Any]) -> str:
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
