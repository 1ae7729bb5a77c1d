"""Tables of rows in .json, .jsonl, .csv and .txt files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.sources.row_files import Row, csv_rows, jsonl_rows


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
