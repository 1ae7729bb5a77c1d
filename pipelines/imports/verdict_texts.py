"""Texts of a row of verdicts: its prompt and its two answers, of one turn each."""

from __future__ import annotations

from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.columns.list_cells import is_message, list_in
from fellowship.pipelines.columns.texts import NO_VALUE
from fellowship.pipelines.imports.imported_rows import single_turn
from fellowship.pipelines.labels.label_text_columns import read_prompt
from fellowship.records import Conversation


def prompt_of(value: Any, name: str) -> Conversation:
    """The conversation of a prompt's cell: a text, or messages; blank for no text.

    `InputError` for a list of several texts: verdicts on two turns say not which.
    """
    text, talk = read_prompt(value)
    found = text if isinstance(text, list) else list_in(text)
    if found is not None:
        raise InputError(
            f"{name!r} is a list of {len(found)} turns: verdicts are read on one"
        )
    return talk or single_turn(text if isinstance(text, str) else "")


def answer_of(value: Any, name: str) -> str:
    """The text of an answer's cell: as it stands, or the only answer among messages.

    `InputError` for messages with another number of answers.
    """
    if isinstance(value, str) and value.strip() in NO_VALUE:
        raise InputError(
            f"{name!r} is {value.strip()!r}, which is how tables write a missing value"
        )
    found = value if isinstance(value, list) else list_in(value)
    if found and all(isinstance(one, dict) and is_message(one) for one in found):
        talk = [one.get("content", one.get("value")) for one in found if _answers(one)]
        if len(talk) == 1 and isinstance(talk[0], str):
            return talk[0]
        raise InputError(
            f"{name!r} holds {len(talk)} answers: verdicts are read on one"
        )
    return value if isinstance(value, str) else ""


def _answers(message: dict[str, Any]) -> bool:
    role = message.get("role", message.get("from", message.get("speaker")))
    return str(role).lower() in ("assistant", "gpt")
