"""Filters, search and sorting of the list of rows."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.records import Outcome
from fellowship.viewer.filters import Filters, full_text_query
from fellowship.viewer.index_tables import space_letters, unspace
from fellowship.viewer.listing import listing, neighbours
from tests.support.outcomes import BOTH, SPLIT, row_of
from tests.support.runs import written
from tests.support.viewer_pages import indexed, numbers


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"state": "tie"}, [3]),
        ({"team": "two"}, [1, 2, 3, 4, 5]),
        ({"model": "model-b"}, [3]),
        ({"disagree": "orders"}, [2]),
        ({"disagree": "jurors"}, [3]),
        ({"disagree": "any"}, [2, 3]),
        ({"invalid": "1"}, [4]),
        ({"low": "3.5"}, []),
        ({"low": "3", "high": "3"}, [1, 2, 3, 4, 5]),
        ({"label": "against"}, [5]),
        ({"label": "unlabelled"}, [1, 2, 3, 4]),
        ({"q": "petrichor"}, [5]),
        ({"q": "PETRI"}, [5]),
        ({"q": "cafe noir"}, [5]),
        ({"q": '"rare petrichor"'}, [5]),
        ({"q": '"petrichor rare"'}, []),
        ({"q": "question number 3"}, [3]),
        ({"q": "id-4"}, [4]),
        ({"q": "zebra"}, []),
        ({"state": "no such state", "page": "-3", "low": "x"}, [1, 2, 3, 4, 5]),
    ],
)
def test_a_filter_leaves_the_rows_it_names(
    five: Path, asked: dict[str, str], found: list[int]
) -> None:
    assert numbers(indexed(five), **asked) == found


def test_a_search_shows_where_its_words_were_found(five: Path) -> None:
    (one,) = listing(indexed(five), Filters.from_query({"q": "petrichor"})).rows
    assert one.excerpt == "a rare \x02petrichor\x03"
    assert one.who == "generator"


def test_words_written_without_spaces_are_found_inside_a_sentence(
    tmp_path: Path,
) -> None:
    text = "我们喜欢在湖边散步。"
    run = written(tmp_path / "run", [row_of(1, *BOTH, texts=(text, "x"))])
    (one,) = listing(indexed(run), Filters.from_query({"q": "湖边"})).rows
    assert unspace(one.excerpt).replace("\x02", "").replace("\x03", "") == text
    assert numbers(indexed(run), q="边湖") == []


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_search_is_a_syntax_error(words: str) -> None:
    link = sqlite3.connect(":memory:")
    link.execute("CREATE VIRTUAL TABLE t USING fts5(a)")
    if match := full_text_query(words):
        link.execute("SELECT * FROM t WHERE t MATCH ?", (match,)).fetchall()
    link.close()


@given(st.text(alphabet="ab 湖边がなสวัส.", max_size=30))
def test_spacing_a_text_out_loses_none_of_its_letters(text: str) -> None:
    assert space_letters(text).replace(" ", "") == text.replace(" ", "")


def test_sorting_falls_or_rises_and_rows_without_a_value_come_last(
    tmp_path: Path,
) -> None:
    bare = Outcome(number=9, item="x", state="failed", why="no server")
    run = written(tmp_path / "run", [row_of(1, *SPLIT), row_of(2, *BOTH), bare])
    index = indexed(run)
    assert numbers(index, sort="agreement") == [1, 2, 9]
    assert numbers(index, sort="agreement", down="1") == [2, 1, 9]
    filters = Filters.from_query({"sort": "agreement", "down": "1"})
    assert neighbours(index, filters, 1) == (2, 9)


def test_an_address_says_its_filters_and_gives_them_back() -> None:
    filters = Filters.from_query(
        {"q": "a b", "state": "tie", "low": "2", "sort": "margin"}
    )
    assert filters.query() == "q=a+b&state=tie&low=2&sort=margin"
    assert Filters().query() == ""
