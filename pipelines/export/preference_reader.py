"""Reader of preference files in any known format.

The shape is told from a row's columns: TRL's, ShareGPT's, Alpaca's with its `input` and
`history`, LLaMA-Factory's, axolotl's, OpenAI's, Anthropic's HH strings, and two responses
with a vote (`export.compared_sides`), and published datasets of columns of their own
(`export.published_forms`). Turns are read as sources read them. A row that is
none in any shape has a fault, and is reported by number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fellowship.pipelines.export.compared_sides import (
    RESPONSES,
    Tie,
    VoteFault,
    compared_sides,
)
from fellowship.pipelines.export.examples import Example, Talk
from fellowship.pipelines.export.files import read_rows
from fellowship.pipelines.export.list_strings import with_lists_read
from fellowship.pipelines.export.prompt_columns import prompt_turns
from fellowship.pipelines.export.published_forms import in_known_columns
from fellowship.pipelines.export.read_turns import (
    NoExample,
    answer_turns,
    first_value,
    is_labelled,
    split_common_prompt,
    split_last_turn,
)

GOOD = ("chosen", "preferred_output", "preferred", "response_chosen", "chosen_response")
BAD = ("rejected", "non_preferred_output", "rejected_response", "response_rejected")
ANSWERS = ("completion", "response", "output", "answer")
SIDES = (("chosen", "rejected"), *RESPONSES)
"""Columns of two answers that may hold lists in a string."""
NUMBERS = ("margin", "row", "chosen_score", "rejected_score")
WRITERS = ("chosen_model", "rejected_model", "chosen_system", "rejected_system")
"""Facts that are kept of a row: what a pair's numbers are, and who wrote its sides."""
LABELS = ("label", "kto_tag")
HALF = re.compile("[\ud800-\udfff]")
WORDS_OF_CSV = {"true": True, "false": False}


@dataclass(frozen=True)
class PreferenceRow:
    """One row: an example, or what is wrong with it; a tie is no fault and no example."""

    number: int
    example: Example | None = None
    fault: str = ""
    tied: bool = False


def read_preferences(path: Path) -> Iterator[PreferenceRow]:
    """The rows of a file; `InputError` where it can't be read at all."""
    texts_alone = path.suffix.lower() in (".csv", ".tsv")
    for row in read_rows(path):
        if row.fault:
            yield PreferenceRow(row.number, fault=row.fault)
            continue
        values = typed_cells(row.values) if texts_alone else row.values
        try:
            yield PreferenceRow(row.number, parse_example(values))
        except Tie as error:
            yield PreferenceRow(row.number, fault=str(error), tied=True)
        except (NoExample, VoteFault) as error:
            yield PreferenceRow(row.number, fault=str(error))


def typed_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of texts alone with its labels as true or false, as `datasets` reads them."""
    return {
        name: WORDS_OF_CSV.get(str(value).lower(), value) if name in LABELS else value
        for name, value in row.items()
    }


def parse_example(row: Mapping[str, Any]) -> Example:
    """A row as an example; `NoExample` or `VoteFault` says why it is none."""
    row = in_known_columns(row)
    for names in SIDES:
        if all(row.get(name) is not None for name in names):
            row = with_lists_read(row, names)
    good, bad = first_value(row, GOOD), first_value(row, BAD)
    facts = {name: row[name] for name in NUMBERS if is_number(row.get(name))}
    facts |= {name: row[name] for name in WRITERS if isinstance(row.get(name), str)}
    if (good is None) != (bad is None):
        raise NoExample("it has one side of a pair and not the other")
    if good is None and (sides := compared_sides(row) or ranked_outputs(row)):
        good, bad = sides
    if good is not None:
        prompt, both = split_common_prompt(
            prompt_turns(row), answer_turns(good), answer_turns(bad)
        )
        return check_example(Example(prompt, both, facts=facts))
    return single_answer(row, facts)


def ranked_outputs(row: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Alpaca's `output` of two texts, the better one first; None for another row."""
    output = row.get("output")
    if not isinstance(output, list) or len(output) != 2:
        return None
    texts = [text for text in output if isinstance(text, str)]
    return (texts[0], texts[1]) if len(texts) == 2 else None


def single_answer(row: Mapping[str, Any], facts: Mapping[str, Any]) -> Example:
    """A row of one answer, labelled or not."""
    label = first_value(row, LABELS)
    if label is not None and not isinstance(label, bool):
        raise NoExample(f"its label is {label!r}, not true or false")
    answer = first_value(row, ANSWERS)
    prompt = prompt_turns(row)
    if answer is None and is_labelled(row.get("text")):
        answer = row["text"]
    if answer is None:
        prompt, turns = split_last_turn(prompt)
    elif prompt or not (isinstance(answer, list) or is_labelled(answer)):
        turns = answer_turns(answer)
    else:
        whole = answer_turns(answer)
        prompt, turns = split_last_turn(whole) if len(whole) > 1 else ([], whole)
    return check_example(Example(prompt, (turns,), label, facts))


def is_number(value: Any) -> bool:
    """Whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_example(example: Example) -> Example:
    """The example; `NoExample` where an answer is empty or a prompt ends in an answer."""
    if half := HALF.search("".join([example.prompt_text, *example.texts])):
        raise NoExample(f"it holds {half[0]!a}, half a character")
    if any(not text.strip() for text in example.texts):
        raise NoExample("an answer is empty")
    if example.prompt and not example.prompt_text.strip():
        raise NoExample("the prompt is empty")
    asked = [turn for turn in example.prompt if turn["role"] == "user"]
    if any(not turn["content"].strip() for turn in asked):
        alone = len(asked) == 1
        raise NoExample(
            "the prompt is empty" if alone else "a user's turn in the prompt is empty"
        )
    if example.prompt and ends_in_answer(example.prompt):
        raise NoExample("the prompt ends with an answer")
    if not all(any(turn["role"] == "assistant" for turn in a) for a in example.answers):
        raise NoExample("an answer is not the assistant's")
    return example


def ends_in_answer(prompt: Sequence[Mapping[str, str]] | Talk) -> bool:
    """Whether nothing is left to answer."""
    return prompt[-1]["role"] == "assistant"
