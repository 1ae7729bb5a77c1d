"""Items: prompts, candidates and labels read from a row's columns.

A row is a prompt only if nothing has to be guessed: every other row says what it lacks.
A prompt is a text, a list of turns (`columns.turns` says in which spellings), or a list of
texts: the user's turns alone, each to be answered before the next is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fellowship.errors import InputError
from fellowship.hashing import digest
from fellowship.pipelines.columns.list_cells import votes_in
from fellowship.pipelines.columns.sides import BY_NAME, Sides
from fellowship.pipelines.columns.turns import (
    ROLE_KEYS,
    TurnFault,
    first_there,
    read_turn,
)
from fellowship.pipelines.columns.winner_words import is_missing
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.row_files import ROW_LIMIT, Row, missing_column
from fellowship.pipelines.sources.source_columns import AS_WRITTEN, SourceColumns
from fellowship.records import Candidate, Conversation, Item, Message, Speaker, Winner
from fellowship.spellings import preferred_name
from fellowship.suggestions import quoted_list

SPEAKERS: Mapping[str, Speaker] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
}
"""Whose turns a source's conversation may have: a tool's are none that a model answers."""


LABELS = ("first", "second", "tie", "A", "B", "C", "1", "2", "0")
"""The plainest spellings of a label."""


def item_of(row: Row, source: Source, columns: SourceColumns = AS_WRITTEN) -> Item:
    """The item in a row, read as `columns` say; `InputError` says why there is none."""

    def text(name: str, key: str) -> Any:
        _column(row, name, key)
        return columns.text(row.values, name)

    conversation = conversation_of(text(source.prompt, "prompt"), source.prompt)
    turns = open_turns(conversation)
    candidates = tuple(
        candidate_of(text(name, "candidates"), name, turns, conversation)
        for name in source.candidates
    )
    reference = reference_of(text, source.reference)
    _refuse_excess(conversation, candidates, reference)
    return Item(
        key=key_of(conversation, candidates, reference),
        number=row.number,
        id=_id_of(_column(row, source.id, "id"), source.id) if source.id else None,
        conversation=conversation,
        candidates=candidates,
        reference=reference,
        labels=labels_of(_column(row, source.label, "label"), columns.sides)
        if source.label
        else (),
        place=row.place or None,
    )


def reference_of(text: Callable[[str, str], Any], name: str | None) -> str | None:
    """The reference answer, one text also for several turns; None where there is none."""
    if name is None:
        return None
    given = text(name, "reference")
    if isinstance(given, list) and given:
        texts = [text_of(one, f"{name}[{n}]") for n, one in enumerate(given)]
        if len(texts) == 1:
            return texts[0]
        titled = (f"Answer to turn {n}:\n{one}" for n, one in enumerate(texts, 1))
        return "\n\n".join(titled)
    return None if is_missing(given) else text_of(given, name)


def key_of(
    conversation: Conversation,
    candidates: Sequence[Candidate],
    reference: str | None,
) -> str:
    """16 hex letters that depend on what a row says, not on where it stands."""
    turns = [[m.role, m.content] for m in conversation.messages]
    texts = [list(c.turns or (c.text,)) for c in candidates]
    return digest([turns, texts, reference], 8)


def open_turns(conversation: Conversation) -> int:
    """How many of a conversation's user turns still want an answer."""
    roles = [m.role for m in conversation.messages if m.role != "system"]
    return 1 if "assistant" in roles else len(roles)


def conversation_of(value: Any, name: str) -> Conversation:
    """The conversation that a prompt column holds, in any of its three forms."""
    if not isinstance(value, list):
        content = text_of(value, name)
        return Conversation(messages=(Message(role="user", content=content),))
    if not value:
        raise InputError(f"{name!r} is an empty list")
    if all(isinstance(turn, dict) for turn in value):
        messages = [_message(turn, f"{name}[{n}]") for n, turn in enumerate(value)]
    elif any(isinstance(turn, dict) for turn in value):
        raise InputError(f"{name!r} mixes texts and turns with roles")
    else:
        texts = [text_of(turn, f"{name}[{n}]") for n, turn in enumerate(value)]
        messages = [Message(role="user", content=text) for text in texts]
    _refuse_disorder([m.role for m in messages], name)
    return Conversation(messages=tuple(messages))


