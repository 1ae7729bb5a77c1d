"""Constant answers: one text, or nearly one, that answers many different prompts.

Texts are compared without case, spaces, punctuation and the words of their own prompt; long
ones nearly, by densified one-permutation MinHash (Shrivastava and Li 2014) over runs of
words: a library's MinHash is not always installed, and this check always runs. The same
set of rows gives the same result in any order.
"""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, NamedTuple

from fellowship.pipelines.pairing.code_texts import is_code, same_code
from fellowship.pipelines.pairing.stock_answers import MOST_SHARE, is_stock_answer
from fellowship.pipelines.pairing.text_similarity import words

LEAST: Final = 3
"""Prompts under which a text is not constant: two may be one question asked twice."""
MOST: Final = 10
"""Prompts from which a text is, in however large a set; between them one in a hundred."""
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
IN_MIND: Final = 1000
"""Texts whose hashes are kept in memory: a text is in several groups, one after another."""
BINS: Final = 36
BAND: Final = 3
EMPTY: Final = 0xFFFFFFFF

TABLES = """
CREATE TABLE answers(id INTEGER PRIMARY KEY, prompt INTEGER, chosen INTEGER,
  size INTEGER, rival INTEGER, grams BLOB, text TEXT);
CREATE TABLE keys(key INTEGER, id INTEGER);
"""


class Answer(NamedTuple):
    """One answer to a prompt; `chosen` is False for a rejected one, None for neither."""

    text: str
    chosen: bool | None


@dataclass(frozen=True)
class ConstantAnswer:
    """One text as it was first seen, and how many different prompts it answers.

    `chosen` of its answers are chosen ones; `places` are (row, index of the answer there).
    `stock` says that it is a refusal or the like, to less than half of all prompts.
    """

    text: str
    prompts: int
    answers: int
    chosen: int
    places: tuple[tuple[int, int], ...]
    stock: bool = False


class AnswerRows(NamedTuple):
    """What is put down of one row: a line of `answers` each, and lines of `keys`."""

    answers: Sequence[Sequence[Any]]
    keys: Sequence[Sequence[int]]


