"""Prose of a turn: the critique or reason of a structured reply, as people read it."""

from __future__ import annotations

from typing import Any, Protocol


class ReadTurn(Protocol):
    """What is needed of `records.Turn`."""

    @property
    def text(self) -> str: ...
    @property
    def value(self) -> Any: ...


def turn_words(turn: ReadTurn) -> str:
    """The critique or reason of a structured reply; any other reply as it came."""
    if not turn.text.lstrip().startswith("{") or not turn.value:
        return turn.text
    found = turn.value.get("critique") or turn.value.get("reason")
    return found if isinstance(found, str) else turn.text
