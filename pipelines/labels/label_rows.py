"""Rows of a label file: votes of annotators on two texts, and how they were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fellowship.hashing import digest
from fellowship.pipelines.columns.sides import Meanings
from fellowship.pipelines.columns.texts import Cells
from fellowship.pipelines.labels.people_majority import people_majority
from fellowship.records import Conversation, Winner


@dataclass(frozen=True)
class Columns:
    """Which columns of a file hold what; None is found out from their names.

    `values` says what spellings mean ("invalid": no label), `scale` which numbers favour
    the first answer; `cells` what cells of texts are that may be lists.
    Values that nobody explained are refused, or with `count_unknown` counted and left out.
    """

    labels: tuple[str, ...] = ()
    id: str | None = None
    prompt: str | None = None
    first: str | None = None
    second: str | None = None
    values: Mapping[str, Winner] = field(default_factory=dict)
    annotator: str | None = None
    count_unknown: bool = False
    scale: str | None = None
    cells: Cells | None = None

    @property
    def meanings(self) -> Meanings:
        """What was said of the labels' values."""
        return Meanings(self.values, self.scale)


class Asked(NamedTuple):
    """How a label was asked for: the queue, and the row's place in the random draw.

    Both are empty in files of others and of versions before 2026-11-29.
    """

    queue: str = ""
    draw: float | None = None


@dataclass(frozen=True)
class LabelRow:
    """What people said of one row; `number` counts from 1, `key` is its texts' hash.

    `fault` says which of its texts are none; `turn` is the one a vote was about; `at` is
    the run's number of the row, where a column called `row` says it; `pair` the answers
    it speaks of, where it has no texts; `cells` its other columns;
    `ranked` how many answers its ranking has, if it is part of one;
    `talk` its prompt, where that is a conversation; `turns` the answers' texts turn by
    turn, where it has several.
    """

    number: int
    votes: tuple[Winner, ...]
    id: str | None = None
    prompt: str = ""
    first: str = ""
    second: str = ""
    key: str | None = None
    turn: int = 1
    names: tuple[str, str] = ("first", "second")
    fault: str = ""
    who: tuple[str, ...] = ()
    at: int | None = None
    pair: tuple[int, int] = (0, 1)
    ranked: int = 0
    asked: tuple[Asked, ...] = ()
    talk: Conversation | None = None
    turns: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    cells: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> Winner:
        """What most annotators said; invalid where they split or nobody said anything."""
        return people_majority(self.votes)

    @property
    def votes_by_name(self) -> dict[str, Winner]:
        """Annotator -> vote."""
        return named_votes(self.votes, self.who)


@dataclass(frozen=True)
class LabelFile:
    """A file's rows, and those that are none with the reason.

    `unknown` are values nobody explained, each with the numbers of its rows; `unlabelled`
    the rows whose label is empty; `columns` the ones with labels, and `reading` how their
    values were read.
    """

    rows: tuple[LabelRow, ...]
    bad: tuple[tuple[int, str], ...] = ()
    name: str = ""
    unknown: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    unlabelled: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    reading: str = ""


def named_votes(votes: Sequence[Winner], who: Sequence[str] = ()) -> dict[str, Winner]:
    """Annotator -> vote; the nameless are numbered, who votes twice is two people."""
    found: dict[str, Winner] = {}
    for n, vote in enumerate(votes):
        name = who[n] if n < len(who) else f"annotator {n + 1}"
        found[name if name not in found else f"{name} ({n + 1})"] = vote
    return found


def text_key(prompt: object, first: object, second: object) -> str:
    """16 hex letters that depend on the three texts, whatever they are."""
    try:
        return digest([prompt, first, second], 8)
    except ValueError:  # a number that JSON doesn't have: infinite, or none
        return digest([repr(one) for one in (prompt, first, second)], 8)
