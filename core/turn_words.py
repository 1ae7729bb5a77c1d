"""Words of a turn as people read them: a structured reply's text, and what was read.

The terminal and the pages show the same.
"""

from __future__ import annotations

import json
from typing import Any

from fellowship.number_format import counted, score, scores
from fellowship.records import Turn
from fellowship.sanitize import single_line


def turn_words(turn: Turn) -> str:
    """The critique or reason of a structured reply; any other reply as it came."""
    value = turn.value or {}
    found = value.get("critique") or value.get("reason")
    structured = turn.text.lstrip().startswith("{")
    return found if structured and isinstance(found, str) else turn.text


def thinking_words(turn: Turn) -> str:
    """How much a turn's model thought before it spoke; empty where it did not."""
    if turn.thinking_tokens:
        return f"{counted(turn.thinking_tokens, 'token')} of thinking"
    if turn.thinking:
        return f"{counted(len(turn.thinking), 'character')} of thinking, tokens not counted"
    return ""


def turn_reading(value: dict[str, Any]) -> str:
    """What was read from a turn, in one line: the score, or the winner with both."""
    if "critique" in value:
        return f"score {score(value['score'])} of {score(value.get('scale', 10))}"
    if "winner" in value:
        pair = value.get("scores")
        both = f" {scores(pair['first'], pair['second'])}" if pair else ""
        return f"{value['winner']}{both}"
    if isinstance(value.get("score"), int | float):
        return f"score {score(value['score'])}"
    return single_line(json.dumps(value, ensure_ascii=False), 200)