class ConstantAnswers:
    """Answers taken in row by row, in any order; what they have in common is on the disk.

    An answer's id is its place: its row and its index there.
    """

    def __init__(self) -> None:
        self._link = sqlite3.connect("", isolation_level=None)
        self._link.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4000;"
            f"PRAGMA temp_store=FILE; BEGIN; {TABLES}"
        )
        self._known: dict[int, frozenset[int]] = {}

    def add(self, number: int, prompt: str, answers: Sequence[Answer]) -> None:
        """Take in one row: its prompt, and its answers in their order."""
        self.add_prepared(answer_rows(number, prompt, answers))

    def add_prepared(self, rows: AnswerRows) -> None:
        """Take in what `answer_rows` has made of a row."""
        self._link.executemany(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)", rows.answers
        )
        self._link.executemany("INSERT INTO keys VALUES (?, ?)", rows.keys)

    def result(self) -> tuple[ConstantAnswer, ...]:
        """The constant answers, those to most prompts first."""
        self._link.execute("CREATE INDEX IF NOT EXISTS by_key ON keys(key)")
        sql = "SELECT count(DISTINCT prompt) FROM answers"
        ((prompts,),) = self._link.execute(sql)
        least = fewest_prompts(prompts)
        groups = [*self._long_groups(least), *self._short_groups(least, prompts)]
        found = [self._constant(members, prompts) for members in groups]
        return tuple(sorted(found, key=lambda one: (-one.prompts, one.text)))

    def close(self) -> None:
        """Give the disk back."""
        self._link.close()

    def __enter__(self) -> ConstantAnswers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _groups(self, least: int, more: str) -> Iterator[list[int]]:
        """The answers that share a key and stand under enough prompts, most first."""
        sql = (
            "SELECT key FROM keys JOIN answers USING (id) WHERE"
            f" {more} GROUP BY key HAVING count(DISTINCT prompt) >= ?"
            " ORDER BY count(DISTINCT prompt) DESC, key"
        )
        for (key,) in self._link.execute(sql, (least,)).fetchall():
            members = self._link.execute(
                "SELECT id FROM keys WHERE key = ? ORDER BY id", (key,)
            )
            yield [member for (member,) in members]

    def _long_groups(self, least: int) -> list[list[int]]:
        """Long answers near one text, each in one group."""
        taken: set[int] = set()
        centres: list[tuple[frozenset[int], list[int]]] = []
        for members in self._groups(least, f"size > {LONG}"):
            free = {m: self._grams(m) for m in members if m not in taken}
            if not free:
                continue
            centre = common_grams(list(free.values()))
            near = [m for m, grams in free.items() if is_near(grams, centre)]
            home = [group for c, group in centres if is_near(c, centre)]
            if home:
                home[0].extend(near)
            elif self._prompts(near) >= least:
                centres.append((centre, near))
            else:
                continue
            taken.update(near)
        return [group for _, group in centres]

    def _short_groups(self, least: int, prompts: int) -> list[list[int]]:
        """A short answer that stands alone against real ones.

        Where several short answers recur, they are the few that a task allows; one word
        may be right for any prompt.
        """
        groups = list(self._groups(least, f"size BETWEEN 0 AND {LONG}"))
        if not groups:
            return []
        covered = [self._prompts(group) for group in groups]
        if len(groups) > 1 and covered[1] * 10 >= covered[0]:
            return []
        (size,) = self._one("SELECT size FROM answers WHERE id = ?", groups[0][0])
        fair = [member for member in groups[0] if self._has_rival(member)]
        share = 0.5 if len(fair) < least else 0.9 if size <= 3 else 0.0
        alone = all(rival < 0 for rival in self._rivals(groups[0]))
        enough = len(fair) >= least or (alone and size > 3)
        if size == 1 or not enough or covered[0] < share * prompts:
            return []
        return [groups[0]]

    def _has_rival(self, member: int) -> bool:
        """Whether another answer to the prompt is twice as long, and more."""
        sql = "SELECT rival > 2 * size + 2 FROM answers WHERE id = ?"
        return bool(self._one(sql, member)[0])

    def _rivals(self, members: Iterable[int]) -> list[int]:
        sql = "SELECT rival FROM answers WHERE id = ?"
        return [self._one(sql, member)[0] for member in members]

    def _prompts(self, members: Iterable[int]) -> int:
        """How many different prompts these answers are of."""
        sql = "SELECT prompt FROM answers WHERE id = ?"
        return len({self._one(sql, member)[0] for member in members})

    def _grams(self, member: int) -> frozenset[int]:
        if (known := self._known.get(member)) is not None:
            return known
        found = array("I")
        sql = "SELECT grams FROM answers WHERE id = ?"
        found.frombytes(self._link.execute(sql, (member,)).fetchone()[0])
        if len(self._known) >= IN_MIND:
            self._known.clear()
        grams = self._known[member] = frozenset(found)
        return grams

    def _one(self, sql: str, member: int) -> tuple[int, ...]:
        row: tuple[int, ...] = self._link.execute(sql, (member,)).fetchone()
        return row

    def _constant(self, members: list[int], prompts: int) -> ConstantAnswer:
        sql = "SELECT id, text, chosen FROM answers WHERE id = ?"
        rows = [self._link.execute(sql, (m,)).fetchone() for m in sorted(set(members))]
        answered = self._prompts(members)
        return ConstantAnswer(
            text=rows[0][1],
            prompts=answered,
            answers=len(rows),
            chosen=sum(chosen == 1 for _, _, chosen in rows),
            places=tuple(divmod(place, INDICES) for place, _, _ in rows),
            stock=answered < MOST_SHARE * prompts
            and all(is_stock_answer(text) for _, text, _ in rows),
        )


INDICES: Final = 4096
"""More than a row has answers."""
TEXT_KEPT: Final = 300


def answer_rows(number: int, prompt: str, answers: Sequence[Answer]) -> AnswerRows:
    """What can be said of one row's answers by themselves: the dear part of taking in."""
    prompt_words = words(prompt)
    answer_words = [words(answer.text) for answer in answers]
    made: list[tuple[Any, ...]] = []
    found: list[tuple[int, int]] = []
    for index, answer in enumerate(answers):
        longest = max(
            [len(s) for n, s in enumerate(answer_words) if n != index], default=-1
        )
        place = number * INDICES + index
        keys, grams = signature(answer.text, answer_words[index], prompt_words)
        made.append(
            (
                *(place, text_key(prompt_words, prompt)),
                *(answer.chosen, len(answer_words[index]), longest),
                *(grams, answer.text[:TEXT_KEPT]),
            )
        )
        found += [(key, place) for key in keys]
    return AnswerRows(made, found)


