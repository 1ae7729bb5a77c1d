"""Mentions of a rubric's values in a reply: JSON fields and whole lines by criterion.

A line counts when it is a criterion's name, the side where there are two, a colon and a
value; prose that begins with a criterion's name has no value and is no mention.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

from fellowship.agents.parsing.fields import Mention, mention_of
from fellowship.agents.parsing.json_fields import as_written
from fellowship.agents.parsing.json_spans import Span
from fellowship.agents.parsing.problems import Unreadable
from fellowship.agents.parsing.values import ParsedValue

MOST_DEEP = 4
REASON = "reason"
"""The field of a reply that says why, of every criterion at once."""
WRAPPERS = r"(?:result|verdict|evaluation|criteria|ratings?|scores?|winners?)*"
"""What may stand around a criterion's name in a path through JSON."""
VALUE_WORDS = r"(?:score|rating|value|winner|verdict)?"


class CriterionField(NamedTuple):
    """One value that is asked for: its `key` in JSON, and how a line names it.

    `side` is `first` or `second` where the value is one response's of two, else empty.
    """

    key: str
    criterion: str
    side: str = ""

    @property
    def label(self) -> str:
        """What a line begins with: `accuracy, first response`."""
        return (
            f"{self.criterion}, {self.side} response" if self.side else self.criterion
        )


Read = Callable[[object], ParsedValue]


@lru_cache(maxsize=1024)
def plain_name(name: str) -> str:
    """A name as it is compared: small letters and digits of any script alone."""
    return re.sub(r"[\W_]+", "", normalize("NFC", name.casefold()))


def criterion_mentions(
    spans: Sequence[Span],
    plain: str,
    fields: Sequence[CriterionField],
    read: tuple[Read, Callable[[str], ParsedValue]],
) -> Iterator[Mention]:
    """Every mention of the fields, in JSON and in lines; `read` takes a value of each."""
    in_json, in_line = read
    patterns = [(one, path_pattern(one)) for one in fields]
    for span in spans:
        for path, key, value in leaves(span.pairs):
            for field in fields_at(path, key, patterns):
                answer = in_json(value)
                if not span.sound:
                    answer = as_written(span, key, value, answer)
                where = (span.start, span.end)
                yield mention_of(field.key, where, span.source, answer, whole=True)
    for field in fields if plain else ():
        for line in line_pattern(field).finditer(plain):
            answer = in_line(line["value"])
            if answer.value is None and answer.kind == Unreadable.NO_VALUE:
                continue
            yield mention_of(field.key, line.span(), line[0].strip(), answer)


def fields_at(
    path: str, key: str, patterns: Sequence[tuple[CriterionField, re.Pattern[str]]]
) -> list[CriterionField]:
    """The fields that a value in JSON may be meant for: one, unless names are unclear.

    A key as it was asked for names its field alone, whatever the criteria are called
    (`first`, `quality` beside `quality score`); else the longest criterion does. The
    reply's own `reason` is a text and no score of a criterion of that name.
    """
    if path == REASON:
        return []
    fields = [field for field, _ in patterns]
    for found in (
        [one for one in fields if one.key == key.casefold()],
        [one for one in fields if plain_name(one.key) == path],
    ):
        if found:
            return found
    found = [one for one, pattern in patterns if pattern.fullmatch(path)]
    longest = max((len(plain_name(one.criterion)) for one in found), default=0)
    return [one for one in found if len(plain_name(one.criterion)) == longest]


def leaves(
    pairs: Sequence[tuple[str, object]], path: str = "", depth: int = 0
) -> Iterator[tuple[str, str, object]]:
    """Every value of an object with the plain names on the way to it, and its key."""
    for key, value in pairs:
        here = path + plain_name(key)
        if isinstance(value, tuple) and depth < MOST_DEEP:
            yield from leaves(value, here, depth + 1)
        else:
            yield here, key, value


@lru_cache(maxsize=256)
def path_pattern(field: CriterionField) -> re.Pattern[str]:
    """The ways to a field's value in JSON: by its name and side, in either order."""
    name = re.escape(plain_name(field.criterion))
    if not field.side:
        return re.compile(f"{WRAPPERS}{name}{VALUE_WORDS}")
    side = f"{field.side}(?:response|answer)?"
    return re.compile(
        f"{WRAPPERS}(?:{name}(?:scores?)?{side}|{side}{WRAPPERS}{name}){VALUE_WORDS}"
    )


@lru_cache(maxsize=256)
def line_pattern(field: CriterionField) -> re.Pattern[str]:
    """A line of a field: its name, its side, a colon; the group `value` is the rest."""
    name = r"[\s_-]+".join(map(re.escape, re.split(r"[\s_-]+", field.criterion)))
    side = ""
    if field.side:
        side = (
            rf"[ \t]*[,(:–—-]?[ \t]*(?:the[ \t]+)?{field.side}"
            r"(?:[ \t]+(?:response|answer))?[ \t]*\)?"
        )
    return re.compile(
        rf"^[ \t*•-]*(?:\d{{1,2}}[.)])?[ \t]*{name}{side}[ \t]*[:=](?P<value>[^\n]*)$",
        re.IGNORECASE | re.MULTILINE,
    )
