"""Word diff of two drafts.

Lines are matched first, then words within them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from fellowship.sanitize import sanitize

TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
MOST = 4000
"""Tokens of one changed passage that are compared word by word; longer ones whole."""

LITTLE = 0.3
"""Share of their letters under which two texts are two texts, and no diff tells more."""

LONGEST = 500_000
"""Letters of a text that is compared at all."""

Kind = Literal["same", "gone", "new"]


class Piece(NamedTuple):
    """A stretch of text that both have, or only the older or the newer one has."""

    kind: Kind
    text: str


def diff_texts(old: str, new: str) -> list[Piece]:
    """The pieces in reading order. `same` and `gone` make up `old`, `same` and `new` `new`.

    Neighbours of one kind are one piece.
    """
    pieces: list[Piece] = []
    for was, now in line_passages(sanitize(old), sanitize(new)):
        for piece in diff_words(was, now) if was != now else [Piece("same", was)]:
            if pieces and pieces[-1].kind == piece.kind:
                pieces[-1] = Piece(piece.kind, pieces[-1].text + piece.text)
            elif piece.text:
                pieces.append(piece)
    return pieces


def line_passages(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Runs of lines that are the same, and runs that took one another's place.

    Texts too long to compare are one passage.
    """
    if max(len(old), len(new)) > LONGEST:
        yield old, new
        return
    one, two = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for _, a, b, c, d in make_matcher(one, two).get_opcodes():
        yield "".join(one[a:b]), "".join(two[c:d])


def diff_words(was: str, now: str) -> Iterator[Piece]:
    """One passage against the one that took its place."""
    one, two = TOKEN.findall(was), TOKEN.findall(now)
    if max(len(one), len(two)) > MOST:
        yield from (Piece("gone", was), Piece("new", now))
        return
    for kind, a, b, c, d in make_matcher(one, two).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(one[a:b]))
        else:
            yield from (
                Piece("gone", "".join(one[a:b])),
                Piece("new", "".join(two[c:d])),
            )


def make_matcher(one: Sequence[str], two: Sequence[str]) -> SequenceMatcher[str]:
    """A matcher that takes no word for junk in texts of moderate length."""
    return SequenceMatcher(None, one, two, autojunk=max(len(one), len(two)) > MOST)


def common_share(pieces: Sequence[Piece]) -> float:
    """How much of both texts is common, by letters: 1 for equal texts."""
    same = sum(len(p.text) for p in pieces if p.kind == "same")
    total = sum(len(p.text) * (2 if p.kind == "same" else 1) for p in pieces)
    return 2 * same / total if total else 1.0