def fewest_prompts(prompts: int) -> int:
    """Different prompts that make a text constant in a set of so many.

    Three in small sets; in larger ones, where stock phrases recur, one in a hundred and
    ten at most.
    """
    return min(MOST, max(LEAST, -(-prompts // 100)))


def signature(
    text: str, said: Sequence[str], asked: Sequence[str]
) -> tuple[list[int], bytes]:
    """What an answer's words `said` can be found by, and its least hashes of runs of words.

    Short texts have one key, long ones a key for each band of their sketch. Code has one:
    programs that differ in a number are different answers.
    """
    if len(said) > LONG and is_code(text):
        return [same_code(text)], array("I", [same_code(text) & EMPTY]).tobytes()
    if len(said) <= LONG:
        return [text_key(said, text)], b""
    heads = "".join([word[0] for word in said])
    numbers = 0 if heads.isalpha() else sum(map(str.isdigit, heads))
    plain = list(said) if numbers * 2 < len(said) else [" ".join(said), ""]
    if 0 < numbers <= MASKED * len(said):
        plain = ["0" if word[0].isdigit() else word for word in said]
    size = WIDE if len(plain) > WORDY else 2
    grams = set(shingles(in_utf8(plain), size))
    own = grams - set(shingles(in_utf8(asked), size))
    if len(own) < OWN and len(grams) - len(own) >= QUOTED:
        return [text_key(said, text)], b""
    hashes = {zlib.crc32(b" ".join(gram)) for gram in own or grams}
    sketch = make_sketch(hashes)
    at, width = sketch.tobytes(), sketch.itemsize
    ends = ((b, at[b * width : (b + BAND) * width]) for b in range(0, BINS, BAND))
    keys = [(zlib.crc32(band) << 6) | b for b, band in ends]
    return keys, array("I", sorted(hashes)[:KEPT]).tobytes()


def in_utf8(said: Sequence[str]) -> list[bytes]:
    """Words as bytes, encoded once rather than in every run that they are in."""
    return [word.encode("utf-8", "replace") for word in said]


def shingles(said: Sequence[bytes], size: int) -> Iterator[tuple[bytes, ...]]:
    """Every run of so many words."""
    return zip(*(said[at:] for at in range(size)), strict=False)


def make_sketch(hashes: Iterable[int]) -> array[int]:
    """The least hash in each of `BINS` parts; an empty part takes the next one's."""
    found = [EMPTY] * BINS
    for hashed in hashes:
        value = (hashed * 0x9E3779B1) & EMPTY
        if value < found[hashed % BINS]:
            found[hashed % BINS] = value
    filled = array("I", found)
    for place in [at for at, value in enumerate(found) if value == EMPTY]:
        step = 0
        while step < BINS and found[(place + step) % BINS] == EMPTY:
            step += 1
        filled[place] = (found[(place + step) % BINS] + step * 0x3C6EF372) & EMPTY
    return filled


def similarity(one: frozenset[int], other: frozenset[int]) -> float:
    """The Jaccard similarity of two texts by their least hashes.

    Exact where neither has more than `KEPT` runs of words, else estimated by those that
    both would have kept (Broder 1997).
    """
    full = [max(own) for own in (one, other) if len(own) >= KEPT]
    if not full:
        both = len(one & other)
        return both / (len(one) + len(other) - both) if one or other else 0.0
    end = min(full)
    union = {h for h in one | other if h <= end}
    return len(union & one & other) / len(union) if union else 0.0


def is_near(one: frozenset[int], other: frozenset[int]) -> bool:
    """Whether two texts are one, by their similarity; not asked where sizes rule it out."""
    few, many = sorted((len(one), len(other)))
    if many < KEPT and few < NEAR * many:  # both whole: at most `few` of `many` shared
        return False
    return similarity(one, other) >= NEAR


def common_grams(grams: Sequence[frozenset[int]]) -> frozenset[int]:
    """The hashes that at least half of the texts have, the least of them."""
    counts = Counter(chain.from_iterable(grams))
    half = len(grams) / 2
    return frozenset(sorted([h for h, n in counts.items() if n >= half])[:KEPT])


def text_key(said: Sequence[str], text: str) -> int:
    """A 63-bit hash of a text by its words; of its signs, where it has no word."""
    whole = " ".join(said) or "".join(text.split())
    data = whole.encode("utf-8", "replace")
    return (zlib.crc32(data) << 30) ^ zlib.adler32(data) | 1 << 62
