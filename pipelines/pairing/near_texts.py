"""Near texts: the hashes of runs of words by which two texts are one, or are not.

Long texts are found by densified one-permutation MinHash (Shrivastava and Li 2014) over
runs of words, and compared by their least hashes (Broder 1997): a library's MinHash is not
always installed, and this comparison always runs.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, compress, count, islice
from operator import itemgetter
from typing import Final, NamedTuple

from fellowship.pipelines.pairing.code_texts import is_code, same_code
from fellowship.pipelines.pairing.run_hashes import (
    BINS,
    in_utf8,
    make_sketch,
    run_hashes,
    runs_asked,
)

LONG: Final = 12
"""Words up to which texts must be the same, and may be one of a few possible answers."""
NEAR: Final = 0.6
"""Similarity from which two texts are one: a name replaced in thirteen words leaves .7, two
honest answers to different prompts share less than .2."""
MASKED: Final = 0.2
"""Largest share of numbers among words at which a number is as good as another."""
WORDY: Final = 100
"""Words from which texts are compared by runs of WIDE words: two long texts of the same
few words share most pairs of them, and hardly a run of four."""
WIDE: Final = 4
KEPT: Final = 128
"""Hashes of runs of words that are kept of a text."""
OWN: Final = 24
"""Pairs of words that a text which quotes its prompt must have besides, to be compared
nearly: a short answer that names what it is about is an answer to it."""
QUOTED: Final = 2
"""Pairs of words of the prompt from which a text quotes it."""
PART: Final = 1000
"""Texts whose hashes are counted at once."""
TWO_ARE_HALF: Final = (3, 4)
"""Texts of which two are half and one is not: most groups are as small as this."""
BAND: Final = 3
WIDTH: Final = array("I").itemsize
BANDS: Final = [(n, n * WIDTH, (n + BAND) * WIDTH) for n in range(0, BINS, BAND)]
"""The first part of each band of a sketch, and the bytes between which the band stands."""
FIRST: Final = itemgetter(0)
TEXT_KEYS: Final = 1 << 62
"""Keys of whole texts are no less, and those of bands are."""


def signature(
    text: str, said: Sequence[str], asked: tuple[str, ...]
) -> tuple[list[int], bytes]:
    """What an answer's words `said` can be found by, and its least hashes of runs of words.

    Short texts have one key, long ones a key for each band of their sketch. Code has one:
    programs that differ in a number are different answers.
    """
    if len(said) > LONG and is_code(text):
        key = same_code(text)
        return [key], array("I", [key]).tobytes()
    if len(said) <= LONG:
        return [text_key(said, text)], b""
    heads = "".join(map(FIRST, said))
    marks = [] if heads.isalpha() else [*map(str.isdigit, heads)]
    plain, numbers = [*said], sum(marks)
    if numbers <= MASKED * len(said):
        for at in compress(count(), marks):
            plain[at] = "0"
    size = WIDE if len(plain) > WORDY else 2
    if numbers * 2 < len(said):
        grams = run_hashes(plain, size)
    else:  # a text of numbers is the same only as a whole
        size, grams = 2, frozenset([zlib.crc32(in_utf8(said) + b" ")])
    own = grams - runs_asked(asked, size)
    if len(own) < OWN and len(grams) - len(own) >= QUOTED:
        return [text_key(said, text)], b""
    hashes = sorted(own or grams)
    sketch = make_sketch(hashes).tobytes()
    keys = [(zlib.crc32(sketch[at:end]) << 6) | band for band, at, end in BANDS]
    return keys, array("I", hashes[:KEPT]).tobytes()


class Centre(NamedTuple):
    """The hashes that the texts of a group have in common, in order and to look them up."""

    grams: array[int]
    known: frozenset[int]


def similarity(grams: Sequence[int], centre: Centre) -> float:
    """The Jaccard similarity of a text and a centre by their least hashes, in order.

    Exact where neither has more than `KEPT` runs of words, else estimated by those that
    both would have kept (Broder 1997).
    """
    few, many = len(grams), len(centre.grams)
    if few >= KEPT or many >= KEPT:
        end = min(own[-1] for own in (grams, centre.grams) if len(own) >= KEPT)
        few, many = bisect_right(grams, end), bisect_right(centre.grams, end)
        grams = grams[:few]
    return jaccard(len(centre.known.intersection(grams)), few, many)


def jaccard(both: int, few: int, many: int) -> float:
    """The similarity of sets of so many, of which they share `both`."""
    return both / (few + many - both) if few or many else 0.0


def is_near(grams: Sequence[int], centre: Centre) -> bool:
    """Whether a text is of the group, by its similarity; sizes may rule it out."""
    few, many = len(grams), len(centre.grams)
    if few > many:
        few, many = many, few
    if many < KEPT and few < NEAR * many:  # both whole: at most `few` of `many` shared
        return False
    return similarity(grams, centre) >= NEAR


def common_grams(texts: Callable[[], Iterable[Sequence[int]]]) -> Centre:
    """The hashes that at least half of the texts have, the least of them.

    What half of all texts have, half of some part of them has: so a part is counted at a
    time, and what parts have found is counted in a second reading, where there are several.
    """
    reading, parts = iter(texts()), list[list[int]]()
    total = 0
    while part := [*islice(reading, PART)]:
        total += len(part)
        if total == len(part) < PART and total in TWO_ARE_HALF:
            return centre_of(in_two(part))
        counts = Counter(chain.from_iterable(part))
        parts.append(at_least(counts, len(part) / 2))
    if len(parts) == 1:
        return centre_of(parts[0])
    found, wanted = Counter[int](), frozenset(chain.from_iterable(parts))
    for grams in texts() if wanted else ():
        found.update(wanted.intersection(grams))
    return centre_of(at_least(found, total / 2))


def centre_of(hashes: Iterable[int]) -> Centre:
    """The least of the hashes that texts have in common."""
    common = array("I", sorted(hashes)[:KEPT])
    return Centre(common, frozenset(common))


def in_two(texts: Iterable[Sequence[int]]) -> set[int]:
    """The hashes that two of the texts have, or more."""
    once, twice = set[int](), set[int]()
    for grams in texts:
        twice |= once.intersection(grams)
        once.update(grams)
    return twice


def at_least(counts: Counter[int], least: float) -> list[int]:
    """What is counted so often."""
    return [name for name, many in counts.items() if many >= least]


def text_key(said: Sequence[str], text: str) -> int:
    """A 63-bit hash of a text by its words; of its signs, where it has no word."""
    whole = " ".join(said) or "".join(text.split())
    data = whole.encode("utf-8", "replace")
    return (zlib.crc32(data) << 30) ^ zlib.adler32(data) | TEXT_KEYS
