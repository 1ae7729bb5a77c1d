"""Lists in a string in preference rows: arena's `["text"]` cells, as the linter reads them.

A row's answers are read so only where both are such lists: `["a"]` beside a plain text is
an answer. Several texts are turns where the prompt has as many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fellowship.pipelines.columns.list_cells import is_blank_list, list_in
from fellowship.pipelines.export.prompt_columns import ASKED
from fellowship.pipelines.export.read_turns import make_turn


def with_lists_read(
    row: Mapping[str, Any], answers: Sequence[str]
) -> Mapping[str, Any]:
    """The row with the lists that its prompt and these two columns of answers hold."""
    found = [_texts(row.get(name)) for name in answers]
    if None in found or not any(list_in(row.get(name)) for name in answers):
        return row
    lists = [one or [""] for one in found]
    name = next((name for name in ASKED if row.get(name) is not None), "")
    asked = list_in(row.get(name)) or [row.get(name)]
    if any(len(one) not in (1, len(asked)) for one in lists) and not _are_talks(lists):
        return row
    read = {each: _answer(one, asked) for each, one in zip(answers, lists, strict=True)}
    if name and isinstance(row[name], str):
        whole = isinstance(asked[0], dict)
        read[name] = asked if whole else asked[0]
    return {**row, **read}


def _texts(cell: Any) -> list[Any] | None:
    """The list that a cell holds, blank ones among them; None where it holds none."""
    return [] if is_blank_list(cell) else list_in(cell)


def _are_talks(lists: Sequence[Sequence[Any]]) -> bool:
    return all(isinstance(each, dict) for one in lists for each in one)


def _answer(texts: Sequence[Any], asked: Sequence[Any]) -> Any:
    """One text, messages, or the answers with the questions between them."""
    if isinstance(texts[0], dict):
        return [*texts]
    if len(texts) == 1:
        return texts[0]
    between = zip(texts[1:], asked[1:], strict=True)
    talk = [make_turn("assistant", texts[0] or "")]
    for text, question in between:
        talk += [make_turn("user", question), make_turn("assistant", text or "")]
    return talk
