"""Names of a session's speakers as ledgers hold them: who, in which order, which vote.

A judge is asked once for each order, vote and sample, under a name that says which:
`judge_swapped_2`, `critic_forward_final`; of an answer scored alone `judge_1_2`. The names
are part of recorded calls and never change. They are made and taken apart here only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

IN_ORDER = (
    r"_(?P<order>forward|swapped)(?:_(?P<phase>blind|equal_cost|final))?"
    r"(?:_(?P<sample>\d+))?"
)
OF_SIDE = r"_(?P<place>first|second)(?:_(?P<sample>\d+))?"
ALONE = r"_(?P<place>\d+)(?:_(?P<sample>\d+))?"


class Speaker(NamedTuple):
    """Who spoke: `order` is the record's, `place` an answer's number, first or second."""

    name: str
    order: str = ""
    phase: str = ""
    place: str = ""
    sample: str = ""


def name_in_order(name: str, order: str, phase: str = "", sample: int = 0) -> str:
    """The name of a judge that reads two answers in one order; samples count from 0."""
    return join(name, order, phase.replace("-", "_"), sample)


def name_of_rating(name: str, place: str, sample: int = 0) -> str:
    """The name of a judge that scores one answer alone."""
    return join(name, place, sample)


def name_of_shuffle(name: str, shuffle: int) -> str:
    """The name of a judge that ranks all answers in one order; shuffles count from 0."""
    return join(name, shuffle)


def join(*parts: str | int) -> str:
    """The parts that say something; a first sample goes without its number."""
    words = [str(p + 1) if isinstance(p, int) and p else p for p in parts]
    return "_".join(str(word) for word in words if word)


def take_apart(
    source: str, *, alone: bool = False, names: Iterable[str] = ()
) -> Speaker | None:
    """What a judge's name says; None where it is no such name.

    `alone`: it is from the session in which answers are scored alone. `names`: what the
    judges are called, where that is known; `a_2_4` is else sample 4 of `a` on answer 2.
    """
    known_name = speaker_among(source, names)
    name = re.escape(known_name) if known_name is not None else ".+?"
    for suffix in (ALONE,) if alone else (IN_ORDER, OF_SIDE):
        if found := re.fullmatch(f"(?P<name>{name}){suffix}", source):
            known = {k: v or "" for k, v in found.groupdict().items()}
            known["phase"] = known.get("phase", "").replace("_", "-")
            return Speaker(**known)
    return None


def speaker_among(source: str, names: Iterable[str]) -> str | None:
    """Which of the evaluators called `names` a turn's source is; None where it is none.

    `critic2_swapped` is `critic2`, never `critic`.
    """
    for name in sorted(names, key=len, reverse=True):
        rest = source.removeprefix(name)
        if source.startswith(name) and (not rest or is_suffix(rest)):
            return name
    return None


def is_suffix(text: str) -> bool:
    """Whether a text is what stands behind an evaluator's name."""
    return any(re.fullmatch(s, text) for s in (IN_ORDER, OF_SIDE, ALONE))
