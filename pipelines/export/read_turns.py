"""Turns of preference files as plain values, and where a prompt ends and answers begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fellowship.pipelines.columns.turns import TurnFault, labelled_turns, read_turn
from fellowship.pipelines.export.examples import Talk


class NoExample(ValueError):
    """A row is no preference, in any shape that is known."""


def first_value(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The first of these columns that is there."""
    return next((row[name] for name in names if row.get(name) is not None), None)


def is_labelled(value: Any) -> bool:
    """Whether a text names its speakers: `Human: ...`, `Assistant: ...`."""
    return isinstance(value, str) and labelled_turns(value) is not None


def answer_turns(value: Any) -> Talk:
    """What one side says; a text with speakers' names has its turns."""
    return labelled_talk(value) if is_labelled(value) else parse_turns(value)


def labelled_talk(text: str) -> Talk:
    """The turns of a text that names its speakers."""
    return [make_turn(t.role, t.content.strip()) for t in labelled_turns(text) or []]


def parse_turns(value: Any, role: str = "assistant") -> Talk:
    """A text, a message or a list of messages as turns; `NoExample` where it is none."""
    if isinstance(value, str):
        return [make_turn(role, value)]
    if isinstance(value, Mapping):
        return [parse_message(value)]
    if isinstance(value, list) and value:
        return [parse_message(each) for each in value]
    raise NoExample(f"{type(value).__name__} where a text or turns should be")


def parse_message(value: Any) -> dict[str, str]:
    """One turn. A call of a tool is part of what the assistant says."""
    try:
        turn = read_turn(value)
    except TurnFault as error:
        raise NoExample(str(error)) from error
    parts = [part for part in (turn.content, turn.calls) if part.strip()]
    return make_turn(turn.role, "\n".join(parts) if turn.calls else turn.content)


def make_turn(role: str, content: str) -> dict[str, str]:
    """A turn as values."""
    return {"role": role, "content": content}


def split_common_prompt(
    prompt: Talk, good: Talk, bad: Talk
) -> tuple[Talk, tuple[Talk, Talk]]:
    """An implicit prompt is what both sides begin with; a repeated one is taken off.

    A side that repeats the prompt may have a system's turn before it, which both share.
    """
    if prompt:
        shared = [repeated_prompt(prompt, side) for side in (good, bad)]
        if shared[0] and shared[1] and good[: shared[0]] == bad[: shared[1]]:
            prompt = good[: shared[0]]
        sides = [side[n:] for side, n in zip((good, bad), shared, strict=True)]
        return prompt, (sides[0], sides[1])
    if len(good) < 2 or len(bad) < 2:
        return prompt, (good, bad)
    same = 0
    while same < min(len(good), len(bad)) - 1 and good[same] == bad[same]:
        same += 1
    return good[:same], (good[same:], bad[same:])


def repeated_prompt(prompt: Talk, side: Talk) -> int:
    """How many turns of a side are the prompt again; 0 where it isn't repeated."""
    for begin in (0, 1):
        end = begin + len(prompt)
        if begin and side[0]["role"] != "system":
            break
        if len(side) > end and side[begin:end] == prompt:
            return end
    return 0


def split_last_turn(whole: Talk) -> tuple[Talk, Talk]:
    """A conversation's last turn is the answer."""
    if len(whole) < 2 or whole[-1]["role"] != "assistant":
        raise NoExample("there is no answer in it")
    return whole[:-1], whole[-1:]
