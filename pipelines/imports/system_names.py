"""Names of the systems whose answers an imported table compares.

They come from a column a side, named or as arena files and AlpacaEval have it, else from
the names of the columns that hold the answers, unless these only number the two sides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

SLOTS = ("first", "second")
"""Names of two sides whose systems nobody knows."""

SIDE_COLUMNS = (
    ("model_a", "model_b"),
    ("model_1", "model_2"),
    ("generator_1", "generator_2"),
    ("system_a", "system_b"),
    ("system_1", "system_2"),
    ("model1", "model2"),
)
"""Pairs of columns that files are known to name their two systems in."""

GENERAL = frozenset(
    (
        *("answer", "response", "output", "text", "completion", "candidate", "reply"),
        *("result", "generation", "prediction", "option", "choice", "side", "column"),
        *("model", "system", "assistant", "generator", "message", "content"),
        *("conversation", "summary", "story", "translation", "draft"),
    )
)
"""Words of columns' names that say what a text is, and not whose."""

SIDES = (("a", "b"), ("1", "2"), ("0", "1"), ("first", "second"), ("left", "right"))
ROLES = (("chosen", "rejected"), ("winner", "loser"), ("better", "worse"))
WORD = re.compile(r"[^\W_]+")
HUMP = re.compile(r"([a-z])([A-Z])")
NUMBERED = re.compile(r"([^\W\d_]{2,})(\d)\b")


class SystemColumns(NamedTuple):
    """The columns of the two answers, and of their systems' names; None is unknown."""

    first: str | None = None
    second: str | None = None
    system_first: str | None = None
    system_second: str | None = None

    def found_in(self, there: Collection[str]) -> SystemColumns:
        """The same with the columns of the names that a file is known by."""
        if self.system_first or self.system_second or not self.numbers_sides:
            return self
        for pair in SIDE_COLUMNS:
            if set(pair) <= set(there) and pair != (self.first, self.second):
                return self._replace(system_first=pair[0], system_second=pair[1])
        return self

    @property
    def numbers_sides(self) -> bool:
        """Whether the answers' columns tell two sides apart and not two systems."""
        return not (self.first and self.second) or only_sides(self.first, self.second)

    def names(self, values: Mapping[str, Any]) -> tuple[str, str]:
        """The two systems of a row; `SLOTS` where nobody names them."""
        given = [
            str(values.get(name) or "") if name else ""
            for name in (self.system_first, self.system_second)
        ]
        columns = SLOTS if self.numbers_sides else (str(self.first), str(self.second))
        return given[0] or columns[0], given[1] or columns[1]

    def named(self, values: Mapping[str, Any]) -> list[str]:
        """The two systems that a row's own columns name, in any order; none else."""
        if self.system_first is None and self.system_second is None:
            return []
        return sorted(self.names(values))


def only_sides(first: str, second: str) -> bool:
    """Whether two columns' names are general words with a mark of the side, or less.

    `answer_a` and `answer_b`, `1` and `2`, `chosen` and `rejected` are; `gpt4` and
    `llama`, or `llama_7b` and `llama_13b`, are not.
    """
    one, two = name_words(first), name_words(second)
    marks = one - two - GENERAL, two - one - GENERAL
    return one & two <= GENERAL and marks in [({a}, {b}) for a, b in (*SIDES, *ROLES)]


def name_words(column: str) -> set[str]:
    """The words of a column's name, lower case: `answerA`, `answer_a` and `answer1`."""
    apart = NUMBERED.sub(r"\1 \2", HUMP.sub(r"\1 \2", column).lower())
    return set(WORD.findall(apart))
