"""Rows of other datasets that a dataset's rows are compared with.

A pair is compared with pairs. A single answer is compared with single answers of the same
label, and with a pair's answers: the chosen one is good, the rejected one bad.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fellowship.errors import InputError
from fellowship.pipelines.export.examples import Example
from fellowship.pipelines.export.preference_reader import read_preferences
from fellowship.pipelines.recipe.export_settings import Form


class ComparedTexts(NamedTuple):
    """A row's prompt and answers, and whether what it shows is good."""

    parts: tuple[str, ...]
    good: bool


def other_rows(files: Iterable[Path], form: Form) -> Iterator[ComparedTexts]:
    """What rows of these files a dataset of this form is compared with.

    `InputError` for a file that can't be read, or has no such row.
    """
    for path in files:
        found = 0
        for row in read_preferences(path):
            if row.example is not None:
                for texts in compared_texts(row.example, form):
                    found += 1
                    yield texts
        if not found:
            what = "pairs" if form == "pairs" else "answers"
            raise InputError(
                f"near_duplicates.against: {str(path)!r} has no {what} to compare with;"
                f" `fellowship lint {path}` says what it has"
            )


def compared_texts(example: Example, form: Form) -> Iterator[ComparedTexts]:
    """A row as rows of this form; nothing where it has none."""
    prompt, texts = example.prompt_text, example.texts
    if not example.is_pair:
        if form != "pairs":
            yield ComparedTexts((prompt, *texts), example.label is not False)
    elif form == "pairs":
        yield ComparedTexts((prompt, *texts), True)
    else:
        yield ComparedTexts((prompt, texts[0]), True)
        if form == "labels":
            yield ComparedTexts((prompt, texts[1]), False)
