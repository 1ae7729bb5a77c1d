"""Shortcuts of a set of pairs: features that alone tell chosen from rejected.

One counter for the card, the end of a run, the report page and `lint`. Pairs are put down
on the disk as they pass; the estimates are made over prompts, each counting once. What is
learnt from the set itself (an opening, a generator, words) is learnt on one part of the
prompts and tested on another, so a set without it has none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import sqrt
from statistics import NormalDist
from typing import Any, Final, NamedTuple

from fellowship.json_values import finite_number
from fellowship.pipelines.export.examples import (
    Example,
    common_beginning,
    joined_text,
    prompt_hash,
    text_hash,
)
from fellowship.pipelines.export.shortcut_features import FEATURES, Side
from fellowship.pipelines.export.shortcut_report import (
    BOUND,
    ERROR,
    FEWEST_FOR_WORDS,
    FEWEST_PROMPTS,
    WORDS_BOUND,
    Levels,
    Shortcut,
    ShortcutReport,
)
from fellowship.pipelines.export.word_classifier import (
    MOST_PAIRS,
    WordClassifier,
    WordPair,
    rank_of,
    word_pair,
)
from fellowship.pipelines.pairing.text_similarity import first_words
from fellowship.sanitize import single_line

OPENING: Final = "opening"
GENERATOR: Final = "generator"
WORDS: Final = "words"
LENGTH: Final = "length"
SENTENCES: Final = "sentences"
OPENING_WORDS: Final = 3
COLUMNS: Final = [f"f{n}" for n in range(len(FEATURES))]
TABLE: Final = (
    "CREATE TABLE pairs(n INTEGER PRIMARY KEY, prompt INTEGER, half INTEGER, better REAL,"
    " worse REAL, opening_a TEXT, opening_b TEXT, writer_a TEXT, writer_b TEXT,"
    " opening INTEGER DEFAULT 0, writer INTEGER DEFAULT 0,"
    f" rank INTEGER, {', '.join(f'{c} INTEGER' for c in COLUMNS)});"
    "CREATE TABLE guesses(prompt INTEGER, words INTEGER);"
)
INSERT_PAIR: Final = (
    f"INSERT INTO pairs VALUES ({', '.join('?' * (12 + len(COLUMNS)))})"
)
MEASURES: Final = [feature.measure for feature in FEATURES.values()]
HIGHEST: Final = "SELECT n, rank FROM pairs ORDER BY rank DESC, n LIMIT ?"


class Estimate(NamedTuple):
    """How often one feature alone tells the chosen answer, and on which side it is."""

    share: float
    low: float
    high: float
    chosen: int
    rejected: int


class ShortcutRow(NamedTuple):
    """One pair as the counter puts it down: a row of `pairs`, and its words."""

    values: Sequence[Any]
    words: WordPair | None


def shortcut_row(
    example: Example,
    place: int | None = None,
    wants: Callable[[int], bool] = lambda rank: True,
) -> ShortcutRow | None:
    """What one pair would teach by itself, the dear part of counting; None of no pair.

    `wants` says which pairs' words are looked at, by their rank.
    """
    if not example.is_pair:
        return None
    chosen, rejected = example.texts
    prompt, asked = prompt_hash(example), asked_text(example)
    if not example.prompt:
        prompt = text_hash("pair", chosen, rejected)
        asked = common_prompt(chosen, rejected)
        chosen, rejected = chosen[len(asked) :], rejected[len(asked) :]
    sides = Side(chosen, asked), Side(rejected, asked)
    values = []
    for measure in MEASURES:
        one, other = measure(sides[0]), measure(sides[1])
        values.append((one > other) - (one < other))
    facts = example.facts
    scores = (facts.get("chosen_score"), facts.get("rejected_score"))
    rank = rank_of(prompt, (chosen, rejected))
    row = (
        *(place, prompt, (prompt // 7) % 2, *map(finite_number, scores)),
        *(opening_of(chosen), opening_of(rejected), *writers(facts), 0, 0),
        *(rank, *values),
    )
    if not wants(rank):
        return ShortcutRow(row, None)
    at = -1 if place is None else place
    return ShortcutRow(row, word_pair(prompt, rank, (chosen, rejected), at))


def asked_text(example: Example) -> str:
    """What the user says in a prompt, the last turn first: its language is the one to
    answer in, whatever the system's turn is written in.
    """
    said = [turn for turn in example.prompt if turn["role"] == "user"]
    return joined_text(said[::-1]) if said else example.prompt_text


def common_prompt(one: str, other: str) -> str:
    """What two texts without a prompt begin with, up to a blank: TRL takes it for the
    prompt, and trains on the rest. Nothing where one of them has no rest.
    """
    same = common_beginning(one, other)
    begin = same[: 1 + max(map(same.rfind, " \n\t"))]
    return begin if one[len(begin) :].strip() and other[len(begin) :].strip() else ""


class ShortcutCounter:
    """Pairs on their way, and what they would teach."""

    def __init__(self) -> None:
        self._link = sqlite3.connect("", isolation_level=None)
        self._link.executescript(f"PRAGMA journal_mode=OFF; BEGIN; {TABLE}")
        self._words = WordClassifier()
        self._forgot = False

    def add(self, example: Example, place: int | None = None) -> None:
        """Look at one pair; what is no pair teaches no preference between two texts.

        `place` is its place in the set, where pairs come in another order.
        """
        if (row := shortcut_row(example, place, self.wants)) is not None:
            self.add_prepared(row)

    def wants(self, rank: int) -> bool:
        """Whether the words of a pair of this rank are looked at."""
        return self._words.wants(rank)

    def add_prepared(self, row: ShortcutRow) -> None:
        """Take in what `shortcut_row` has made of a pair."""
        self._link.execute(INSERT_PAIR, row.values)
        self._words.add_prepared(row.words)

    def forget(self, places: Iterable[int]) -> None:
        """Let go of the pairs at these places: `fill_sample` is for when all have gone."""
        gone = ((place,) for place in places)
        self._link.executemany("DELETE FROM pairs WHERE n = ?", gone)
        self._forgot = True

    def fill_sample(self) -> Sequence[int]:
        """Keep the words of the pairs that are in the sample of those that are left.

        The places of pairs whose words were not wanted before, in order, for `add_words`.
        """
        if not self._forgot:
            return ()
        self._forgot = False
        return self._words.keep_only(dict(self._link.execute(HIGHEST, (MOST_PAIRS,))))

    def add_words(self, example: Example, place: int) -> None:
        """Look at the words of a pair that is counted already."""
        if (row := shortcut_row(example, place)) is not None:
            self._words.add_prepared(row.words)

    def report(self) -> ShortcutReport:
        """What was checked, and what of it is a shortcut."""
        pairs, prompts = self._one("SELECT count(*), count(DISTINCT prompt) FROM pairs")
        if prompts < FEWEST_PROMPTS:
            return ShortcutReport(pairs=pairs, prompts=prompts)
        learnt = {OPENING: self._learn_opening()}
        if prompts >= FEWEST_FOR_WORDS:
            learnt[WORDS] = self._learn_words()
        if writer := self._learn_writers():
            learnt[GENERATOR] = writer
        checked = (*FEATURES, *learnt)
        z = NormalDist().inv_cdf(1 - ERROR / 2 / len(checked))
        found = []
        for column, (name, feature) in zip(COLUMNS, FEATURES.items(), strict=True):
            estimate = self._estimate("pairs", column, z)
            found += shortcuts_of(name, feature.words, feature.cure, estimate)
        for name, (what, cure) in learnt.items():
            table, column, bound = LEARNT[name]
            estimate = self._estimate(table, column, z)
            if estimate.low > bound:
                found += [
                    one.model_copy(update={"learnt": True})
                    for one in shortcuts_of(name, what, cure, estimate)
                ]
        found = drop_explained(found)
        return ShortcutReport(
            pairs=pairs, prompts=prompts, checked=checked, found=tuple(found)
        )

    def levels(self) -> Levels | None:
        """Mean scores over prompts; None where the pairs have none."""
        sql = (
            "SELECT count(*), sum(b), sum(b * b), sum(w), sum(w * w), sum(d), sum(d * d)"
            " FROM (SELECT avg(better) b, avg(worse) w, avg(better - worse) d FROM pairs"
            " WHERE better IS NOT NULL AND worse IS NOT NULL GROUP BY prompt)"
        )
        n, *sums = self._one(sql)
        if not n:
            return None
        z = NormalDist().inv_cdf(0.975)
        means = [total / n for total in sums[::2]]
        errors = [
            sqrt(max(0.0, squares / n - mean * mean) / (n - 1)) if n > 1 else None
            for mean, squares in zip(means, sums[1::2], strict=True)
        ]
        ends = [
            None if e is None else (round(m - z * e, 4), round(m + z * e, 4))
            for m, e in zip(means, errors, strict=True)
        ]
        chosen, rejected, delta = (round(mean, 4) for mean in means)
        return Levels(
            chosen=chosen,
            rejected=rejected,
            delta=delta,
            chosen_limits=ends[0],
            rejected_limits=ends[1],
            delta_limits=ends[2],
        )

    def close(self) -> None:
        """Give the disk back."""
        self._link.close()

    def _one(self, sql: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._link.execute(sql, values).fetchone()
        return row

    def _estimate(self, table: str, column: str, z: float) -> Estimate:
        """A feature's share over prompts with its interval.

        A prompt's value is the mean over its pairs of 1 (chosen alone has it), -1 or 0; the
        interval is normal, with one prompt of each kind added (after Agresti and Coull).
        """
        n, total, squares = self._one(
            f"SELECT count(*), sum(v), sum(v * v) FROM (SELECT avg({column}) v"
            f" FROM {table} GROUP BY prompt)"
        )
        sides = f"SELECT sum({column} > 0), sum({column} < 0) FROM {table}"
        chosen, rejected = self._one(sides)
        mean = total / (n + 2)
        half = z * sqrt(((squares + 2) / (n + 2) - mean * mean) / (n + 2))
        ends = (max(-1.0, mean - half), min(1.0, mean + half))
        low, high = ((1 + end) / 2 for end in ends)
        return Estimate((1 + total / n) / 2, low, high, chosen, rejected)

    def _learn_opening(self) -> tuple[str, str]:
        """Mark the pairs whose opening is the one that tells most in the other half."""
        seen: dict[str, None] = {}
        for half in (0, 1):
            found = self._link.execute(BEST_OPENING, (half, half)).fetchone()
            if found is None:
                continue
            text, sign = found[0], 1 if found[1] > 0 else -1
            seen[text] = None
            self._link.execute(
                "UPDATE pairs SET opening = ? * ((opening_a = ?) - (opening_b = ?))"
                " WHERE half <> ?",
                (sign, text, text, half),
            )
        quoted = " or ".join(repr(single_line(text, 40)) for text in seen)
        what = f"an opening, {quoted}," if quoted else "its opening"
        return what, "strip the phrase, or ask generators to leave it out"

    def _learn_words(self) -> tuple[str, str]:
        """Put down what words alone guess of pairs held out."""
        self._link.executemany(
            "INSERT INTO guesses VALUES (?, ?)", self._words.guesses()
        )
        quoted = ", ".join(
            repr(single_line(w, 30)) for w in self._words.telling_words()
        )
        cure = (
            "look at them: one generator's manner is cured by letting each system"
            " write both sides"
        )
        return f"words alone, such as {quoted},", cure

    def _learn_writers(self) -> tuple[str, str] | None:
        """Mark the pairs by which of two writers wins in the other half; None without."""
        if not self._one(f"SELECT count(*) FROM pairs WHERE {TWO_WRITERS}")[0]:
            return None
        wins: dict[str, int] = {}
        for half in (0, 1):
            for one, other, ahead in self._link.execute(
                WRITER_WINS, (half,)
            ).fetchall():
                wins[one] = wins.get(one, 0) + ahead
                wins[other] = wins.get(other, 0) - ahead
                self._link.execute(
                    "UPDATE pairs SET writer = CASE WHEN writer_a = ? THEN ? ELSE ? END"
                    " WHERE half <> ? AND min(writer_a, writer_b) = ?"
                    " AND max(writer_a, writer_b) = ?",
                    (one, sign(ahead), -sign(ahead), half, one, other),
                )
        best = max(wins, key=lambda name: (wins[name], name))
        cure = (
            "pair answers of one system: export --as single-agent, or samples of each"
        )
        return f"who wrote it, most often {single_line(best, 40)!r},", cure


LEARNT: Final[Mapping[str, tuple[str, str, float]]] = {
    OPENING: ("pairs", "opening", BOUND),
    GENERATOR: ("pairs", "writer", BOUND),
    WORDS: ("guesses", "words", WORDS_BOUND),
}
"""What is learnt from the set -> table and column of its guesses, and its bound."""

BEST_OPENING: Final = (
    "SELECT o, sum(d) FROM (SELECT opening_a o, 1 d FROM pairs WHERE half = ? AND"
    " opening_a <> opening_b UNION ALL SELECT opening_b, -1 FROM pairs WHERE half = ? AND"
    " opening_a <> opening_b) WHERE o <> '' GROUP BY o HAVING sum(d) <> 0"
    " ORDER BY abs(sum(d)) DESC, o LIMIT 1"
)
TWO_WRITERS: Final = "writer_a <> '' AND writer_b <> '' AND writer_a <> writer_b"
WRITER_WINS: Final = (
    "SELECT min(writer_a, writer_b), max(writer_a, writer_b), sum(CASE WHEN writer_a <"
    f" writer_b THEN 1 ELSE -1 END) FROM pairs WHERE half = ? AND {TWO_WRITERS}"
    " GROUP BY 1, 2 ORDER BY 1, 2"
)


def sign(value: float) -> int:
    """1, 0 or -1."""
    return (value > 0) - (value < 0)


def opening_of(text: str) -> str:
    """The first words of an answer, as they are compared."""
    return " ".join(first_words(text[:120], OPENING_WORDS))


def writers(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Who wrote chosen and rejected: by system where these differ, else by model."""
    for what in ("system", "model"):
        one, other = (
            str(facts.get(f"{s}_{what}") or "") for s in ("chosen", "rejected")
        )
        if one and other and one != other:
            return one, other
    return "", ""


