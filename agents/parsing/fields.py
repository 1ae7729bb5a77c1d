"""Mentions of a verdict's fields in a reply, and the one value they agree on.

A mention is one place in a reply that names a field, with a value or with the reason why
it holds none: it may be echoed, broken or contradicted. `agreed_values` turns all of them
into exactly one value a field, or refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Literal, NamedTuple, TypeVar

from fellowship.agents.parsing.problems import Unreadable, UnreadableReply
from fellowship.agents.parsing.values import ParsedValue
from fellowship.lazy_pattern import lazy_pattern

Value = float | str
Name = Literal["first", "second", "score", "winner", "loser"]
N = TypeVar("N", bound=str)

TITLES: Mapping[str, str] = {
    "first": "the score of the first response",
    "second": "the score of the second response",
    "score": "the score",
    "winner": "the verdict",
    "loser": "the worse response",
}
_FREE_BEFORE = lazy_pattern(r"\W?")
_FREE_AFTER = lazy_pattern(r"(?!\w|[/.]\d)")
_DECOR = lazy_pattern(r"[\s*_#`>]+")
_LOOSE = lazy_pattern(r" (?=[^\w ])|(?<=[^\w ]) ")
_MOST = 1000  # an evaluator that answers more often has run away


class Mention(NamedTuple):
    """One mention of a field: `value`, or `problem` when it holds none.

    `raw` is the text it was read from, which stood from `start` to `end`; fields of one
    JSON object share both and have `whole` set. An empty `raw` is never an echo.
    """

    name: str
    start: int
    end: int
    raw: str
    value: Value | None = None
    problem: str = ""
    whole: bool = False
    kind: Unreadable = Unreadable.NO_VALUE


def mention_of(
    name: str, span: tuple[int, int], raw: str, found: ParsedValue, whole: bool = False
) -> Mention:
    """The mention that a parsed value makes."""
    start, end = span
    return Mention(name, start, end, raw, found.value, found.problem, whole, found.kind)


def quote(text: str) -> str:
    """A piece of a reply, short enough for a message."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def agreed_values(
    found: Iterable[Mention],
    names: Sequence[N],
    offered: str,
    *,
    candidates: Sequence[str] = (),
    last: bool = False,
) -> dict[N, Value]:
    """The one value of each field, or `UnreadableReply`.

    Every mention must be sound and agree with the others. With `last`, an incomplete
    answer that a later complete one follows is set aside, whole: no field of it counts.
    """
    mentions = list(islice(found, _MOST + 1))
    if len(mentions) > _MOST:
        found_so_many = f"found more than {_MOST} answers, expected {offered}"
        raise UnreadableReply(Unreadable.RUNAWAY, found_so_many)
    kept = _without_echoes(
        sorted(mentions, key=lambda each: each.start), candidates, offered
    )
    if last:
        kept = _superseding(kept, names)
    return {name: _agreed_value(name, kept, offered) for name in names}


def _agreed_value(name: str, found: Sequence[Mention], offered: str) -> Value:
    """The value all mentions of `name` agree on."""
    title = TITLES.get(name) or repr(name)
    mine = [each for each in found if each.name == name]
    values = list(dict.fromkeys(each.value for each in mine if each.value is not None))
    for each in mine:
        if each.problem:
            what = f"{quote(each.raw)} ({each.problem})" if each.raw else each.problem
            detail = f"{title}: found {what}, expected {offered}"
            raise UnreadableReply(each.kind, detail)
    if len(values) != 1:
        what = f"{values[0]!r} and {values[1]!r}" if values else "none"
        kind = Unreadable.TWO_ANSWERS if values else Unreadable.NOTHING
        detail = f"{title}: found {what}, expected one, {offered}"
        raise UnreadableReply(kind, detail)
    return values[0]


def _superseding(found: Sequence[Mention], names: Sequence[str]) -> list[Mention]:
    """The complete answers and whatever follows the last of them."""
    answers = _answers(found)
    sound = [
        {each.name for each in answer} >= set(names)
        and not any(each.problem for each in answer)
        for answer in answers
    ]
    if not any(sound):
        return list(found)
    end = len(sound) - sound[::-1].index(True)
    kept = [answer for i, answer in enumerate(answers) if sound[i] or i >= end]
    return [each for answer in kept for each in answer]


def _answers(found: Sequence[Mention]) -> list[list[Mention]]:
    """Mentions in the order of the text, cut where a field comes again."""
    answers: list[list[Mention]] = []
    names: set[str] = set()
    for each in found:
        here = answers[-1] if answers else []
        apart = (
            bool(here)
            and (each.whole or here[-1].whole)
            and each.start != here[-1].start
        )
        if not here or apart or (each.name in names and each.start != here[-1].start):
            answers.append([])
            names = set()
        answers[-1].append(each)
        names.add(each.name)
    return answers


def _without_echoes(
    found: Sequence[Mention], candidates: Sequence[str], offered: str
) -> Sequence[Mention]:
    """What the evaluator said itself: mentions no candidate's text contains."""
    if not candidates:
        return found
    texts = {each.raw for each in found if each.raw}
    plain = [_plain(candidate) for candidate in candidates]
    echoed = {text for text in texts if _is_echo(text, candidates, plain)}
    kept = [each for each in found if each.raw not in echoed]
    if found and not kept:
        what = f"{quote(found[0].raw)}, which only repeats a candidate's text"
        raise UnreadableReply(Unreadable.ECHO, f"found {what}, expected {offered}")
    return kept


def _is_echo(text: str, candidates: Sequence[str], plain: Sequence[str]) -> bool:
    """Whether a candidate contains `text`, spacing, case and markup aside."""
    needle = _plain(text)
    if len(needle) < 3:  # a lone letter is in every text: compare it with its markup
        return any(text in candidate for candidate in candidates)
    return any(_stands_in(needle, each) for each in plain)


def _stands_in(needle: str, text: str) -> bool:
    """Whether `needle` is in `text` and neither a word nor a number goes on there."""
    at = text.find(needle)
    while at >= 0:
        before, after = (
            text[max(at - 1, 0) : at],
            text[at + len(needle) : at + len(needle) + 2],
        )
        if _FREE_BEFORE.fullmatch(before) and _FREE_AFTER.match(after):
            return True
        at = text.find(needle, at + 1)
    return False


def _plain(text: str) -> str:
    """`text` in lower case, without markup and without space around punctuation."""
    return _LOOSE.sub("", _DECOR.sub(" ", text)).strip().casefold()
