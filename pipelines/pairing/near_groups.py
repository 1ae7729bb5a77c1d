"""Groups of long answers that are nearly one text, read from the disk in parts.

The result is that of looking at every key by itself. In a small set texts of several keys
are read once for all of those that are looked at together, in memory that has a bound; in a
larger one what they would be held by takes longer than reading each again.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from fellowship.pipelines.pairing.near_texts import (
    PART,
    Centre,
    common_grams,
    is_near,
)
from fellowship.pipelines.pairing.text_masks import FEWEST, TextMasks

STEP: Final = 500
"""Answers, however often each, of the keys that are read at once."""
MOST_TEXTS: Final = 1 << 12
"""Texts of a set whose keys are looked at together: with twice as many it is no gain."""
MOST_HASHES: Final = 1 << 17
MOST_BITS: Final = 1 << 26
"""Different hashes of the texts that are held, and the bits of their masks (8 MB)."""
OF_KEYS: Final = "key IN (SELECT value FROM json_each(?))"


class Member(NamedTuple):
    """An answer as it is compared: its place, its prompt's hash, its hashes in order."""

    place: int
    prompt: int
    grams: array[int]


def as_member(row: tuple[int, int, bytes]) -> Member:
    """An answer of its row: place, prompt, and what `signature` has kept of its text."""
    place, prompt, kept = row
    return Member(place, prompt, array("I", kept))


class Key(NamedTuple):
    """What several answers can be found by, and how many these are."""

    key: int
    answers: int


class Held:
    """Keys that are looked at together, and their texts: so many that all can be held."""

    def __init__(self) -> None:
        self.keys: dict[int, list[int]] = {}
        self.texts: dict[int, Member] = {}
        self.counts = Counter[int]()

    def add(self, text: Member) -> None:
        """Hold a text."""
        self.texts[text.place] = text
        self.counts.update(text.grams)

    @property
    def is_full(self) -> bool:
        """Whether no more may be held."""
        texts, hashes = len(self.texts), len(self.counts)
        return hashes > MOST_HASHES or texts * hashes > MOST_BITS


class NearGroups:
    """Groups on their way; answers to fewer than `least` prompts are none."""

    def __init__(self, link: sqlite3.Connection, least: int) -> None:
        self._link = link
        self._least = least
        self._taken: set[int] = set()
        self._centres: list[Centre] = []
        self.places: list[list[int]] = []

    def add(self, keys: Iterable[Key]) -> None:
        """Look at the answers of each key, those of most prompts first."""
        if self._has_many_texts():
            for one in keys:
                self._add_by_itself(one.key)
            return
        held = Held()
        for part in in_parts(keys):
            if part[0].answers >= PART:
                held = self._look_at(held)
                self._add_by_itself(part[0].key)
                continue
            self._read([one.key for one in part], held)
            if held.is_full:
                held = self._look_at(held)
        self._look_at(held)

    def _has_many_texts(self) -> bool:
        sql = "SELECT count(*) FROM (SELECT 1 FROM answers LIMIT ?)"
        ((texts,),) = self._link.execute(sql, (MOST_TEXTS + 1,))
        return bool(texts > MOST_TEXTS)

    def _read(self, keys: Sequence[int], held: Held) -> None:
        """Read the answers of some keys, and those of their texts that are not held."""
        sql = f"SELECT key, id FROM keys WHERE {OF_KEYS} ORDER BY key, id"
        answers: dict[int, list[int]] = {key: [] for key in keys}
        wanted = set[int]()
        for key, place in self._link.execute(sql, (json.dumps(keys),)):
            answers[key].append(place)
            if place not in held.texts and place not in self._taken:
                wanted.add(place)
        held.keys |= answers
        sql = "SELECT id, prompt, grams FROM answers WHERE id IN"
        places = (json.dumps([*wanted]),)
        for row in self._link.execute(
            f"{sql} (SELECT value FROM json_each(?))", places
        ):
            held.add(as_member(row))

    def _look_at(self, held: Held) -> Held:
        """Look at the keys whose texts are held; what is held then is nothing."""
        texts = {place: one.grams for place, one in held.texts.items()}
        masks = TextMasks(texts, held.counts)
        for key, places in held.keys.items():
            free = [place for place in places if place not in self._taken]
            if len(free) < FEWEST:
                self._add_by_itself(key)
                continue
            common = masks.common(free)
            if near := [place for place in free if masks.is_near(place, common)]:
                home = masks.first_near(self._centres, common)
                prompts = {held.texts[place].prompt for place in near}
                self._keep(near, prompts, home, partial(masks.centre, common))
        return Held()

    def _members(self, key: int) -> Iterator[Member]:
        """The answers of a key that are in no group yet, read one at a time."""
        sql = "SELECT id, prompt, grams FROM keys JOIN answers USING (id) WHERE key = ?"
        for row in self._link.execute(f"{sql} ORDER BY id", (key,)):
            if row[0] not in self._taken:
                yield as_member(row)

    def _add_by_itself(self, key: int) -> None:
        """Look at the answers of one key, read one at a time where they are many."""
        kept = [*islice(self._members(key), PART)]

        def members() -> Iterable[Member]:
            return kept if len(kept) < PART else self._members(key)

        centre = common_grams(lambda: (one.grams for one in members()))
        near = [one[:2] for one in members() if is_near(one.grams, centre)]
        if not near:
            return
        known = enumerate(self._centres)
        home = next((n for n, one in known if is_near(one.grams, centre)), None)
        places, prompts = zip(*near, strict=True)
        self._keep(places, {*prompts}, home, lambda: centre)

    def _keep(
        self,
        near: Sequence[int],
        prompts: Collection[int],
        home: int | None,
        centre: Callable[[], Centre],
    ) -> None:
        """Put answers that are near one text into the group `home`, or begin one."""
        if home is not None:
            self.places[home].extend(near)
        elif len(prompts) >= self._least:
            self._centres.append(centre())
            self.places.append([*near])
        else:
            return
        self._taken.update(near)


def in_parts(keys: Iterable[Key]) -> Iterator[list[Key]]:
    """Keys in their order, so many that their answers are few; one of many alone."""
    part, held = list[Key](), 0
    for key in keys:
        alone = key.answers >= PART
        if part and (alone or held + key.answers > STEP):
            yield part
            part, held = [], 0
        part.append(key)
        held += STEP if alone else key.answers
    if part:
        yield part
