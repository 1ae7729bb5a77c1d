"""Rankings of several responses in a reply, as JSON or as a marked line.

All rankings that a reply gives must be one and the same permutation of 1 to n; what a
response itself says does not count. A limit of tokens leaves whole JSON alone readable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fellowship.agents.parsing.json_spans import json_spans
from fellowship.agents.parsing.problems import Unreadable, UnreadableReply
from fellowship.agents.parsing.thoughts import without_thoughts
from fellowship.lazy_pattern import lazy_pattern

FIELD = "responses_best_first"
"""The field of the numbers: it sorts after `reason`, by name too."""

LINE = lazy_pattern(
    r"^[\s>*_#`-]{0,20}(?:final\s+)?ranking\b[\s*_`]{0,10}[:=](?P<said>[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
SAID = lazy_pattern(
    r"(?:responses?\s+)?\d+(?:\s*(?:>|,|;|\s)\s*(?:response\s+)?\d+)*", re.IGNORECASE
)
DECOR = "*_`[]()\"'. \t"


def read_ranking(
    text: str,
    count: int,
    *,
    candidates: Sequence[str] = (),
    last: bool = False,
    cut: bool = False,
) -> tuple[int, ...]:
    """The numbers 1 to `count`, the best first; `UnreadableReply` says why there is none.

    `last`: the last ranking counts, as of a reply that was asked for again.
    """
    plain = without_thoughts(text)
    found = [*in_json(plain)]
    if not found and not cut:
        found = [*in_lines(plain, candidates)]
    if not found:
        raise UnreadableReply(Unreadable.NOTHING, f"found no ranking of {count}")
    rankings = [permutation(one, count) for one in (found[-1:] if last else found)]
    if len(set(rankings)) > 1:
        one, other = ranking_text(rankings[0]), ranking_text(rankings[-1])
        what = f"found {one} and {other}, expected one"
        raise UnreadableReply(Unreadable.TWO_ANSWERS, what)
    return rankings[0]


def in_json(text: str) -> Iterator[list[object]]:
    """What stands under the field in the sound objects of a text."""
    for span in json_spans(text):
        for name, value in span.pairs:
            if name == FIELD and span.sound:
                yield list(value) if isinstance(value, list | tuple) else [value]


def in_lines(text: str, candidates: Sequence[str]) -> Iterator[list[object]]:
    """The numbers of marked lines, but for lines of a candidate's own text."""
    for line in LINE.finditer(text):
        if any(line[0].strip() in candidate for candidate in candidates):
            continue
        said = line["said"].strip(DECOR)
        said = re.split(r"\s*\((?!\d)", said)[0].strip(DECOR)
        if SAID.fullmatch(said) is None:
            yield [said[:60]]
            continue
        yield [float(number) for number in re.findall(r"\d+", said)]


def permutation(found: Sequence[object], count: int) -> tuple[int, ...]:
    """Each of 1 to `count` once, or `UnreadableReply`."""
    numbers = [int(n) for n in found if isinstance(n, float) and n == int(n)]
    if len(numbers) != len(found) or sorted(numbers) != list(range(1, count + 1)):
        what = f"found {ranking_text(found)}, expected each of 1 to {count} once"
        raise UnreadableReply(Unreadable.NO_VALUE, what)
    return tuple(numbers)


def ranking_text(ranking: Sequence[object]) -> str:
    """A ranking as it is quoted in a problem."""
    words = (f"{n:g}" if isinstance(n, int | float) else repr(n) for n in ranking)
    return " > ".join(words)[:80]
