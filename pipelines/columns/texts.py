"""Reading of a column of texts: as they stand, as lists in a string, or as transcripts.

Decided once for a column, by its values: lists where every cell is one; where a few cells
are among plain texts those rows are refused; where most are, the column is. Transcripts
(`Human: ... Assistant: ...`) are parted where every cell is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fellowship.errors import InputError
from fellowship.number_format import counted
from fellowship.pipelines.columns.list_cells import (
    is_blank_list,
    is_escaped_list,
    is_glued_list,
    list_in,
)
from fellowship.pipelines.columns.transcripts import transcript_in

Cells = Literal["text", "lists"]

ENTITY = re.compile(r"&(?:quot|amp|lt|gt|apos|nbsp|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
NO_VALUE = frozenset(("nan", "NaN", "NAN", "<NA>", "NaT"))
"""Missing values as tables write them into text. `None` and `null` may be an answer."""
SHOWN = 5
"""Row numbers that a message lists."""


@dataclass(frozen=True)
class TextColumn:
    """How a column's cells are read; `strict` refuses lists in a string among texts."""

    lists: bool = False
    strict: bool = False
    described: str = "text"
    cure: str = ""
    transcripts: bool = False

    def value(self, cell: Any, name: str) -> Any:
        """The cell as it is read; `InputError` where it is not what its column is."""
        if not isinstance(cell, str) or not (self.lists or self.strict):
            return cell
        if cell.strip() in NO_VALUE:
            raise InputError(
                f"{name!r} is {cell.strip()!r}, which is how tables write a missing value"
            )
        if self.transcripts and cell.strip():
            talk = transcript_in(cell)
            if talk is None:
                raise InputError(f"{name!r} is no transcript{self.cure}")
            return talk
        found = list_in(cell)
        if self.lists:
            if is_blank_list(cell):
                raise InputError(f"{name!r} is a list in a string without a text")
            if found is None and cell.strip():
                raise InputError(f"{name!r} is no list in a string{self.cure}")
            return cell if found is None else found
        if found is not None:
            raise InputError(
                f"{name!r} is a list in a string, where most rows have plain text"
                f"{self.cure}"
            )
        if is_escaped_list(cell):
            raise InputError(
                f"{name!r} is a list in a string with HTML entities in place of its"
                " quotes: decode them first"
            )
        return cell


AS_IT_STANDS = TextColumn()


@dataclass
class TextTally:
    """Counts of a column's cells, as they pass; `sizes` are those of its lists.

    `talks` are lists of messages, `transcripts` texts of several speakers.
    """

    texts: int = 0
    lists: int = 0
    messages: int = 0
    entities: int = 0
    transcripts: int = 0
    of_lists: list[int] = field(default_factory=list)
    of_texts: list[int] = field(default_factory=list)
    of_glued: list[int] = field(default_factory=list)
    sizes: set[int] = field(default_factory=set)
    talks: int = 0

    def add(self, number: int, cell: Any) -> None:
        """Count one cell, of the row with this number."""
        if not isinstance(cell, str):
            self.messages += isinstance(cell, list)
            return
        if not cell.strip() or cell.strip() in NO_VALUE:
            return
        if is_blank_list(cell):
            return
        found = list_in(cell)
        if found is None and len(self.of_glued) < SHOWN and is_glued_list(cell):
            self.of_glued.append(number)
        self.lists += found is not None
        self.texts += found is None
        self.entities += bool(ENTITY.search(cell))
        self.transcripts += found is None and transcript_in(cell) is not None
        if found is not None:
            self.sizes.add(len(found))
            self.talks += isinstance(found[0], dict)
        rows = self.of_texts if found is None else self.of_lists
        if len(rows) < SHOWN:
            rows.append(number)

    def reading(self, name: str, cells: Cells | None, key: str) -> TextColumn:
        """How the column is read; `cells` is what somebody said of it, by `key`.

        `InputError` where lists and texts are mixed and neither is the exception.
        """
        cure = f": say what such cells are, `{key}lists` or `{key}text`" if key else ""
        if cells is not None:
            told = "lists in a string" if cells == "lists" else "text"
            return TextColumn(cells == "lists", False, f"{told}, as you said", "")
        if self.of_glued:
            raise InputError(
                f"column {name!r} has lists as numpy prints them, whose texts no comma"
                f" divides ({rows_text(self.of_glued)}): write them as lists"
                f" (`.tolist()` before `to_csv`){cure.replace(': say', ', or say')}"
            )
        if not self.lists and 0 < self.texts == self.transcripts:
            told = f"transcripts of several speakers, in {counted(self.texts, 'cell')}"
            return TextColumn(False, True, told, cure, transcripts=True)
        if not self.lists:
            return TextColumn(False, True, self._plain(), cure)
        if not self.texts:
            told = (
                f"lists in a string, in {counted(self.lists, 'cell')} of {self.lists:,}"
            )
            return TextColumn(True, True, told, cure)
        if self.lists >= self.texts + self.messages:
            raise InputError(
                f"column {name!r} has lists in a string ({rows_text(self.of_lists)}) and"
                f" plain texts ({rows_text(self.of_texts)}){cure}"
            )
        few = f"{counted(self.lists, 'list')} in a string ({rows_text(self.of_lists)})"
        return TextColumn(False, True, f"text; {few} refused", cure)

    def _plain(self) -> str:
        told = "lists of turns" if self.messages and not self.texts else "text"
        if self.entities:
            cells = counted(self.entities, "cell")
            told += f"; HTML entities in {cells} used as they stand"
        return told


def rows_text(numbers: Sequence[int]) -> str:
    """`row 3`, or the first few of many."""
    more = ", ..." if len(numbers) >= SHOWN else ""
    return (
        f"row{'s' * (len(numbers) != 1)} {', '.join(f'{n:,}' for n in numbers)}{more}"
    )


def read_columns(
    prompt: str | None, tallies: Mapping[str, TextTally], cells: Cells | None, key: str
) -> dict[str, TextColumn]:
    """How the columns of a prompt and of its answers are read.

    To a prompt of one text an answer that is a list of several is a list: it stays text.
    """
    texts = {name: tally.reading(name, cells, key) for name, tally in tallies.items()}
    asked = tallies.get(prompt or "", TextTally())
    if cells is not None or asked.messages or (prompt and texts[prompt].lists):
        return texts
    if prompt is None or prompt not in tallies:
        return texts
    for name in texts.keys() - {prompt}:
        if texts[name].lists and tallies[name].sizes != {1} and not tallies[name].talks:
            told = "text: its lists are no turns, for each prompt has one"
            texts[name] = TextColumn(described=told)
            _refuse_uneven(name, texts, tallies, key)
    return texts


def _refuse_uneven(
    name: str,
    texts: Mapping[str, TextColumn],
    tallies: Mapping[str, TextTally],
    key: str,
) -> None:
    """`InputError` where one answer would keep its brackets and another lose them."""
    for other in texts:
        if tallies[other].lists and tallies[other].sizes == {1}:
            raise InputError(
                f"column {name!r} has lists of several texts in a string"
                f" ({rows_text(tallies[name].of_lists)}), column {other!r} lists of one,"
                f" and each prompt has one turn: say what such cells are, `{key}lists`"
                f" or `{key}text`"
            )
