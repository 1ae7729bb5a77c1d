"""Constant answers: one text, or nearly one, that answers many different prompts.

Texts are compared without case, spaces, punctuation and the words of their own prompt; long
ones nearly, see `near_texts`. The same set of rows gives the same result in any order, in
memory that does not depend on how many texts are alike.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any, Final, NamedTuple

from fellowship.pipelines.pairing.near_groups import Key, NearGroups
from fellowship.pipelines.pairing.near_texts import (
    LONG,
    TEXT_KEYS,
    signature,
    text_key,
)
from fellowship.pipelines.pairing.stock_answers import MOST_SHARE, is_stock_answer
from fellowship.pipelines.pairing.text_similarity import words

LEAST: Final = 3
"""Prompts under which a text is not constant: two may be one question asked twice."""
MOST: Final = 10
"""Prompts from which a text is, in however large a set; between them one in a hundred."""

TABLES = """
CREATE TABLE answers(id INTEGER PRIMARY KEY, prompt INTEGER, chosen INTEGER,
  size INTEGER, rival INTEGER, keys BLOB, grams BLOB, text TEXT);
CREATE TABLE keys(key INTEGER, id INTEGER);
"""
INSERT_ANSWER: Final = "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
SLOTS: Final = 4194301
"""Counters of keys, a prime number: four megabytes, however many keys there are."""


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


AnswerRows = Sequence[Sequence[Any]]
"""What is put down of one row: a line of the table `answers` for each."""


class ConstantAnswers:
    """Answers taken in row by row, in any order; what they have in common is on the disk.

    An answer's id is its place: its row and its index there.
    """

    def __init__(self) -> None:
        self._link = sqlite3.connect("", isolation_level=None)
        self._link.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000;"
            f"PRAGMA temp_store=FILE; BEGIN; {TABLES}"
        )

    def add(self, number: int, prompt: str, answers: Sequence[Answer]) -> None:
        """Take in one row: its prompt, and its answers in their order."""
        self.add_prepared(answer_rows(number, prompt, answers))

    def add_prepared(self, rows: AnswerRows) -> None:
        """Take in what `answer_rows` has made of a row."""
        self._link.executemany(INSERT_ANSWER, rows)

    def result(self) -> tuple[ConstantAnswer, ...]:
        """The constant answers, those to most prompts first."""
        sql = "SELECT count(DISTINCT prompt) FROM answers"
        ((prompts,),) = self._link.execute(sql)
        least = fewest_prompts(prompts)
        self._put_down_keys(least)
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

    def _put_down_keys(self, least: int) -> None:
        """Put down the keys that so many answers may share, which few keys are.

        Counters say so, each for many keys: where their answers are fewer, so are a key's.
        """
        counts, of_all = bytearray(SLOTS), "SELECT keys, id FROM answers"
        for keys, _ in self._link.execute(of_all):
            for key in array("q", keys):
                slot = key % SLOTS
                if (many := counts[slot]) < least:
                    counts[slot] = many + 1
        shared = (
            (key, place)
            for keys, place in self._link.execute(of_all)
            for key in array("q", keys)
            if counts[key % SLOTS] >= least
        )
        self._link.execute("DELETE FROM keys")
        self._link.executemany("INSERT INTO keys VALUES (?, ?)", shared)
        self._link.execute("CREATE INDEX IF NOT EXISTS by_key ON keys(key, id)")

    def _keys(self, least: int, more: str, lowest: int) -> Iterator[Key]:
        """The keys that answers to enough prompts share, those of most prompts first.

        `lowest` is the least that a key of such answers can be.
        """
        sql = (
            "SELECT key, count(*) FROM keys JOIN answers USING (id) WHERE key IN"
            # Told by the index alone; most keys are those of fewer answers.
            " (SELECT key FROM keys WHERE key >= ? GROUP BY key HAVING count(*) >= ?)"
            f" AND {more} GROUP BY key HAVING count(DISTINCT prompt) >= ?"
            " ORDER BY count(DISTINCT prompt) DESC, key"
        )
        return starmap(Key, self._link.execute(sql, (lowest, least, least)).fetchall())

    def _long_groups(self, least: int) -> list[list[int]]:
        """Long answers near one text, each in one group."""
        groups = NearGroups(self._link, least)
        groups.add(self._keys(least, f"size > {LONG}", 0))
        return groups.places

    def _answers(self, key: int) -> list[int]:
        """The places of the answers of a key."""
        sql = "SELECT id FROM keys WHERE key = ? ORDER BY id"
        return [place for (place,) in self._link.execute(sql, (key,))]

    def _short_groups(self, least: int, prompts: int) -> list[list[int]]:
        """A short answer that stands alone against real ones.

        Where several short answers recur, they are the few that a task allows; one word
        may be right for any prompt.
        """
        keys = self._keys(least, f"size BETWEEN 0 AND {LONG}", TEXT_KEYS)
        groups = [self._answers(one.key) for one in keys]
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
    sizes, prompt_key = [*map(len, answer_words)], text_key(prompt_words, prompt)
    for index, answer in enumerate(answers):
        longest = max(sizes[:index] + sizes[index + 1 :], default=-1)
        place = number * INDICES + index
        keys, grams = signature(answer.text, answer_words[index], prompt_words)
        measured = (place, prompt_key, answer.chosen, sizes[index], longest)
        found = (array("q", keys).tobytes(), grams, answer.text[:TEXT_KEPT])
        made.append((*measured, *found))
    return made


def fewest_prompts(prompts: int) -> int:
    """Different prompts that make a text constant in a set of so many.

    Three in small sets; in larger ones, where stock phrases recur, one in a hundred and
    ten at most.
    """
    return min(MOST, max(LEAST, -(-prompts // 100)))
