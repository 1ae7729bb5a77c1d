"""Mentions of a verdict's fields in JSON objects, by the names judges give them.

A field counts at the top of an object or inside a wrapper (`{"result": {...}}`). A mended
object's field counts only as it is written in the text: once, whole, and as read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TypeGuard

from fellowship.agents.parsing.fields import Mention, Name, mention_of
from fellowship.agents.parsing.json_field_names import (
    INSIDE,
    KEYS,
    SCORES,
    SIDE_NAMES,
    WRAPPERS,
)
from fellowship.agents.parsing.json_spans import Pairs, Span
from fellowship.agents.parsing.problems import Unreadable
from fellowship.agents.parsing.values import ParsedValue

Read = Callable[[object], ParsedValue]

_INNER = ("score", "rating", "value", "overall")
_LITERAL = (
    r"(?P<literal>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
    r"|[^\s,{}\[\]\"'][^\n,{}\[\]\"']{0,80}|[\[{])"
)


@lru_cache(maxsize=1024)
def plain_key(key: str) -> str:
    """A key as it is compared: small letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", key.lower())


def field_mentions(
    spans: Sequence[Span], names: Sequence[Name], read: Read
) -> Iterator[Mention]:
    """Every mention of the named fields, in order; `read` turns a value into one."""
    for span in spans:
        for name, key, value in _fields(span.pairs, names):
            answer = read(value)
            if not span.sound:
                answer = as_written(span, key, value, answer)
            where = (span.start, span.end)
            yield mention_of(name, where, span.source, answer, whole=True)


def _fields(
    pairs: Pairs, names: Sequence[Name], depth: int = 0
) -> Iterator[tuple[Name, str, object]]:
    """The named fields of an object: name, the key as written, value."""
    top = False
    for key, value in pairs:
        plain = plain_key(key)
        for name in names:
            if plain in KEYS[name] and not (_is_object(value) and plain in WRAPPERS):
                top = True
                yield name, key, _inner(value)
        if "first" in names and (plain in SCORES or _is_object(value)):
            yield from _sides(plain, key, value)
    for key, value in () if top else pairs:
        if not _is_object(value):
            continue
        if plain_key(key) in WRAPPERS and depth < 3:
            yield from _fields(value, names, depth + 1)
        elif plain_key(key) not in SCORES:
            for name, inner, _ in _fields(value, names, 9) if depth < 9 else ():
                if name in ("winner", "score") and "first" not in names:
                    yield name, inner, {"inside": key}


def _sides(plain: str, key: str, value: object) -> Iterator[tuple[Name, str, object]]:
    """Scores of sides that stand under `scores` or each under its side's name."""
    if plain in SCORES:
        if isinstance(value, list) and len(value) == 2:
            yield "first", key, value[0]
            yield "second", key, value[1]
        elif _is_object(value):
            for inner, each in value:
                for name in SIDE_NAMES:
                    known = KEYS[name] | INSIDE[name]
                    if plain_key(inner) in known:
                        yield name, inner, _inner(each)
        return
    for name in SIDE_NAMES:
        if plain in INSIDE[name] and _is_object(value):
            found = _inner(value)
            if found is not value:
                yield name, key, found


def _is_object(value: object) -> TypeGuard[Pairs]:
    """Whether a value is an object: pairs, not a list."""
    return isinstance(value, tuple)


def _inner(value: object) -> object:
    """The one value of a list or of an object that wraps a score; else as it is."""
    if isinstance(value, list) and len(value) == 1:
        return value[0]
    if isinstance(value, tuple):
        inner = [each for key, each in value if plain_key(key) in _INNER]
        if len(inner) == 1:
            return inner[0]
    return value


def as_written(span: Span, key: str, value: object, answer: ParsedValue) -> ParsedValue:
    """The answer, if the text holds the key once, with this value, whole."""
    if answer.problem:
        return answer
    pattern = rf"[\"']?(?<![\w]){re.escape(key)}[\"']?\s*[:=]\s*{_LITERAL}"
    found = list(re.finditer(pattern, span.source))
    literals = {match["literal"].strip().strip("\"'") for match in found}
    if len(literals) != 1:
        problem = "written more than once, or not at all"
        return broken(f"broken JSON: {key!r} {problem}")
    (literal,), whole = literals, found[-1]["literal"]
    if whole in "[{":
        return broken(f"broken JSON at the key {key!r}")
    at_end = not span.closed and not span.source[found[-1].end() :].strip(" \t")
    if at_end and whole[0] not in "\"'" and "\n" not in span.source[found[-1].end() :]:
        problem = f"cut off at the key {key!r}"
        return ParsedValue(0, problem=problem, kind=Unreadable.CUT)
    if not _same(literal, value):
        return broken(f"broken JSON: {key!r} is not {value!r} there")
    return answer


def broken(problem: str) -> ParsedValue:
    """A field whose JSON can be mended in more than one way."""
    return ParsedValue(0, problem=problem, kind=Unreadable.BROKEN_JSON)


def _same(literal: str, value: object) -> bool:
    """Whether a literal of the text is the value that a mended object holds."""
    if isinstance(value, float):
        try:
            return float(literal.split("//")[0].split("/*")[0]) == value
        except ValueError:
            return False
    return isinstance(value, str) and literal.strip() == value.strip()
