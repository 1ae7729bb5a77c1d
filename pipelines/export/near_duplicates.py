"""Near-duplicate detection (dedup) by MinHash.

Two texts are nearly one when most of their word triples are the same. MinHash (Broder
1997) by the library datasketch, 125 hashes in 25 bands of 5: texts of Jaccard
similarity .8 share a band with probability .9999, texts of .3 with .06, and who shares
a band is compared by the whole signature. Bands and signatures lie in the scratch file,
so memory stays flat.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Final

from fellowship.pipelines.export.context import require_library
from fellowship.pipelines.export.disk_cache import Scratch
from fellowship.pipelines.pairing.text_similarity import word_grams, words

HASHES: Final = 125
BANDS: Final = 25
ROWS: Final = HASHES // BANDS
WORDS: Final = 3
SPACES: Final = 4
"""Sets of texts that one scratch file keeps apart."""


def checksum(data: bytes) -> int:
    """A 32-bit hash that is the same on every machine and in every process."""
    return zlib.crc32(data)


class NearDuplicates:
    """Texts taken in one by one, each compared with those before it.

    `keep_all`: compare with those that were near an earlier one, too.
    """

    def __init__(
        self,
        scratch: Scratch,
        threshold: float,
        *,
        space: int = 0,
        keep_all: bool = False,
    ) -> None:
        sketch = require_library("datasketch", "data", "near duplicates")
        self._numpy = require_library("numpy", "data", "near duplicates")
        self._scratch = scratch
        self._threshold = threshold
        self._space = space
        self._keep_all = keep_all
        self._empty = sketch.MinHash(num_perm=HASHES, hashfunc=checksum, seed=1)

    def add(self, parts: Sequence[str], name: int, source: int = -1) -> list[int]:
        """Take a text in under a number; the earlier ones near it, nearest first.

        Its parts (prompt, chosen, rejected) are compared with the same part of others.
        Texts of one `source`, a row of the run say, are siblings and not compared; -1 is
        nobody's sibling.
        """
        given = [
            f"{place} {gram}".encode()
            for place, part in enumerate(parts)
            for gram in set(word_grams(words(part), WORDS))
            if gram
        ]
        if not given:
            return []
        sketch = self._empty.copy()
        sketch.update_batch(given)
        values = sketch.hashvalues.astype("uint32")
        near = self._near(values, source)
        # Whoever is the same as an earlier one, or is left out, needs no place of its own.
        if not near or (self._keep_all and near[0][0] < 1.0):
            self._keep(values, name, source)
        return [earlier for _, earlier in near]

    def _near(self, values: Any, source: int) -> list[tuple[float, int]]:
        sql = "SELECT id FROM bands WHERE band = ? AND hash = ?"
        sharing = {
            name
            for band, hashed in self._bands(values)
            for (name,) in self._scratch.rows(sql, (band, hashed))
        }
        found = [(self._similarity(values, name, source), name) for name in sharing]
        near = [(a, n // SPACES) for a, n in found if a >= self._threshold]
        return sorted(near, key=lambda each: (-each[0], each[1]))

    def _similarity(self, values: Any, name: int, source: int) -> float:
        """The estimated Jaccard similarity with an earlier text; 0 with a sibling."""
        sql = "SELECT source, signature FROM signatures WHERE id = ?"
        of, blob = next(self._scratch.rows(sql, (name,)))
        if of == source != -1:
            return 0.0
        return float((self._numpy.frombuffer(blob, dtype="uint32") == values).mean())

    def _keep(self, values: Any, name: int, source: int) -> None:
        own = name * SPACES + self._space
        sql = "INSERT OR REPLACE INTO signatures VALUES (?, ?, ?)"
        self._scratch.run(sql, (own, source, values.tobytes()))
        for band, hashed in self._bands(values):
            sql = "INSERT OR IGNORE INTO bands VALUES (?, ?, ?)"
            self._scratch.run(sql, (band, hashed, own))

    def _bands(self, values: Any) -> list[tuple[int, int]]:
        first = self._space * BANDS
        return [
            (first + b, zlib.crc32(values[b * ROWS : (b + 1) * ROWS].tobytes()))
            for b in range(BANDS)
        ]
