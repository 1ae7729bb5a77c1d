"""Texts of a row that was judged elsewhere: its prompt and two answers, read as a source's.

What a recipe's source understands an import does: lists in a string, messages, transcripts
and second turns. `--cells` says what cells are where their values leave it open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from fellowship.errors import InputError
from fellowship.pipelines.columns.texts import (
    Cells,
    TextColumn,
    TextTally,
    read_columns,
)
from fellowship.pipelines.sources.items import (
    candidate_of,
    conversation_of,
    open_turns,
)
from fellowship.pipelines.sources.row_files import Row
from fellowship.records import Candidate, Conversation

KEY = "--cells "


class JudgedTexts(NamedTuple):
    """The prompt and the answers; None for what a row doesn't have."""

    talk: Conversation | None = None
    first: Candidate | None = None
    second: Candidate | None = None


def read_cells(
    table: Sequence[Row],
    prompts: Sequence[str],
    answers: Sequence[str],
    cells: Cells | None,
) -> list[Row]:
    """The rows with the cells of their text columns as those are read.

    A row whose cell is not what its column is has a fault. `InputError` where lists and
    texts are mixed and neither is the exception.
    """
    names = dict.fromkeys((*prompts, *answers))
    tallies = {name: TextTally() for name in names}
    for row in table:
        for name, tally in tallies.items():
            if name in row.values:
                tally.add(row.number, row.values[name])
    columns = read_columns(next(iter(prompts), None), tallies, cells, KEY)
    plain = all(not (c.lists or c.transcripts or c.strict) for c in columns.values())
    return list(table) if plain else [read_row(row, columns) for row in table]


def read_row(row: Row, columns: dict[str, TextColumn]) -> Row:
    """One row with its cells read."""
    if row.fault:
        return row
    values = dict(row.values)
    try:
        for name in columns.keys() & values.keys():
            values[name] = columns[name].value(values[name], name)
    except InputError as error:
        return replace(row, fault=str(error))
    return replace(row, values=values)


def judged_texts(
    prompt: tuple[str, Any], first: tuple[str, Any], second: tuple[str, Any]
) -> JudgedTexts:
    """The texts in three cells, each with its column's name; None is an absent cell.

    Where there is no prompt it is what the answers' messages have before their last turn.
    `InputError` for a cell that is no text and no turns.
    """
    talk = None if is_blank(prompt[1]) else conversation_of(prompt[1], prompt[0])
    if talk is None:
        talk = common_prompt(first[1], second[1])
    turns = open_turns(talk) if talk else 1
    one, two = (
        None if is_blank(value) else candidate_of(value, name, turns, talk)
        for name, value in (first, second)
    )
    return JudgedTexts(talk, one, two)


def common_prompt(first: Any, second: Any) -> Conversation | None:
    """The messages before the last of both answers, where they are the same ones."""
    if not all(is_talk(value) for value in (first, second)):
        return None
    one, two = (conversation_before(value) for value in (first, second))
    if one != two:
        raise InputError("its answers hold different prompts")
    return one


def conversation_before(messages: list[Any]) -> Conversation:
    """The conversation that the last message answers."""
    return conversation_of(messages[:-1], "the prompt in its answers")


def is_talk(value: Any) -> bool:
    """Whether a cell holds messages, a question and an answer at least."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(one, dict) for one in value)
    )


def is_blank(value: Any) -> bool:
    """Whether a cell holds nothing."""
    return value is None or (isinstance(value, str) and not value.strip())
