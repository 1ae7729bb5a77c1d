"""Reader of JSON lines and CSV files, row by row.

A row that can't be read is still a row. Whatever is wrong with a row stands in its
`fault`; only what is wrong with the file as a whole (absent, no such column, another
format) is an `InputError`.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.columns.winner_flags import FLAGS, WINNER
from fellowship.suggestions import did_you_mean, quoted_list

ROW_LIMIT = 1_000_000
"""Bytes a row may hold. What is longer is no prompt but an accident."""
RAW_KEPT = 10_000
"""Characters of a rejected row that are kept for whoever mends it."""


@dataclass(frozen=True)
class Row:
    """One row as it stands in a source: its values, or what is wrong with it.

    `place` is its file and number there, where a source has several files.
    """

    number: int
    values: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes | str | None = None
    fault: str = ""
    place: str = ""

    def excerpt(self) -> str:
        """The row's text, or its values as JSON: whole unless it is very long."""
        raw = self.raw
        if raw is None:
            raw = json.dumps(dict(self.values), ensure_ascii=False, default=repr)
        if isinstance(raw, bytes):
            raw = raw.decode("utf-8", "backslashreplace")
        raw = raw.encode("utf-8", "backslashreplace").decode().rstrip("\r\n")
        return raw if len(raw) <= RAW_KEPT else f"{raw[:RAW_KEPT]}..."


def jsonl_rows(path: Path) -> Iterator[Row]:
    """The rows of a JSON lines file, by line number; blank lines are passed over."""
    for number, line, whole in numbered_lines(path):
        if whole:
            yield _parse_line(number, line)
        else:
            fault = f"the line is longer than {ROW_LIMIT:,} bytes"
            yield Row(number, raw=line[:RAW_KEPT], fault=fault)


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Number and bytes of each line that isn't blank, and whether they are all of it.

    Only LF ends a line: U+2028 and the like are text. Memory stays under one row's limit.
    """
    with open(path, "rb") as file:
        number = 0
        while line := file.readline(ROW_LIMIT + 1):
            number += 1
            if number == 1:
                line = _without_bom(line, path)
            whole = len(line) <= ROW_LIMIT or line.endswith(b"\n")
            rest = line
            while not whole and rest and not rest.endswith(b"\n"):
                rest = file.readline(1 << 16)
            if line.strip():
                yield number, line, whole


PACKED = {
    b"\x1f\x8b": "gunzip -k",
    b"PK\x03\x04": "unzip",
    b"BZh": "bunzip2 -k",
    b"\xfd7zXZ": "unxz -k",
    b"\x28\xb5\x2f\xfd": "unzstd",
}
"""How a compressed file begins, and what unpacks it. None is ever unpacked here."""


def refuse_compressed(begins: bytes, path: Path) -> None:
    """`InputError` where a file's first bytes are those of a compressed one."""
    for magic, tool in PACKED.items():
        if begins.startswith(magic):
            raise InputError(f"{str(path)!r} is compressed: unpack it first, `{tool}`")


def _without_bom(line: bytes, path: Path) -> bytes:
    refuse_compressed(line[:8], path)
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{str(path)!r} is UTF-16: save it as UTF-8")
    return line.removeprefix(b"\xef\xbb\xbf")


def _parse_line(number: int, line: bytes) -> Row:
    fault = ""
    try:
        values = json.loads(
            line.decode("utf-8"), object_pairs_hook=_refuse_repeated_keys
        )
        if isinstance(values, dict):
            return Row(number, values, line)
        fault = "a row is an object, {...}, on a line of its own"
    except UnicodeDecodeError as error:
        fault = f"not UTF-8 at byte {error.start + 1} of the line"
    except json.JSONDecodeError as error:
        fault = f"not JSON: {error.msg} at character {error.pos + 1}"
    except RecursionError:
        fault = "not JSON that can be read: nested too deep"
    except ValueError as error:
        fault = str(error)
    return Row(number, raw=line, fault=fault)


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return values


class _CachedLines(Iterator[str]):
    """Lines on their way to the csv reader, remembered until their row is done."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.seen: list[str] = []

    def __next__(self) -> str:
        line = next(self._lines)
        self.seen.append(line)
        return line


def csv_rows(path: Path, columns: Collection[str]) -> Iterator[Row]:
    """The rows of a CSV file, numbered from 1 below its header; blank lines don't count."""
    # The csv module has one limit for the whole process: only ever raised, never lowered.
    csv.field_size_limit(max(csv.field_size_limit(), ROW_LIMIT))
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        refuse_compressed(file.buffer.peek(8)[:8], path)  # type: ignore[attr-defined]
        kept = _CachedLines(file)
        reader = csv.reader(kept, strict=True)
        header = _header(reader, path)
        require_columns(columns, header, path)
        number = 0
        while True:
            kept.seen.clear()
            try:
                cells = next(reader, None)
                fault = ""
            except csv.Error as error:
                cells, fault = [], _quoting_fault(error, kept.seen, path, number + 1)
            if cells is None:
                return
            if cells or fault:
                number += 1
                yield _table_row(number, header, cells, "".join(kept.seen), fault)


def _header(reader: Iterator[list[str]], path: Path) -> list[str]:
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise InputError(f"the header of {str(path)!r} is not CSV: {error}") from error
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise InputError(f"{str(path)!r} has two columns {twice[0]!r}: rename one")
    return header


def _quoting_fault(error: csv.Error, seen: list[str], path: Path, number: int) -> str:
    if "unexpected end" in str(error):
        return f"a quote is opened and never closed; it swallows {len(seen)} line(s)"
    if "field limit" in str(error):
        if len(seen) > 1:  # the reader starts afresh, inside what may be a quoted text
            raise InputError(
                f"{str(path)!r}, row {number}: a field of more than {ROW_LIMIT:,} bytes"
                " over several lines; is a quote left open?"
            )
        return f"a field is longer than {ROW_LIMIT:,} bytes"
    return f"not CSV: {error}; a quote inside a quoted text is doubled"


def _table_row(
    number: int, header: list[str], cells: list[str], raw: str, fault: str
) -> Row:
    if not fault and len(cells) != len(header):
        fault = f"{len(cells)} fields where the header has {len(header)}"
    if not fault and not raw.isascii():
        try:
            raw.encode()
        except UnicodeEncodeError:
            fault = "not UTF-8"
    values = {} if fault else dict(zip(header, cells, strict=True))
    return Row(number, values, raw.encode("utf-8", "surrogateescape"), fault)


def require_columns(
    columns: Iterable[str], there: Sequence[str], source: object
) -> list[str]:
    """The columns to read; refuse a table that lacks one the recipe names.

    A winner may be told by three flags instead.
    """
    flagged = WINNER not in there and {*FLAGS} <= {*there}
    for name in columns:
        if name not in there and not (flagged and name == WINNER):
            key = columns.get(name, "") if isinstance(columns, Mapping) else ""
            raise InputError(f"{str(source)!r} has {missing_column(name, key, there)}")
    named = [name for name in columns if name in there]
    return [*dict.fromkeys([*named, *FLAGS * (flagged and WINNER in [*columns])])]


def missing_column(name: str, key: str, there: Sequence[str]) -> str:
    """What is said where a column is not there: which are, and the key to change."""
    some = [each if len(each) <= 40 else f"{each[:40]}…" for each in there[:9]]
    more = f" and {len(there) - 9:,} more" if len(there) > 9 else ""
    offered = f"; it has {quoted_list(some)}{more}" if there else "; it has no column"
    mend = f": set {key} in the recipe" if key and there else ""
    return f"no column {name!r}{did_you_mean(name, there)}{offered}{mend}"
