"""The corpus of judge replies: what each says to a person, and what the reader makes of it.

`tests/agents/parsing/corpus` holds one file a style, one reply a line: its `form` (what
was asked for), the `reply`, and what a person `reads`, null where that is nothing.
`chatty`, `small` and `reasoning` were written before the reader was; `adversarial` and
`heldout` after it, each before it had been tried on them; `styles` are those of a later
trial, mended, that are read right or that nobody can read. `criteria`, `conditions` and
`headings` are three more held-out sets, whole.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from fellowship.agents.parsing.problems import kind_of
from fellowship.agents.parsing.replies import (
    read_choice,
    read_review,
    read_score,
    read_scores,
)
from fellowship.errors import VerdictError
from tests.support.paths import ROOT

FOLDER = ROOT / "tests/agents/parsing/corpus"
State = Literal["right", "left", "refused", "wrong"]
STATES: tuple[State, ...] = ("right", "left", "refused", "wrong")
"""Read as a person does; not read, where a person does; neither does; read otherwise."""


class Attempt(NamedTuple):
    """One reply of the corpus and what was read."""

    file: str
    row: dict[str, Any]
    read: Any
    why: str

    @property
    def state(self) -> State:
        """Which of the four it is."""
        if self.read is None:
            return "refused" if self.row["reads"] is None else "left"
        return "right" if self.read == self.row["reads"] else "wrong"


def corpus_files() -> list[Path]:
    """The files of the corpus."""
    return sorted(FOLDER.glob("*.jsonl"))


def attempts(path: Path, revision: int) -> Iterator[Attempt]:
    """Every reply of a file, read by a revision of the reader."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        try:
            read, why = read_row(row, revision), ""
        except VerdictError as error:
            read, why = None, kind_of(error)
        yield Attempt(path.stem, row, read, why)


def read_row(row: dict[str, Any], revision: int) -> Any:
    """What one reply says by its form."""
    text, form, high = row["reply"], row["form"], row.get("scale", 10)
    more: dict[str, Any] = {
        "candidates": row.get("candidates", ()),
        "cut": row.get("cut", False),
        "revision": revision,
    }
    if form == "direct":
        return read_choice(text, **more)
    if form == "independent":
        return read_score(text, low=1, high=high, **more)
    if form == "review":
        return read_review(text, low=1, high=high, **more).score
    scores = read_scores(text, low=1, high=high, **more)
    return [scores.first, scores.second]


def count_states(found: Iterable[Attempt]) -> Counter[State]:
    """How many are in each state."""
    return Counter(each.state for each in found)
