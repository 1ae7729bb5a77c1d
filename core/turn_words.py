"""Words of a turn as people read them: a structured reply's text, and what was read.

The terminal and the pages show the same.
"""

from __future__ import annotations

import json
from typing import Any

from fellowship.number_format import counted, score, scores
from fellowship.records import Session, Turn
from fellowship.sanitize import single_line
from fellowship.session_names import ALONE
from fellowship.speaker_names import take_apart
from fellowship.verdict_words import criterion_title
from fellowship.wording import decision_word


def thinking_words(turn: Turn) -> str:
    """How much a turn's model thought before it spoke; empty where it did not."""
    if turn.thinking_tokens:
        return f"{counted(turn.thinking_tokens, 'token')} of thinking"
    if turn.thinking:
        return f"{counted(len(turn.thinking), 'character')} of thinking, tokens not counted"
    return ""


def order_of_turn(turn: Turn, session: Session) -> str:
    """The order in which a turn's speaker read two answers; empty where none is known.

    By the verdict that its call gave, else by the name under which it spoke.
    """
    if turn.call:
        for verdict in session.verdicts:
            if verdict.call == turn.call:
                return verdict.order
    return order_by_name(turn, session.team)


def order_by_name(turn: Turn, team: str) -> str:
    """The order that the name says under which a turn's speaker spoke; empty if none."""
    who = take_apart(turn.source, alone=team == ALONE)
    if who is None:
        return "forward" if turn.role == "debater" else ""
    return who.order


def turn_reading(value: dict[str, Any], order: str) -> str:
    """What was read from a turn, in one line: the score, or the winner with both.

    A winner is A or B as everywhere; where the `order` in which it was read is not known,
    the place that it was read in.
    """
    if "critique" in value:
        return f"score {score(value['score'])} of {score(value.get('scale', 10))}"
    if "winner" in value:
        return winner_reading(value, order)
    if "ranking" in value:
        return " > ".join(map(str, value["ranking"])) + ", as they stood there"
    if isinstance(value.get("score"), int | float):
        return f"score {score(value['score'])}{marks_reading(value)}"
    return single_line(json.dumps(value, ensure_ascii=False), 200)


def winner_reading(value: dict[str, Any], order: str) -> str:
    """The winner and both scores that a reply named by the places it read them in."""
    winner, pair = str(value["winner"]), value.get("scores")
    given = (pair["first"], pair["second"]) if pair else ()
    if order == "swapped":
        winner = {"first": "second", "second": "first"}.get(winner, winner)
        given = given[::-1]
    both = f" {scores(*given)}" if given else ""
    both += criteria_reading(value, order)
    known = decision_word(winner) if order else READ_AT.get(winner, winner)
    return f"{known}{both}"


def criteria_reading(value: dict[str, Any], order: str) -> str:
    """The scores by criterion that a reply gave two answers; nothing without a rubric."""
    parts = [
        f"{criterion_title(one['name'], one['weight'])}"
        f" {scores(*_in_order(one, order))}"
        for one in value.get("criteria") or ()
    ]
    return f"; {', '.join(parts)}" if parts else ""


def _in_order(one: dict[str, Any], order: str) -> tuple[float, float]:
    first, second = one["first"], one["second"]
    return (second, first) if order == "swapped" else (first, second)


def marks_reading(value: dict[str, Any]) -> str:
    """The scores by criterion that a reply gave one answer; nothing without a rubric."""
    parts = [
        f"{criterion_title(one['name'], one['weight'])} {score(one['score'])}"
        for one in value.get("criteria") or ()
    ]
    return f"; {', '.join(parts)}" if parts else ""


READ_AT = {"first": "the answer it read first", "second": "the answer it read second"}
"""Stands for A and B where nobody knows which of them was read first."""
