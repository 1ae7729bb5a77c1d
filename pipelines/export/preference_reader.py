"""Reader of preference files in any known format.

The shape is told from a row's columns. A row that is none in any shape has a fault, and
is reported by number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fellowship.pipelines.export.examples import Example, Talk
from fellowship.pipelines.export.files import read_rows

ROLES = {"human": "user", "gpt": "assistant", "user": "user", "assistant": "assistant"}
ROLES |= {"system": "system", "model": "assistant", "tool": "tool"}
GOOD = ("chosen", "preferred_output", "preferred", "response_chosen")
BAD = ("rejected", "non_preferred_output", "rejected_response", "response_rejected")
ASKED = ("prompt", "question", "instruction", "input", "messages", "conversations")
ANSWERS = ("completion", "response", "output", "answer")
LABELS = ("label", "kto_tag")


class NoExample(ValueError):
    """A row is no preference, in any shape that is known."""


@dataclass(frozen=True)
class PreferenceRow:
    """One row: an example, or what is wrong with it."""

    number: int
    example: Example | None = None
    fault: str = ""


def read_preferences(path: Path) -> Iterator[PreferenceRow]:
    """The rows of a file; `InputError` where it can't be read at all."""
    for row in read_rows(path):
        if row.fault:
            yield PreferenceRow(row.number, fault=row.fault)
            continue
        try:
            yield PreferenceRow(row.number, parse_example(row.values))
        except NoExample as error:
            yield PreferenceRow(row.number, fault=str(error))


def parse_example(row: Mapping[str, Any]) -> Example:
    """A row as an example; `NoExample` says why it is none."""
    good, bad = first_value(row, GOOD), first_value(row, BAD)
    facts = {name: row[name] for name in ("margin", "row") if is_number(row.get(name))}
    if good is not None and bad is not None:
        prompt, sides = split_common_prompt(
            prompt_turns(row), parse_turns(good), parse_turns(bad)
        )
        return check_example(Example(prompt, sides, facts=facts))
    if (good is None) != (bad is None):
        raise NoExample("it has one side of a pair and not the other")
    label = first_value(row, LABELS)
    if label is not None and not isinstance(label, bool):
        raise NoExample(f"its label is {label!r}, not true or false")
    answer_value = first_value(row, ANSWERS)
    prompt = prompt_turns(row)
    if answer_value is None or (
        isinstance(answer_value, list) and len(answer_value) > 1 and not prompt
    ):
        prompt, answer = split_last_turn(
            parse_turns(answer_value) if answer_value is not None else prompt
        )
    else:
        answer = parse_turns(answer_value)
    return check_example(Example(prompt, (answer,), label, facts))


def first_value(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The first of these columns that is there."""
    return next((row[name] for name in names if row.get(name) is not None), None)


def prompt_turns(row: Mapping[str, Any]) -> Talk:
    """The prompt's turns; none where it is implicit."""
    value = first_value(row, ASKED)
    if isinstance(value, Mapping):
        value = value.get("messages")
    turns = parse_turns(value, "user") if value is not None else []
    system = row.get("system")
    if (
        isinstance(system, str)
        and system
        and turns[:1] != [make_turn("system", system)]
    ):
        turns = [make_turn("system", system), *turns]
    return turns


def parse_turns(value: Any, role: str = "assistant") -> Talk:
    """A text, a message or a list of messages as turns."""
    if isinstance(value, str):
        return [make_turn(role, value)]
    if isinstance(value, Mapping):
        return [parse_message(value)]
    if isinstance(value, list) and value:
        return [parse_message(each) for each in value]
    raise NoExample(f"{type(value).__name__} where a text or turns should be")


def parse_message(value: Any) -> dict[str, str]:
    """One turn, as OpenAI or ShareGPT write it."""
    if not isinstance(value, Mapping):
        raise NoExample("a turn is not an object")
    role = value.get("role", value.get("from"))
    content = value.get("content", value.get("value"))
    if not isinstance(content, str) or ROLES.get(str(role)) is None:
        raise NoExample(f"a turn of {role!r} without a text")
    return make_turn(ROLES[str(role)], content)


def make_turn(role: str, content: str) -> dict[str, str]:
    """A turn as values."""
    return {"role": role, "content": content}


def split_common_prompt(
    prompt: Talk, good: Talk, bad: Talk
) -> tuple[Talk, tuple[Talk, Talk]]:
    """An implicit prompt is what both sides begin with; a repeated one is taken off."""
    for side in (good, bad):
        if prompt and len(side) > len(prompt) and side[: len(prompt)] == prompt:
            del side[: len(prompt)]
    if prompt or len(good) < 2 or len(bad) < 2:
        return prompt, (good, bad)
    same = 0
    while same < min(len(good), len(bad)) - 1 and good[same] == bad[same]:
        same += 1
    return good[:same], (good[same:], bad[same:])


def split_last_turn(whole: Talk) -> tuple[Talk, Talk]:
    """A conversation's last turn is the answer."""
    if len(whole) < 2 or whole[-1]["role"] != "assistant":
        raise NoExample("there is no answer in it")
    return whole[:-1], whole[-1:]


def is_number(value: Any) -> bool:
    """Whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_example(example: Example) -> Example:
    """The example; `NoExample` where an answer is empty or a prompt ends in an answer."""
    if any(not text.strip() for text in example.texts):
        raise NoExample("an answer is empty")
    if example.prompt and not example.prompt_text.strip():
        raise NoExample("the prompt is empty")
    if example.prompt and example.prompt[-1]["role"] == "assistant":
        raise NoExample("the prompt ends with an answer")
    return example