def shortcuts_of(name: str, what: str, cure: str, estimate: Estimate) -> list[Shortcut]:
    """The shortcut, where its whole interval is beyond the bound on one side."""
    share, low, high = estimate.share, estimate.low, estimate.high
    chosen = share >= 0.5
    if not chosen:
        share, low, high = 1 - share, 1 - high, 1 - low
    if low <= BOUND:
        return []
    return [
        Shortcut(
            name=name,
            words=what,
            side="chosen" if chosen else "rejected",
            chosen=estimate.chosen,
            rejected=estimate.rejected,
            share=round(share, 4),
            low=round(low, 4),
            high=round(high, 4),
            cure=cure,
        )
    ]


def drop_explained(found: list[Shortcut]) -> list[Shortcut]:
    """The shortcuts, clearest first; words alone only where nothing tells as much, more
    sentences only where they tell more than length, with which they come, or the opposite.
    """
    clear = sorted(found, key=lambda one: (-one.share, one.name))
    longer = next((one for one in clear if one.name == LENGTH), None)
    if longer:
        explained = (SENTENCES, longer.side)
        clear = [
            one
            for one in clear
            if (one.name, one.side) != explained or one.share > longer.share
        ]
    others = [one for one in clear if one.name != WORDS]
    best = max((one.share for one in others), default=0.0)
    return [one for one in clear if one.name != WORDS or one.low > best]
