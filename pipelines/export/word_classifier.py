"""Word classifier: whether words alone tell chosen from rejected, on prompts held out.

Naive Bayes over the words and word pairs that an answer has and its rival lacks, without
their number, so that length tells nothing. Folds are made by prompt: no pair is judged by
counts that its own prompt is in.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from math import log
from operator import attrgetter
from typing import Final, NamedTuple

from fellowship.pipelines.export.examples import text_hash
from fellowship.pipelines.pairing.text_similarity import word_grams, words

MOST_PAIRS: Final = 1500
"""Pairs that are looked at: those whose hashes are the smallest, whatever their order."""
MOST_WORDS: Final = 250
"""Words of an answer that are looked at, from its start."""
FOLDS: Final = 5
FEWEST: Final = 3
"""Pairs of the other folds in which a word must be to count."""
HALF: Final = 0.5


class WordPair(NamedTuple):
    """The words of one pair's answers, each without what the other has too.

    A side has a line for each word, None for no word: it is taken apart when all are
    weighed. The sample is of those of the highest `rank`.
    """

    prompt: int
    rank: int
    chosen_lines: str | None
    rejected_lines: str | None
    place: int = -1

    @property
    def sides(self) -> Sides:
        """What the chosen answer has and the rejected lacks, and the other way round."""
        return words_of(self.chosen_lines), words_of(self.rejected_lines)

    @property
    def fold(self) -> int:
        """The fold of its prompt."""
        return self.prompt % FOLDS


class WordClassifier:
    """A sample of a set's pairs, and what their words tell."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, WordPair]] = []
        self._added = 0
        self._counts: Counts | None = None

    def wants(self, rank: int) -> bool:
        """Whether a pair of this rank belongs to the sample of all so far."""
        return len(self._heap) < MOST_PAIRS or rank > self._heap[0][0]

    def add_prepared(self, pair: WordPair | None) -> None:
        """Take in one pair; None for one that is not wanted, which is only counted."""
        self._added += 1
        if pair is None or not self.wants(pair.rank):
            return
        full = len(self._heap) >= MOST_PAIRS
        entry = (pair.rank, -self._added, pair)
        (heapq.heapreplace if full else heapq.heappush)(self._heap, entry)
        self._counts = None

    def keep_only(self, ranks: Mapping[int, int]) -> list[int]:
        """Let go of all pairs but these, place -> rank; the places of those not known."""
        known = {
            entry[2].place: entry
            for entry in self._heap
            if ranks.get(entry[2].place) == entry[0]
        }
        self._heap, self._counts = [*known.values()], None
        heapq.heapify(self._heap)
        return sorted(ranks.keys() - known.keys())

    def guesses(self) -> Iterator[tuple[int, int]]:
        """Prompt and guess of each pair: 1 right, -1 wrong, 0 where nothing is known."""
        pairs = [pair for _, _, pair in sorted(self._heap, reverse=True)]
        sides = frequent_sides(pairs)
        whole = self._counts = count_sides(sides)
        known = weights_without(whole)
        for fold in range(FOLDS):
            held = [at for at, pair in enumerate(pairs) if pair.fold == fold]
            apart = count_sides([sides[at] for at in held])
            weights = known | weights_without(whole, apart)
            for at in held:
                ahead, behind = (mean_weight(side, weights) for side in sides[at])
                yield pairs[at].prompt, (ahead > behind) - (ahead < behind)

    def telling_words(self, many: int = 5) -> list[str]:
        """The words and word pairs that are most often on one side alone."""
        pairs = [pair for _, _, pair in self._heap]
        if self._counts is None:
            self._counts = count_sides(frequent_sides(pairs))
        most = most_apart(self._counts, many)
        if len(most) < many or most[-1][0] < FEWEST:  # a rare word may tell as much
            most = most_apart(count_sides([pair.sides for pair in pairs]), many)
        return [gram for _, gram in most]


