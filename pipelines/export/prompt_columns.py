"""Prompt of a row, from whatever columns hold it.

Alpaca's instruction goes on in its `input` (LLaMA-Factory's `query`), after its `history`:
two rows that differ in those alone ask different things.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fellowship.pipelines.export.examples import Talk
from fellowship.pipelines.export.read_turns import (
    NoExample,
    first_value,
    is_labelled,
    labelled_talk,
    make_turn,
    parse_turns,
)

ASKED = (
    *("prompt", "question", "instruction", "input", "context"),
    *("messages", "conversations", "conversation"),
)
CONTINUED = ("input", "query")
"""Where an instruction goes on."""


def prompt_turns(row: Mapping[str, Any]) -> Talk:
    """The prompt's turns; none where it is implicit."""
    value = first_value(row, ASKED)
    if isinstance(value, Mapping) and "messages" in value:
        value = value["messages"]
    if is_labelled(value):
        turns = labelled_talk(value)
        if turns[-1] == make_turn("assistant", ""):
            del turns[-1]
    else:
        turns = parse_turns(value, "user") if value not in (None, []) else []
    if isinstance(row.get("instruction"), str) and value is row["instruction"]:
        turns = [make_turn("user", instruction_text(row))]
    turns = [*history_turns(row.get("history")), *turns]
    system = row.get("system")
    alone = isinstance(system, str) and system
    if alone and turns[:1] != [make_turn("system", str(system))]:
        turns = [make_turn("system", str(system)), *turns]
    return turns


def instruction_text(row: Mapping[str, Any]) -> str:
    """An instruction and what it is about, on lines of their own."""
    more = [row.get(name) for name in CONTINUED]
    return "\n".join(
        [row["instruction"], *(m for m in more if isinstance(m, str) and m)]
    )


def history_turns(history: Any) -> Talk:
    """Earlier questions with their answers; `NoExample` where they are no pairs."""
    turns: Talk = []
    for each in history or []:
        whole = isinstance(each, list) and len(each) == 2
        if not whole or not all(isinstance(text, str) for text in each):
            raise NoExample("its history is no list of [question, answer]")
        turns += [make_turn("user", each[0]), make_turn("assistant", each[1])]
    return turns
