"""Items: prompts, candidates and labels read from a row's columns.

A row is a prompt only if nothing has to be guessed: every other row says what it lacks.
A prompt is a text, a list of turns (`sources.turns` says in which spellings), or a list of
texts: the user's turns alone, each to be answered before the next is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fellowship.errors import InputError
from fellowship.hashing import digest
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.row_files import ROW_LIMIT, Row, missing_column
from fellowship.pipelines.sources.turns import (
    ROLE_KEYS,
    TurnFault,
    first_there,
    read_turn,
)
from fellowship.records import Candidate, Conversation, Item, Message, Speaker, Winner
from fellowship.spellings import preferred_name
from fellowship.suggestions import quoted_list

SPEAKERS: Mapping[str, Speaker] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
}
"""Whose turns a source's conversation may have: a tool's are none that a model answers."""
LABELS: Mapping[str, Winner] = {
    **{"first": "first", "a": "first", "1": "first"},
    **{"second": "second", "b": "second", "2": "second"},
    **{"tie": "tie", "c": "tie", "0": "tie"},
}


def item_of(row: Row, source: Source) -> Item:
    """The item in a row; `InputError` says why there is none."""
    conversation = conversation_of(_column(row, source.prompt, "prompt"), source.prompt)
    turns = open_turns(conversation)
    candidates = tuple(
        candidate_of(_column(row, name, "candidates"), name, turns)
        for name in source.candidates
    )
    given = _column(row, source.reference, "reference") if source.reference else None
    reference = None if given in (None, "") else text_of(given, str(source.reference))
    _refuse_excess(conversation, candidates, reference)
    return Item(
        key=key_of(conversation, candidates, reference),
        number=row.number,
        id=_id_of(_column(row, source.id, "id"), source.id) if source.id else None,
        conversation=conversation,
        candidates=candidates,
        reference=reference,
        labels=labels_of(_column(row, source.label, "label")) if source.label else (),
    )


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


def candidate_of(value: Any, name: str, turns: int) -> Candidate:
    """A response that exists already: a text, a list of them, or the assistant's turns."""
    if isinstance(value, list) and value and all(isinstance(t, dict) for t in value):
        messages = [_message(turn, f"{name}[{n}]") for n, turn in enumerate(value)]
        texts = [m.content for m in messages if m.role == "assistant"]
    elif isinstance(value, list):
        texts = [text_of(turn, f"{name}[{n}]") for n, turn in enumerate(value)]
    else:
        texts = [text_of(value, name)]
    if len(texts) != turns:
        raise InputError(f"{name!r} answers {len(texts)} of {turns} turn(s)")
    return Candidate(
        text=texts[-1], system=name, turns=tuple(texts) if turns > 1 else ()
    )


def labels_of(value: Any) -> tuple[Winner, ...]:
    """People's verdicts: first, second, tie; or A, B, C; or 1, 2, 0. Null: none given."""
    if value is None or value == "":
        return ()
    return tuple(_label(v) for v in (value if isinstance(value, list) else [value]))


def _label(value: Any) -> Winner:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    known = isinstance(value, str | int) and not isinstance(value, bool)
    winner = LABELS.get(str(value).strip().lower()) if known else None
    if winner is None:
        raise InputError(f"the label {_brief(value)} is none of {quoted_list(LABELS)}")
    return winner


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
        said = first_there(turn, ROLE_KEYS)[1]
        raise InputError(f"{name}: role {said!r} is none of {quoted_list(SPEAKERS)}")
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
