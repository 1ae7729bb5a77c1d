"""Sentences of a text, counted by form.

Made for prose in any script that marks its sentences; fenced code, which doesn't, is passed
over. Nothing is parsed: where a full stop may close an abbreviation or a sentence, the
first letter after it decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from fellowship.lazy_pattern import lazy_pattern

CLOSERS: Final = r"""(?:["'”’»«）」』)\]*_`~]|\[\^?\d{1,3}\]|\s»(?=\s|$))*+"""
"""Quotes, brackets, Markdown and the number of a note, which belong to what they close."""
NEXT: Final = "(?=\\s|$|[\u2190-\u2bff\U0001f000-\U0001faff])"
END: Final = lazy_pattern(
    rf"(?P<mark>(?<![.!?…])[.!?…]++|(?<=[\u0370-\u03ff\u1f00-\u1fff])[;\u037e])"
    rf"(?P<closed>{CLOSERS}){NEXT}"
    rf"|(?:[。！？｡।॥۔؟։።፧។៕။]++|．(?![\d]))(?P<wide>{CLOSERS})"
)
MARK: Final = lazy_pattern("[.!?…;\u037e。！？｡।॥۔؟։።፧៕．]")
"""The first sign of whatever `END` finds."""
FENCED: Final = lazy_pattern(r"(?ms)^[ \t]*(```|~~~).*?(?:^[ \t]*\1[`~]*|\Z)")
WORD: Final = lazy_pattern(r"[^\W_]\S*")
LETTER: Final = lazy_pattern(r"[^\W_]")
LAST_WORD: Final = lazy_pattern(r"(?:[^\W\d_]+\.)*[^\W_]+$")
LIST_START: Final = lazy_pattern(r"[\s#>*_|(-]*$")
LIST_NUMBER: Final = lazy_pattern(r"\d{1,3}|[ivx]{1,4}|[a-z]", re.IGNORECASE)
ROMAN: Final = "ivx\u0131\u0307"
"""What the small letters of such a Roman number are; Turkish has two more of i."""
INITIALS: Final = lazy_pattern(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
BEFORE, AFTER = 24, 24
"""Characters looked at before and after a full stop."""


def as_set(words: str) -> frozenset[str]:
    """The words between the spaces."""
    return frozenset(words.split())


TITLES: Final = as_set(
    "Mr Mrs Ms Mx Dr Prof St Gen Sen Rep Gov Lt Col Capt Sgt Rev Hon Mt Messrs Mme"
    " Mlle Sr Sra Srta Dra Hr Fr Frl Dipl Ing vs Vs cf Cf viz approx Approx bzw ca Ca"
    " ej ул им e.g E.g i.e I.e z.B d.h D.h u.a o.ä т.е Т.е"
)
"""What is followed by a word that it belongs to, be it capitalized."""
NUMBERED: Final = as_set(
    "no nos nr fig figs eq eqs sec ch chap p pp vol art al par abs kap jan feb mar"
    " apr jun jul aug sep sept oct nov dec"
)
"""What is an abbreviation before a number, and may be a word elsewhere."""
SHORT: Final = as_set(
    "etc inc ltd co corp jr sr ft lb oz min max hr est dept esp incl misc usw ecc mr"
    " mrs dr prof т.д т.п др пр a.m p.m"
)
"""What an abbreviation may be that ends a sentence too."""
ABBREVIATED: Final = frozenset(word.lower() for word in TITLES | NUMBERED | SHORT)
OPENERS: Final = as_set(
    "I It He She We You They The This That These Those There In On At If When But And"
    " So Or Then What Why How My Your His Her Our Their Its Not No Yes Also However"
)
"""Words that begin a sentence more often than they follow an initial."""
MONTHS: Final = as_set(
    "Januar Jänner Februar März April Mai Juni Juli August September Oktober November"
    " Dezember Jahrhundert"
)


def count_sentences(text: str) -> int:
    """How many sentences a text has: what ends with a full stop, a question or an
    exclamation mark that closes no abbreviation, initial or number of a list; what is left
    counts as one, and so does a text without any.

    Items of a list without full stops are one with what follows. Scripts without such
    marks, as Thai, have one sentence a text.
    """
    whole = text.strip()
    if (plain := count_plain_sentences(whole)) is not None:
        return plain
    prose = FENCED.sub(" ", whole) if "```" in whole or "~~~" in whole else whole
    ends = [found.end() for found in find_marks(prose) if closes(prose, found)]
    parts = pairwise([0, *ends, len(prose)])
    many = sum(LETTER.search(prose, start, end) is not None for start, end in parts)
    return max(many, int(bool(whole)))


def count_plain_sentences(text: str) -> int | None:
    """How many sentences a text has whose marks stand each after a word and before a blank
    or a line's end; None of any other text, and where a word may be an abbreviation.
    """
    if not text.isascii():
        return None
    flat = text.replace("\n", " ").replace("!", ".").replace("?", ".")
    parts = flat.split(". ")
    last = parts.pop()
    if ends := last.endswith("."):
        parts.append(last[:-1])
    if len(parts) != flat.count(".") or not all(map(is_plain_end, parts)):
        return None
    if "```" in text or "~~~" in text:
        return None
    rest = not ends and LETTER.search(last) is not None
    return max(len(parts) + rest, int(bool(text)))


def is_plain_end(text: str) -> bool:
    """Whether a full stop after a text ends a sentence whatever follows."""
    word = text[-BEFORE:].rpartition(" ")[2]
    if len(word) < 2 or not word.isalpha():
        return False
    lower = word.lower()
    return lower not in ABBREVIATED and lower.strip(ROMAN) != ""


def find_marks(text: str) -> Iterator[re.Match[str]]:
    """What `END` finds in a text; it is tried only where a mark stands."""
    mark = MARK.search(text)
    while mark:
        found = END.match(text, mark.start())
        if found:
            yield found
        mark = MARK.search(text, (found or mark).end())


def closes(text: str, found: re.Match[str]) -> bool:
    """Whether a mark that may end a sentence does, by what stands around it."""
    if not found["closed"] and ends_plainly(text, found["mark"], found.start()):
        return True
    after = text[found.end() : found.end() + AFTER]
    follows = WORD.search(after)
    word = follows.group() if follows else ""
    if found["mark"] is None:
        return not ("」" in found["wide"] or "』" in found["wide"]) or word[:1] != "と"
    lower = word[:1].islower()
    if not word or found["mark"] != ".":
        goes_on = found["mark"][-2:] == ".." or "…" in found["mark"]
        quoted = any(sign in found["closed"] for sign in "\"”’»'")
        return not (lower and (goes_on or quoted))
    if lower and any(sign in found["closed"] for sign in '"”»'):
        return False
    return not is_abbreviation(text, found.start(), word)


def ends_plainly(text: str, mark: str | None, stop: int) -> bool:
    """Whether a mark, with nothing that it closes, ends a sentence whatever follows.

    Most are full stops after a word that stands between spaces and is no abbreviation.
    """
    if mark != ".":
        return mark in ("!", "?")
    return is_plain_end(text[max(0, stop - BEFORE) : stop])


def is_abbreviation(text: str, stop: int, word: str) -> bool:
    """Whether the full stop at `stop`, before `word`, is that of an abbreviation, an
    initial, an ordinal or the number of a list.
    """
    near = text[max(0, stop - BEFORE) : stop].removesuffix("\n")
    piece = near[-1:].strip() and near.split()[-1]  # a word stands between spaces
    last = LAST_WORD.search(piece)
    if last is None:
        return False
    short = last.group()
    line = near[: -len(short)].rpartition("\n")
    at_start = bool(line[1]) or stop <= BEFORE
    if at_start and LIST_START.match(line[2]) and LIST_NUMBER.fullmatch(short):
        return True
    lower, number = word[:1].islower(), word[:1].isdigit()
    if short.isdigit():
        return lower or word.strip(".,;:") in MONTHS
    if short in TITLES:
        return True
    if short.lower() in NUMBERED and number:
        return True
    if lower or number:
        known = short.lower() in SHORT or (lower and short.lower() in NUMBERED)
        return known or len(short) == 1 or bool(INITIALS.fullmatch(short))
    return is_initial(short, word)


def is_initial(short: str, word: str) -> bool:
    """Whether letters before a full stop are initials, of a name or of words, or an
    option's letter, and not the end of a sentence before `word`.
    """
    if len(short) > 1 and not INITIALS.fullmatch(short):
        return False
    return short.lower() not in SHORT and word.strip(",;:'’") not in OPENERS
