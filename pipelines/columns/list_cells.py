"""Lists in a string: `["text"]` as CSV files and Arena's data have them, or Python's repr.

Only lists of texts, of nulls, or of messages count, tuples and numpy's `array([...])`
among them, and a message alone: `[1, 2, 3]` is an answer. A list of numpy's whose texts
no comma divides is none: Python would glue them together.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Sequence
from html import unescape
from typing import Any

from fellowship.pipelines.columns.turns import ROLES

LONGEST = 200_000
"""Characters of a cell that is looked into with Python's own parser."""
_ARRAY = re.compile(
    r"(?:np\.|numpy\.)?array\((\[.*\])(?:,\s*dtype=[\w.<>|'\"]{1,20})?\)", re.DOTALL
)
_BLANK = re.compile(r"""\[\s*(?:(?:null|None|""|'')\s*(?:,\s*|(?=\])))*\]""")


def list_in(cell: Any) -> list[Any] | None:
    """The list that a cell holds as text; None where it holds none."""
    if not isinstance(cell, str):
        return None
    text = _without_array(cell.strip())
    if text[:1] + text[-1:] == "{}":
        return _message_alone(text)
    if text[:1] + text[-1:] not in ("[]", "()"):
        return None
    found = _parse(text)
    return found if found is not None and is_list_of_texts(found) else None


def is_blank_list(cell: Any) -> bool:
    """Whether a cell is a list in a string that holds no text: `[]`, `[""]`, `[null]`."""
    return isinstance(cell, str) and _BLANK.fullmatch(cell.strip()) is not None


def is_glued_list(cell: Any) -> bool:
    """Whether a cell is a list as numpy prints it: `['one' 'two']`, without a comma."""
    text = _without_array(cell.strip()) if isinstance(cell, str) else ""
    if not _opens_python_list(text) or text[-1] != "]" or len(text) > LONGEST:
        return False
    try:
        found = ast.literal_eval(text) if has_glued_texts(text) else None
    except (ValueError, SyntaxError, MemoryError, RecursionError, tokenize.TokenError):
        return False
    return isinstance(found, list) and is_list_of_texts(found)


def votes_in(cell: Any) -> list[Any]:
    """The labels of a cell, which may be a list of several people's, also in a string."""
    if isinstance(cell, list | tuple):
        return list(cell)
    text = cell.strip() if isinstance(cell, str) else ""
    if text[:1] != "[" or text[-1:] != "]" or text[:2] == "[[":
        return [cell]
    found = _parse(text)
    plain = found and all(
        one is None or isinstance(one, str | int | float) for one in found
    )
    return found if found and plain else [cell]


def unwrapped(cells: Sequence[Any]) -> list[Any] | None:
    """The texts of a column each of whose cells is a list of one text; None for another.

    Blank cells stay as they are.
    """
    given = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
    found = {cell: list_in(cell) for cell in given}
    single = [
        one is not None and len(one) == 1 and isinstance(one[0], str)
        for one in found.values()
    ]
    others = any(not isinstance(c, str) and c is not None for c in cells)
    if not given or others or not all(single):
        return None
    texts = {cell: one[0] for cell, one in found.items() if one}
    return [texts.get(cell, cell) if isinstance(cell, str) else cell for cell in cells]


def is_escaped_list(cell: Any) -> bool:
    """Whether a cell is a list in a string whose quotes are HTML entities."""
    if not isinstance(cell, str) or "&" not in cell or list_in(cell) is not None:
        return False
    return list_in(unescape(cell)) is not None


def is_list_of_texts(found: list[Any]) -> bool:
    """Whether these are texts, nulls among them, or messages."""
    texts = all(one is None or isinstance(one, str) for one in found)
    return (texts and any(found)) or (
        bool(found) and all(isinstance(one, dict) and is_message(one) for one in found)
    )


def is_message(value: dict[Any, Any]) -> bool:
    """Whether a mapping is a message of a conversation."""
    return not value.keys().isdisjoint(("role", "from", "speaker"))


def _without_array(text: str) -> str:
    """What numpy's `array(...)` wraps; any other text as it stands."""
    if not text.endswith(")") or "array(" not in text[:12]:
        return text
    array = _ARRAY.fullmatch(text)
    return array[1] if array else text


def _message_alone(text: str) -> list[Any] | None:
    """A message that no list wraps, as a list of one; None for another object."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    role = found.get("role", found.get("from"))
    texts = found.get("content", found.get("value"))
    known = isinstance(role, str) and role.strip().lower() in ROLES
    return [found] if known and isinstance(texts, str) else None


def _parse(text: str) -> list[Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = _python_list(text)
    return list(found) if isinstance(found, list | tuple) else None


def _opens_python_list(text: str) -> bool:
    return text[:1] in ("[", "(") and text[1:].lstrip()[:1] in ("'", '"', "{", "N")


def _python_list(text: str) -> Any:
    if len(text) > LONGEST or not _opens_python_list(text):
        return None
    try:
        if has_glued_texts(text):
            return None
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, tokenize.TokenError):
        return None


def has_glued_texts(text: str) -> bool:
    """Whether two texts follow one another with nothing between them."""
    before = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT):
            continue
        if token.type == before == tokenize.STRING:
            return True
        before = token.type
    return False