def candidate_of(
    value: Any, name: str, turns: int, asked: Conversation | None = None
) -> Candidate:
    """A response that exists already: a text, a list of them, or the assistant's turns.

    Messages may begin with those of the prompt, `asked`; `InputError` where they are of
    another question.
    """
    if isinstance(value, list) and value and all(isinstance(t, dict) for t in value):
        messages = [_message(turn, f"{name}[{n}]") for n, turn in enumerate(value)]
        texts = answers_in(messages, name, asked)
    elif isinstance(value, list):
        texts = [text_of(turn, f"{name}[{n}]") for n, turn in enumerate(value)]
    else:
        texts = [text_of(value, name)]
    if len(texts) != turns:
        raise InputError(f"{name!r} answers {len(texts)} of {turns} turn(s)")
    return Candidate(
        text=texts[-1], system=name, turns=tuple(texts) if turns > 1 else ()
    )


def answers_in(
    messages: Sequence[Message], name: str, asked: Conversation | None
) -> list[str]:
    """The assistant's texts in messages: after those of the prompt, if they begin so."""
    given = [(m.role, m.content.strip()) for m in messages]
    prompt = [(m.role, m.content.strip()) for m in asked.messages] if asked else []
    if prompt and given[: len(prompt)] == prompt:
        messages = messages[len(prompt) :]
    elif asked:
        users = [text for role, text in given if role == "user"]
        own = [text for role, text in prompt if role == "user"]
        if users and users != own[-len(users) :] and own != users[: len(own)]:
            raise InputError(f"{name!r} answers another question than the prompt's")
    return [m.content for m in messages if m.role == "assistant"]


def labels_of(value: Any, sides: Sides = BY_NAME) -> tuple[Winner, ...]:
    """People's verdicts in a cell, one or a list of them. Null: none given."""
    found = [_label(one, sides) for one in votes_in(value) if not is_missing(one)]
    return tuple(winner for winner in found if winner != "invalid")


def _label(value: Any, sides: Sides) -> Winner:
    try:
        return sides.winner(value)
    except InputError as error:
        raise InputError(
            f"the label {_brief(value)} is none of {quoted_list(LABELS)} nor on a scale"
            " that was named: say what it means in source.label_values"
        ) from error


def text_of(value: Any, name: str) -> str:
    """A text with something in it that UTF-8 can hold."""
    if not isinstance(value, str):
        raise InputError(f"{name!r} is {_brief(value)}, not a text")
    if not value.strip():
        raise InputError(f"{name!r} is empty")
    if "\0" in value:
        raise InputError(f"{name!r} holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half = ascii(value[error.start])
        raise InputError(f"{name!r} holds {half}, half a character") from error
    return value


def _message(turn: Mapping[str, Any], name: str) -> Message:
    try:
        read = read_turn(turn)
    except TurnFault as error:
        raise InputError(f"{name}: {error}") from error
    speaker = SPEAKERS.get(read.role)
    if speaker is None:
        role = first_there(turn, ROLE_KEYS)[1]
        raise InputError(f"{name}: role {role!r} is none of {quoted_list(SPEAKERS)}")
    if read.calls:
        raise InputError(f"{name} calls a tool; a source's turns are texts alone")
    return Message(role=speaker, content=text_of(read.content, f"{name}.content"))


def _refuse_disorder(roles: Sequence[str], name: str) -> None:
    speakers = list(roles[1:] if roles[0] == "system" else roles)
    if "system" in speakers:
        raise InputError(f"{name!r} has a system turn after the first")
    if not speakers:
        raise InputError(f"{name!r} has no user turn")
    if speakers[-1] == "assistant":
        raise InputError(f"{name!r} ends with the assistant's turn: nothing to answer")
    turns_taken = ["user", "assistant"] * (len(speakers) // 2) + ["user"]
    if "assistant" in speakers and speakers != turns_taken:
        raise InputError(f"{name!r}: user and assistant don't take turns")


def _refuse_excess(
    conversation: Conversation, candidates: Sequence[Candidate], reference: str | None
) -> None:
    texts = [m.content for m in conversation.messages] + [reference or ""]
    texts += [text for c in candidates for text in c.turns or (c.text,)]
    size = sum(len(text.encode()) for text in texts)
    if size > ROW_LIMIT:
        raise InputError(f"{size:,} bytes of text; a row may hold {ROW_LIMIT:,}")


def _column(row: Row, name: str, key: str) -> Any:
    if name not in row.values:
        raise InputError(
            missing_column(name, f"source.{preferred_name(key)}", list(row.values))
        )
    return row.values[name]


def _id_of(value: Any, name: str) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_of(value, name)


def _brief(value: Any) -> str:
    """What a value is, in a few words."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    shown = ascii(value) if isinstance(value, str) else f"{type(value).__name__}"
    return shown if len(shown) <= 40 else f"{shown[:40]}..."
