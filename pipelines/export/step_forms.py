"""Rows of process supervision: TRL's stepwise form, Math-Shepherd and PRM800K.

The steps are one answer; `NoExample` names a step that is none or has no label.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fellowship.number_format import counted
from fellowship.pipelines.export.read_turns import NoExample

Row = Mapping[str, Any]
STEP_MARK = "ки"
"""What stands behind each step in Math-Shepherd's `input`."""


def stepwise(row: Row) -> Row:
    """TRL's stepwise supervision: `completions` of a text a step, `labels` for each."""
    steps, labels = row["completions"], row["labels"]
    if not isinstance(steps, list) or any(isinstance(one, Mapping) for one in steps):
        return row
    if not isinstance(labels, list) or len(labels) != len(steps):
        there = counted(len(labels) if isinstance(labels, list) else 0, "label")
        raise NoExample(f"its {counted(len(steps), 'step')} have {there}")
    return {"prompt": row.get("prompt"), "completion": joined_steps(steps, labels)}


def joined_steps(steps: list[Any], labels: list[Any]) -> str:
    """The steps as one answer; `NoExample` names a step that is none."""
    for number, (step, label) in enumerate(zip(steps, labels, strict=True), 1):
        if not isinstance(step, str):
            raise NoExample(f"step {number} is no text")
        if not step.strip() and len(steps) > 1:
            raise NoExample(f"step {number} is empty")
        if not isinstance(label, bool):
            raise NoExample(
                f"the label of step {number} is {label!r}, not true or false"
            )
    return "\n".join(steps)


def math_shepherd(row: Row) -> Row:
    """Math-Shepherd: `input` with a mark behind each step, `label` with + or - for it."""
    text, label = row["input"], row["label"]
    if not (isinstance(text, str) and isinstance(label, str) and STEP_MARK in text):
        return row
    steps = text.count(STEP_MARK)
    wanted = "[+-]".join(map(re.escape, text.split(STEP_MARK)))
    if re.fullmatch(wanted, label) is None:
        raise NoExample(
            f"its label does not mark each of {counted(steps, 'step')} with + or -"
        )
    asked, first, answer = text.partition("Step 1:")
    if not first:
        raise NoExample("its input has no 'Step 1:'")
    return {
        "prompt": asked.strip(),
        "completion": (first + answer).replace(STEP_MARK, ""),
    }


def prm800k(row: Row) -> Row:
    """PRM800K: a problem, and for each step the completion that was gone on from."""
    question, label = row["question"], row["label"]
    if not (isinstance(question, Mapping) and isinstance(label, Mapping)):
        return row
    texts = []
    for number, step in enumerate(label.get("steps") or [], 1):
        texts.append(chosen_text(step) if isinstance(step, Mapping) else None)
        if not isinstance(texts[-1], str):
            raise NoExample(f"step {number} has no text")
    return {"prompt": question.get("problem"), "completion": "\n".join(map(str, texts))}


def chosen_text(step: Row) -> Any:
    """The text of a step: a person's, the chosen completion's, or the first one's."""
    own = step.get("human_completion")
    if own:
        return own.get("text") if isinstance(own, Mapping) else own
    found, at = step.get("completions") or [], step.get("chosen_completion") or 0
    one = found[at] if isinstance(at, int) and 0 <= at < len(found) else None
    return one.get("text") if isinstance(one, Mapping) else None
