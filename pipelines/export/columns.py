"""Column types of exports: each fact has one, from a file's first row to its last.

`FACTS` has one entry for each fact column. A table (Parquet, a saved dataset) writes them
down as they are. JSON lines have no schema: readers guess one from the first rows, and an
empty list has no type to guess. So a fact that is a list, or holds one, is a JSON text
there, in every row: `json.loads(row["flags"])`. Runs that began before 2026-11-29 keep
their lists (`LINES_RULE` in a run's header says which).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from fellowship.pipelines.export.examples import json_line
from fellowship.registry_check import check_registry

ColumnType = Literal["float", "whole", "flag", "text", "texts", "provenance"]

ORIGINS = ("model", "system", "session", "call")
SIDES = ("", "chosen_", "rejected_")

FACTS: Mapping[str, ColumnType] = {
    **dict.fromkeys(("chosen_score", "rejected_score", "score", "margin"), "float"),
    **dict.fromkeys(("p_chosen", "sample_weight"), "float"),
    **dict.fromkeys(("row", *(f"{side}draft" for side in SIDES)), "whole"),
    **dict.fromkeys(("same_family", "pii", "label", "kto_tag"), "flag"),
    **dict.fromkeys(("p_source", "item", "turn", "criteria"), "text"),
    **{f"{side}{name}": "text" for side in SIDES for name in ORIGINS},
    "flags": "texts",
    "provenance": "provenance",
}
"""A fact's column -> its type."""

PROVENANCE: Mapping[str, str] = {
    "sessions": "texts",
    "verdicts": "verdicts",
    "jurors": "texts",
    "rule": "text",
    "models": "texts",
    "prompts": "texts",
    "calls": "whole",
    "usd": "float",
}
"""The fields of `provenance`, and their types in a table."""

VERDICT = (
    *("evaluator", "model", "order", "phase", "first", "second", "winner"),
    *("scores", "call"),
)
"""The fields of a verdict: texts, but for `scores`, a list of two numbers or of none."""


class LastText:
    """The JSON text of a column's value; of the last value as it was made.

    One provenance is in the rows of several datasets, one after another.
    """

    def __init__(self) -> None:
        self._last: tuple[Any, str] = (None, "null")

    def __call__(self, value: Any) -> str:
        """The text of a value."""
        last = self._last
        if last[0] is not value:
            last = self._last = (value, json_line(value))
        return last[1]


LINE_VALUES: Mapping[str, Callable[[Any], Any]] = {
    "float": float,
    "whole": int,
    "flag": bool,
    "text": str,
    "texts": LastText(),
    "provenance": LastText(),
}
"""A column's type -> its value in a JSON line."""
check_registry("column type", get_args(ColumnType), LINE_VALUES)


COLUMNS: Mapping[str, Callable[[Any], Any]] = {
    name: LINE_VALUES[kind] for name, kind in FACTS.items()
}
"""A fact's column -> its value in a JSON line."""


def as_it_is(value: Any) -> Any:
    """The value of what is no fact."""
    return value


def line_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row for a JSON line: its facts have one type each, none of them a list.

    What is no fact (a prompt, an answer) has the form that its reader asks for.
    """
    return {name: COLUMNS.get(name, as_it_is)(v) for name, v in row.items()}
