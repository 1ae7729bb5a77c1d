"""Texts of a line of a label file: the prompt and the two answers, by known names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.columns.list_cells import list_in
from fellowship.pipelines.labels.label_rows import Columns, text_key
from fellowship.pipelines.sources.items import conversation_of
from fellowship.pipelines.sources.row_files import Row
from fellowship.records import Conversation

PROMPTS = ("prompt", "instruction", "question")
FIRSTS = ("response1", "response_1", "output_1")
SECONDS = ("response2", "response_2", "output_2")


@dataclass(frozen=True)
class LineTexts:
    """A line's texts, blank where there are none; `key` their hash where both are there."""

    prompt: str = ""
    first: str = ""
    second: str = ""
    key: str | None = None
    fault: str = ""
    talk: Conversation | None = None


def line_texts(row: Row, columns: Columns) -> LineTexts:
    """The texts of a line, from the named columns or from those that are usual."""
    values = row.values
    prompt, talk = read_prompt(first_value(values, columns.prompt, *PROMPTS))
    given = first_value(values, None, "input") if "instruction" in values else None
    if isinstance(prompt, str) and isinstance(given, str) and given.strip():
        prompt = f"{prompt}\n\n{given}"
    first = first_value(values, columns.first, *FIRSTS)
    second = first_value(values, columns.second, *SECONDS)
    whole = first is not None and second is not None
    return LineTexts(
        prompt=_text(prompt),
        first=_text(first),
        second=_text(second),
        key=text_key(prompt, first, second) if whole else None,
        fault=_text_fault(prompt, first, second) if whole else "",
        talk=talk,
    )


def read_prompt(value: Any) -> tuple[Any, Conversation | None]:
    """A prompt's last question, and the conversation where it is a list of turns.

    What is neither comes back as it is.
    """
    found = value if isinstance(value, list) else list_in(value)
    if found is None or not all(isinstance(turn, dict) for turn in found):
        return value, None
    try:
        talk = conversation_of(found, "prompt")
    except InputError:
        return value, None
    return talk.question, talk if len(talk.messages) > 1 else None


def first_value(values: Mapping[str, Any], named: str | None, *guesses: str) -> Any:
    """The value of the named column, else of the first guess that is there."""
    for name in (named,) if named else guesses:
        if name in values:
            return values[name]
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _text_fault(prompt: Any, first: Any, second: Any) -> str:
    named = (("the prompt", prompt), ("response1", first), ("response2", second))
    for name, value in named:
        if not isinstance(value, str):
            return f"{name} is {json.dumps(value)[:40]}, not a text"
    return ""
