"""Texts of a row of verdicts, as the two answers of an imported row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fellowship.pipelines.imports.imported_rows import single_turn
from fellowship.pipelines.sources.judged_texts import judged_texts
from fellowship.records import Candidate, Conversation

NO_TEXTS = (
    "only verdicts: name the columns of the texts, --prompt, --first and --second, to have"
    " them judged, shown or exported"
)


def texts_of(
    values: Mapping[str, Any],
    columns: tuple[str | None, str | None, str | None],
    systems: tuple[str, str],
) -> tuple[Conversation, Candidate, Candidate]:
    """The prompt and the two answers of a row, blank where it has none.

    `InputError` for cells that are no texts and no turns.
    """
    prompt, first, second = (
        (name or "", values.get(name) if name else None) for name in columns
    )
    talk, *answers = judged_texts(prompt, first, second)
    one, two = (
        Candidate(text=c.text if c else "", system=name, turns=c.turns if c else ())
        for c, name in zip(answers, systems, strict=True)
    )
    return talk or single_turn(""), one, two
