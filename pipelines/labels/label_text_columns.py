"""Texts of a line of a label file: the prompt and the two answers, by known names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.labels.label_rows import Columns, text_key
from fellowship.pipelines.sources.items import open_turns
from fellowship.pipelines.sources.judged_texts import (
    JudgedTexts,
    judged_texts,
    read_cells,
)
from fellowship.pipelines.sources.row_files import Row
from fellowship.records import Candidate, Conversation

PROMPTS = ("prompt", "instruction", "question")
FIRSTS = ("response1", "response_1", "output_1")
SECONDS = ("response2", "response_2", "output_2")


@dataclass(frozen=True)
class LineTexts:
    """A line's texts, blank where there are none; `key` their hash where both are there.

    `turns` are the answers' texts turn by turn, where the prompt has several.
    """

    prompt: str = ""
    first: str = ""
    second: str = ""
    key: str | None = None
    fault: str = ""
    talk: Conversation | None = None
    turns: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


def read_text_cells(table: Sequence[Row], columns: Columns) -> list[Row]:
    """The rows of a label file with the cells of its texts as their columns are read."""
    there = {name for row in table for name in row.values}
    prompts = (columns.prompt,) if columns.prompt else PROMPTS
    firsts = (columns.first,) if columns.first else FIRSTS
    seconds = (columns.second,) if columns.second else SECONDS
    named = [name for name in prompts if name in there][:1]
    answers = [name for name in (*firsts, *seconds) if name in there]
    return read_cells(table, named, answers, columns.cells)


def line_texts(row: Row, columns: Columns) -> LineTexts:
    """The texts of a line, from the named columns or from those that are usual."""
    values = row.values
    asked, prompt = named_value(values, columns.prompt, *PROMPTS)
    given = first_value(values, None, "input") if "instruction" in values else None
    if isinstance(prompt, str) and isinstance(given, str) and given.strip():
        prompt = f"{prompt}\n\n{given}"
    one, first = named_value(values, columns.first, *FIRSTS)
    two, second = named_value(values, columns.second, *SECONDS)
    whole = first is not None and second is not None
    try:
        texts = judged_texts((asked, prompt), (one, first), (two, second))
    except InputError as error:
        return LineTexts(
            prompt=_text(prompt),
            first=_text(first),
            second=_text(second),
            key=text_key(prompt, first, second) if whole else None,
            fault=str(error) if whole else "",
        )
    fault = "" if texts.talk or not whole else NO_PROMPT
    return line_of(texts, whole=whole, fault=fault)


NO_PROMPT = "it has no prompt: name its column with --prompt"


def line_of(texts: JudgedTexts, *, whole: bool, fault: str) -> LineTexts:
    """A line's texts as its row keeps them; the last of several turns is its text."""
    talk, *answers = texts
    asked: Any = talk.question if talk else None
    if talk and open_turns(talk) > 1:
        asked = [m.content for m in talk.messages if m.role == "user"]
    told = [list(c.turns) or c.text if c else "" for c in answers]
    return LineTexts(
        prompt=talk.question if talk else "",
        first=_answer(answers[0]),
        second=_answer(answers[1]),
        key=text_key(asked, *told) if whole else None,
        fault=fault,
        talk=talk if talk and len(talk.messages) > 1 else None,
        turns=(_turns(answers[0]), _turns(answers[1])),
    )


def _answer(candidate: Candidate | None) -> str:
    return candidate.text if candidate else ""


def _turns(candidate: Candidate | None) -> tuple[str, ...]:
    return candidate.turns if candidate else ()


def first_value(values: Mapping[str, Any], named: str | None, *guesses: str) -> Any:
    """The value of the named column, else of the first guess that is there."""
    return named_value(values, named, *guesses)[1]


def named_value(
    values: Mapping[str, Any], named: str | None, *guesses: str
) -> tuple[str, Any]:
    """The named column, else the first guess that is there, with its value."""
    for name in (named,) if named else guesses:
        if name in values:
            return name, values[name]
    return named or guesses[0], None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
