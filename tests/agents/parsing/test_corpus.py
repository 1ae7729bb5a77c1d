"""Judge replies of nine styles are read as a person reads them, or not at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from fellowship.agents.parsing.conclusions import last_conclusion
from fellowship.agents.parsing.languages import LANGUAGES, in_english
from fellowship.agents.parsing.problems import Unreadable
from fellowship.agents.parsing.revisions import REVISION
from tests.support.verdict_corpus import (
    Attempt,
    attempts,
    corpus_files,
    count_states,
)


@cache
def style(path: Path) -> tuple[Attempt, ...]:
    """A file's replies, read once."""
    return tuple(attempts(path, REVISION))


FILES = corpus_files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.fault(number=108, on="judges' replies")
def test_no_reply_is_read_otherwise_than_a_person_reads_it(
    path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("replies", len(style(path)))
    wrong = [each for each in style(path) if each.state == "wrong"]
    assert wrong == []


@pytest.mark.fault(number=109, on="judges' replies")
def test_of_what_a_person_can_read_95_in_100_are_read() -> None:
    found = count_states(each for path in FILES for each in style(path))
    assert found["right"] >= 0.95 * (found["right"] + found["left"])


def test_the_corpus_holds_the_replies_that_it_promises() -> None:
    rows = [each.row for path in FILES for each in style(path)]
    assert len(rows) >= 300
    assert sum(row["reads"] is None for row in rows) >= 100
    assert {row["form"] for row in rows} == {
        *("direct", "combined", "independent", "review")
    }
    assert len({row["id"] for row in rows}) == len(rows)


def test_what_is_unreadable_says_why_by_a_phrase_of_the_table() -> None:
    whys = Counter(each.why for path in FILES for each in style(path) if each.why)
    assert set(whys) <= {each.value for each in Unreadable}
    assert len(whys) >= 10


CONCLUDES = (
    "is better|is superior|is stronger|is preferable|preferred|is best|is the winner|wins"
    "|won|takes it|is worse|was the worst|is weaker|is inferior|is more accurate"
)


def test_one_look_finds_each_line_that_concludes_or_is_in_another_language() -> None:
    said = [f"the first response {words}" for words in CONCLUDES.split("|")]
    lines = [*said, *(f"So {words}" for words in said)]
    lines += [f"I {verb} response B" for verb in ("prefer", "choose", "pick", "favour")]
    for language in LANGUAGES.values():
        lines += [f"{sign} 1" for sign in re.findall(r"[^\W\d_]{3,}", language.signs)]
    for each in (each for path in FILES for each in style(path)):
        lines += each.row["reply"].split("\n")
    found = Counter[object]()
    for line in filter(lambda line: len(line) < 150, lines):
        # One letter that is not of ASCII, and all patterns are asked.
        assert last_conclusion(line) == last_conclusion(f"ø\n{line}")
        assert f"ø {in_english(line)}" == in_english(f"ø {line}")
        found.update((last_conclusion(line), in_english(line) == line))
    assert min(found["first"], found["second"], found[False]) > 10
