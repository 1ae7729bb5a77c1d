"""Spelling of label files: tables of rows, and words for a winner."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.sources.row_files import Row, csv_rows, jsonl_rows
from fellowship.records import Winner

WINNER_WORDS: Mapping[str, Winner] = {
    **dict.fromkeys(("first", "a", "1", "model_a", "response_1", "response1"), "first"),
    **dict.fromkeys(
        ("second", "b", "2", "model_b", "response_2", "response2"), "second"
    ),
    **dict.fromkeys(("tie", "c", "0", "draw", "both", "neither", "1.5"), "tie"),
    **dict.fromkeys(("tie (inconsistent)", "tie (bothbad)"), "tie"),
    # FairEval: the first slot is Vicuna's, the second ChatGPT's.
    **dict.fromkeys(("vicuna", "vicuna13b", "vicuna-13b"), "first"),
    **dict.fromkeys(("chatgpt", "gpt35", "gpt-3.5-turbo"), "second"),
}
"""How files spell a verdict; letters' case doesn't matter."""


def read_table(path: Path) -> list[Row]:
    """The rows of a .json, .jsonl, .csv or .txt file (one value a line)."""
    kind = path.suffix.lower()
    try:
        if kind == ".json":
            return [_row(n, v) for n, v in enumerate(_json_rows(path), 1)]
        if kind == ".csv":
            return list(csv_rows(path, ()))
        if kind == ".txt":
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            return [Row(n, {"label": v.strip()}) for n, v in enumerate(lines, 1)]
        return list(jsonl_rows(path))
    except OSError as error:
        why = error.strerror or error
        raise InputError(f"{str(path)!r} can't be read: {why}") from error
    except UnicodeDecodeError as error:
        why = f"not UTF-8 at byte {error.start + 1}: save it as UTF-8"
        raise InputError(f"{str(path)!r} can't be read: {why}") from error


def parse_winner(value: Any, more: Mapping[str, Winner]) -> Winner:
    """A verdict as a file spells it; `InputError` names one that is unknown."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    known = isinstance(value, str | int | float) and not isinstance(value, bool)
    spelled = str(value).strip().lower() if known else ""
    found = {k.lower(): v for k, v in more.items()}.get(
        spelled, WINNER_WORDS.get(spelled)
    )
    if found is None:
        raise InputError(
            f"the label {value!a} is unknown: say what it means with --value"
        )
    return found


def refuse_ambiguous(
    path: Path, table: Iterable[Row], labels: Sequence[str], more: Mapping[str, Winner]
) -> None:
    """`InputError` where all that is said is 0 and 1, and nobody said what they mean.

    Here 1 is the first and 0 a tie; in many files they are the second and the first.
    """
    explained = {name.strip().lower() for name in more}
    found = {
        spelt for row in table for name in labels for spelt in _cell_words(row, name)
    }
    found -= {"", "none"}
    if "0" in found and found <= {"0", "1"} and not found <= explained:
        raise InputError(
            f"the labels in {str(path)!r} are all 0 or 1, which can mean a tie and the"
            " first, or the first and the second: say so, `--value 0=first --value"
            " 1=second` or `--value 0=tie --value 1=first`"
        )


def _cell_words(row: Row, name: str) -> list[str]:
    value = row.values.get(name)
    return [
        str(int(one) if isinstance(one, float) and one.is_integer() else one)
        .strip()
        .lower()
        for one in (value if isinstance(value, list) else [value])
        if not isinstance(one, bool)
    ]


def _json_rows(path: Path) -> list[Any]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise
    except RecursionError as error:
        raise InputError(f"{str(path)!r} is not JSON: nested too deep") from error
    except ValueError as error:
        raise InputError(f"{str(path)!r} is not JSON: {error}") from error
    if not isinstance(rows, list):
        raise InputError(f"{str(path)!r} is not a list with one entry per row")
    return rows


def _row(number: int, value: Any) -> Row:
    if isinstance(value, dict):
        return Row(number, value)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return Row(number, {"label": value})
    return Row(number, raw=str(value), fault="the row is not an object")
