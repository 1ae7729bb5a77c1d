"""Rankings in a label's cell: `B>A>C`, `2,1,3` or a list, from the best to the worst.

A ranking is its verdicts on every two answers. Letters and numbers name answers as they
stand in the run, A or 1 the first. What names an answer twice or leaves one out is none.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.columns.list_cells import votes_in
from fellowship.records import Winner

Ranking = tuple[int, ...]
"""The rank of each answer, 0 the best; equal ranks are a tie."""

Pair = tuple[int, int]

NAME = re.compile(
    r"(?:(?:the )?(?:model|response|answer|output|assistant|system|candidate|option|"
    r"completion)[ _-]?)?([a-z]|[1-9]\d?)"
)
RANKS = re.compile(r"(?:^|_)ranks?$")
"""Names of columns whose numbers may be each answer's rank."""
TWO_TEXTS = (
    "it ranks several answers and has the texts of two: leave --first and --second out"
)
FEWEST = 3
"""Answers of a ranking; of two, a label names a side."""


def ranking_in(cell: Any) -> Ranking | None:
    """The ranks that a cell gives; None where it holds no ranking of three or more.

    A list of A, B and C may be three people's votes, C for a tie: it is none.
    """
    groups = groups_in(cell)
    if groups is None:
        return None
    named = [place_of(name) for group in groups for name in group]
    if len(named) < FEWEST or sorted(named) != list(range(len(named))):
        return None
    ranks = [0] * len(named)
    for rank, group in enumerate(groups):
        for name in group:
            ranks[place_of(name)] = rank
    return tuple(ranks)


def groups_in(cell: Any) -> list[list[str]] | None:
    """The names in a cell by rank, the best first; None for another form."""
    if isinstance(cell, str) and ">" in cell:
        parts = re.split(r">+", cell.strip().strip("[]"))
        return [part.split("=") for part in parts]
    listed = isinstance(cell, list | tuple) or str(cell).strip()[:1] == "["
    names = votes_in(cell) if listed else str(cell).split(",")
    if not all(isinstance(one, str | int) for one in names):
        return None
    letters = any(not str(one).strip().isdecimal() for one in names)
    if listed and letters and len(names) <= FEWEST:
        return None
    return [[str(one)] for one in names]


def place_of(name: str) -> int:
    """Which answer a name means, from 0; -1 where it is no name of one."""
    found = NAME.fullmatch(name.strip().lower())
    if found is None:
        return -1
    word = found[1]
    return int(word) - 1 if word.isdecimal() else ord(word) - ord("a")


def refuse_unclear(column: str, cells: Sequence[Any]) -> None:
    """`InputError` for a column whose rankings may as well be something else.

    Numbers in a column called `rank` may be each answer's rank; lists that are all of A, B
    and C may be a ranking, and the votes of three people.
    """
    for number, cell in enumerate(cells, 1):
        if RANKS.search(column.lower()) and ranking_in(cell) and ">" not in str(cell):
            raise InputError(
                f"column {column!r}, row {number}: {cell!a:.40} may name the answers from"
                " the best to the worst, or give each answer's rank: write it as"
                " 2>1>3 (the best first)"
            )
    lists = [votes for cell in cells if len(votes := votes_in(cell)) > 1]
    if lists and all(
        sorted(str(one).strip().lower() for one in votes) == ["a", "b", "c"]
        for votes in lists
    ):
        raise InputError(
            f"column {column!r} holds lists of A, B and C, each once, as {lists[0]!a:.40}:"
            " they may be rankings, or three people's votes with C for a tie. Write a"
            " ranking as B>A>C, votes as first, second and tie"
        )


def ranking_hint(values: Iterable[str]) -> str:
    """What a ranking must be, where a value that is not understood may be meant as one."""
    written = r"^[^<>]+[<>][^<>]+|[^<>,]+,[^<>,]+,"
    if not any(re.search(written, value) for value in values):
        return ""
    return (
        " A ranking names each answer once, from the best to the worst, by its letter or"
        " number in the run: B>A=C, 2>1>3."
    )


def pair_votes(ranking: Ranking) -> Iterator[tuple[Pair, Winner]]:
    """What a ranking says of every two answers."""
    for a, b in itertools.combinations(range(len(ranking)), 2):
        if ranking[a] == ranking[b]:
            yield (a, b), "tie"
        else:
            yield (a, b), "first" if ranking[a] < ranking[b] else "second"