SIDES: Final = attrgetter("sides")
Sides = tuple[list[str], list[str]]
"""The words of a pair's chosen answer and of its rejected one."""
Counts = tuple[Counter[str], Counter[str]]
"""In how many pairs a word is on the chosen side alone, and on the rejected one."""


def rank_of(prompt: int, texts: tuple[str, str]) -> int:
    """The rank of two answers, the chosen first, to the prompt of this hash."""
    return -text_hash(prompt, *texts)


def word_pair(prompt: int, rank: int, texts: tuple[str, str], place: int) -> WordPair:
    """The words of two answers, the chosen first.

    `prompt` is the prompt's hash, `place` the pair's own in the set.
    """
    one, other = map(grams, texts)
    return WordPair(prompt, rank, lines_of(one - other), lines_of(other - one), place)


def lines_of(side: frozenset[str]) -> str | None:
    """Words as lines of one text, as no word has a line break; None for no word."""
    return "\n".join(side) if side else None


def words_of(lines: str | None) -> list[str]:
    """The words that were put down as lines, each once."""
    return [] if lines is None else lines.split("\n")


def grams(text: str) -> frozenset[str]:
    """The words and word pairs of a text."""
    found = words(text)[:MOST_WORDS]
    return frozenset(chain(found, word_grams(found, 2)))


def frequent_sides(pairs: Sequence[WordPair]) -> list[Sides]:
    """The words of each pair's sides that are in pairs enough to count.

    A word is one object in all of them.
    """
    lines = chain.from_iterable((p.chosen_lines, p.rejected_lines) for p in pairs)
    counts = Counter(chain.from_iterable(map(words_of, lines)))
    kept = {gram: gram for gram, many in counts.items() if many >= FEWEST}

    def among(side: list[str]) -> list[str]:
        return [kept[gram] for gram in side if gram in kept]

    return [(among(chosen), among(rejected)) for chosen, rejected in map(SIDES, pairs)]


def count_sides(pairs: Iterable[Sides]) -> Counts:
    """How often each word is on one side alone."""
    sides = [*pairs]
    chosen = Counter(chain.from_iterable(one for one, _ in sides))
    rejected = Counter(chain.from_iterable(other for _, other in sides))
    return chosen, rejected


def most_apart(counts: Counts, many: int) -> list[tuple[int, str]]:
    """The words that are oftenest on one side more than on the other, and how often."""
    chosen, rejected = counts
    apart = {gram: abs(n - rejected.get(gram, 0)) for gram, n in chosen.items()}
    apart |= {gram: n for gram, n in rejected.items() if gram not in chosen}
    least = min(heapq.nlargest(many, apart.values()), default=0)
    most = [(-n, gram) for gram, n in apart.items() if n >= least]
    return [(-n, gram) for n, gram in sorted(most)[:many]]


@lru_cache(maxsize=4096)
def side_weight(chosen: int, rejected: int) -> float | None:
    """log((chosen + 1/2) / (rejected + 1/2)); None of a word in too few pairs."""
    if chosen + rejected < FEWEST:
        return None
    return log((chosen + HALF) / (rejected + HALF))


def weights_without(
    whole: Counts, held: Counts | None = None
) -> dict[str, float | None]:
    """The weights of all words; or those of a fold held out, by the other folds."""
    # Not by `counts[gram]`: a Counter looks for what it lacks by a method of its own.
    chosen, rejected = (counts.get for counts in whole)
    if held is None:
        words = whole[0].keys() | whole[1].keys()
        return {g: side_weight(chosen(g, 0), rejected(g, 0)) for g in words}
    one, other = (counts.get for counts in held)
    return {
        g: side_weight(chosen(g, 0) - one(g, 0), rejected(g, 0) - other(g, 0))
        for g in held[0].keys() | held[1].keys()
    }


def mean_weight(side: Iterable[str], weights: Mapping[str, float | None]) -> float:
    """The mean weight of the words that are known; 0 where none is."""
    known = [w for w in map(weights.get, side) if w is not None]
    return sum(sorted(known)) / len(known) if known else 0.0
