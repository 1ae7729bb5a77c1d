"""Contamination check: n-grams of benchmark files, looked for in a dataset.

A dataset that holds the exam is worthless. Every text in a benchmark's file counts:
each string of a JSON or parquet row, each cell of a CSV, each line of a plain text.
Texts shorter than an n-gram count whole, from eight words on: below that a match says
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from fellowship.pipelines.export.examples import text_hash
from fellowship.pipelines.export.files import read_rows, require_path
from fellowship.pipelines.pairing.text_similarity import word_grams, words

SHORTEST: Final = 8


class Benchmarks:
    """The n-grams of some files, as hashes: 8 bytes a gram in effect, 60 in Python."""

    def __init__(self, files: Iterable[Path], size: int) -> None:
        self.size = size
        self._grams: set[int] = set()
        self._sizes: set[int] = set()
        for path in files:
            for text in benchmark_texts(path):
                self._add(words(text))
        self._ordered = sorted(self._sizes)

    def _add(self, text_words: Sequence[str]) -> None:
        n = min(len(text_words), self.size)
        if n < min(SHORTEST, self.size):
            return
        self._sizes.add(n)
        self._grams.update(hash_gram(gram) for gram in word_grams(text_words, n))

    def shared_gram(self, text: str) -> str:
        """The first n-gram that a text shares with a benchmark; empty if none."""
        text_words = words(text)
        for n in self._ordered:
            if len(text_words) < n:
                break
            for gram in word_grams(text_words, n):
                if hash_gram(gram) in self._grams:
                    return gram
        return ""


def hash_gram(gram: str) -> int:
    """A 63-bit number of an n-gram; a false match is one in 10^13 at a million grams."""
    return text_hash(gram)


def benchmark_texts(path: Path) -> Iterator[str]:
    """Every text in a file; `InputError` where it can't be read."""
    require_path(path)
    if path.suffix.lower() in (".txt", ".md"):
        yield from path.read_text(encoding="utf-8", errors="replace").splitlines()
        return
    for row in read_rows(path):
        yield from strings_in(dict(row.values))


def strings_in(value: Any) -> Iterator[str]:
    """Every string inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings_in(inner)
