"""Matching of pairs: as many where chosen has more of a quantity as where it has less.

A set whose chosen answers are longer teaches length, whatever it was made for. By the
rule `length-matched` each row offers its least unequal pairs, one where chosen has more
and one where it has less; the run then takes pairs two by two, one of each side, whose
differences are equal up to the tolerance. So for every pair that says "more is better"
one of equal size says the opposite. Which pairs are taken depends on all rows and not on
their order; the rows left out are counted in a state of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log
from statistics import fmean
from typing import Final, NamedTuple

from fellowship.pipelines.pairing.sentences import count_sentences
from fellowship.pipelines.pairing.text_similarity import normalize, words
from fellowship.pipelines.recipe.pair_settings import LENGTH, SENTENCES, SIZES, WORDS
from fellowship.records import Candidate, Ranking
from fellowship.registry_check import check_registry

DIGITS: Final = 9
"""Decimals to which marks and differences are told apart: 0.1 + 0.2 and 0.3 are equal."""

Measure = Callable[[Candidate], float]
"""A text's size; two are compared by the logarithm of their ratio."""


class Option(NamedTuple):
    """A pair that a row can give: how much more chosen has, and the two candidates."""

    difference: float
    chosen: int
    rejected: int


class RowOptions(NamedTuple):
    """What one row can give. `key` tells rows apart whatever their order."""

    number: int
    key: str
    options: tuple[Option, ...]


def count_characters(candidate: Candidate) -> float:
    """Characters of an answer as it reads, with all its turns."""
    return float(sum(len(normalize(turn)) for turn in turns_of(candidate)))


def count_words(candidate: Candidate) -> float:
    """Words of an answer, with all its turns."""
    return float(sum(len(words(turn)) for turn in turns_of(candidate)))


def sentences_of(candidate: Candidate) -> float:
    """Sentences of an answer, with all its turns."""
    return float(sum(map(count_sentences, turns_of(candidate))))


def turns_of(candidate: Candidate) -> tuple[str, ...]:
    """An answer's turns, of which most have one."""
    return candidate.turns or (candidate.text,)


MEASURES: Mapping[str, Measure] = {
    LENGTH: count_characters,
    WORDS: count_words,
    SENTENCES: sentences_of,
}
"""`pairs.match` -> what is measured; any other name is a criterion's."""

check_registry("a measure for a size", SIZES, MEASURES)


def quantities(
    candidates: Sequence[Candidate], ranking: Ranking, match: str
) -> list[float | None]:
    """What is matched, of each candidate: log(1 + size), or its score by the criterion.

    None where the evaluator gave a candidate no score by it.
    """
    if match in SIZES and not is_older_criterion(ranking, match):
        return [log(1 + MEASURES[match](candidate)) for candidate in candidates]
    return criterion_means(len(candidates), ranking, match)


def is_older_criterion(ranking: Ranking, match: str) -> bool:
    """Whether sentences are a criterion that the evaluator scored, as they had to be in
    runs older than the size of that name; a new run that says so is refused.
    """
    return match == SENTENCES and any(
        one.name == match
        for comparison in ranking.comparisons
        for verdict in comparison.verdicts
        for one in verdict.criteria
    )


def criterion_means(n: int, ranking: Ranking, name: str) -> list[float | None]:
    """Mean score of each candidate by one criterion, over the verdicts that have it, in
    whatever order they came.
    """
    given: list[list[float]] = [[] for _ in range(n)]
    for comparison in ranking.comparisons:
        for verdict in comparison.verdicts:
            for one in verdict.criteria:
                if one.name == name:
                    given[comparison.first].append(one.first)
                    given[comparison.second].append(one.second)
    return [round(fmean(marks), DIGITS) if marks else None for marks in given]


def least_unequal(options: Iterable[Option]) -> tuple[Option, ...]:
    """The least unequal option of each side; an equal one alone, where there is one."""
    ordered = sorted(options, key=lambda o: (abs(o.difference), o.chosen, o.rejected))
    equal = [option for option in ordered if option.difference == 0][:1]
    more = [option for option in ordered if option.difference > 0][:1]
    less = [option for option in ordered if option.difference < 0][:1]
    return tuple(equal or more + less)


def match_rows(rows: Iterable[RowOptions], tolerance: float) -> dict[int, Option]:
    """Row number -> the pair it gives; a row that is left out has none.

    Rows with an equal pair give it. Of the others as many give a pair of one side as of
    the other, and the n-th of one side differs from its partner by `tolerance` at most.
    """
    taken: dict[int, Option] = {}
    more: list[tuple[Option, RowOptions]] = []
    less: list[tuple[Option, RowOptions]] = []
    both: list[RowOptions] = []
    for row in rows:
        if len(row.options) == 2:
            both.append(row)
        elif row.options and row.options[0].difference == 0:
            taken[row.number] = row.options[0]
        elif row.options:
            (more if row.options[0].difference > 0 else less).append(
                (row.options[0], row)
            )
    for row, option in share_out(both, len(less) - len(more)):
        (more if option.difference > 0 else less).append((option, row))
    for one, other in opposite_pairs(more, less, tolerance):
        taken[one[1].number], taken[other[1].number] = one[0], other[0]
    return taken


def share_out(
    both: Sequence[RowOptions], lacking: int
) -> list[tuple[RowOptions, Option]]:
    """Rows that can give either side, each with the one that it gives.

    `lacking` is how many more pairs the side of less has: so many more give the other,
    those first whose pair of that side is the more equal one.
    """
    many = min(len(both), max(0, (len(both) + lacking) // 2))
    ordered = sorted(both, key=lambda row: (preference(row), row.key, row.number))
    return [(row, row.options[0 if at < many else 1]) for at, row in enumerate(ordered)]


def preference(row: RowOptions) -> float:
    """How much more unequal a row's pair of more is than its pair of less."""
    more, less = row.options
    return more.difference + less.difference


def opposite_pairs(
    more: Sequence[tuple[Option, RowOptions]],
    less: Sequence[tuple[Option, RowOptions]],
    tolerance: float,
) -> Iterable[tuple[tuple[Option, RowOptions], tuple[Option, RowOptions]]]:
    """Most pairs of one side with one of the other that differs by `tolerance` at most.

    Both sides are walked from the least unequal up: on a line no matching has more.
    """
    left, right = (
        sorted(side, key=lambda p: (abs(p[0].difference), p[1].key, p[1].number))
        for side in (more, less)
    )
    at, to = 0, 0
    while at < len(left) and to < len(right):
        gap = abs(left[at][0].difference) - abs(right[to][0].difference)
        near = round(abs(gap), DIGITS) <= tolerance
        if near:
            yield left[at], right[to]
        at += near or gap < 0
        to += near or gap > 0
