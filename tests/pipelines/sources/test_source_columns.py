"""Columns of a source: read by their values in one way, or refused before a call."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.errors import InputError
from fellowship.pipelines.columns.list_cells import list_in
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.source import Rejected, count_rows, read_items
from fellowship.pipelines.sources.source_columns import AS_WRITTEN
from fellowship.records import Item

NAMES = ("prompt", "x", "y")


def sheet(folder: Path, *rows: tuple[object, ...], **more: Any) -> Source:
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([NAMES, *rows])
    return Source(path=path, candidates=("x", "y"), **more)


def read(source: Source) -> list[Item | Rejected]:
    return list(read_items(source))


LISTS = {
    "json": json.dumps,
    "python": repr,
    "tuple": lambda value: repr(tuple(value)),
    "numpy": lambda value: f"array({value!r}, dtype=object)",
    "spaced": lambda value: f" {json.dumps(value, indent=1)}\n",
}


@pytest.mark.parametrize("form", LISTS)
def test_a_column_of_lists_in_a_string_is_read_as_lists(
    tmp_path: Path, form: str
) -> None:
    made = LISTS[form]
    rows = [
        tuple(made([f"{text} {n} it's"]) for text in ("q", "a", "b")) for n in (1, 2)
    ]
    first, _ = read(sheet(tmp_path, *rows))
    assert isinstance(first, Item)
    assert first.conversation.question == "q 1 it's"
    assert [c.text for c in first.candidates] == ["a 1 it's", "b 1 it's"]


@pytest.mark.parametrize("form", LISTS)
def test_messages_and_turns_in_a_string_are_read(tmp_path: Path, form: str) -> None:
    made = LISTS[form]
    talk = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
    turns = [made(["q", "r"]), made(["a", "b"]), made(["c", None])]
    chat, two = read(sheet(tmp_path, (made(talk), made(["a"]), made(["b"])), turns))
    assert isinstance(chat, Item)
    assert [m.role for m in chat.conversation.messages] == ["system", "user"]
    assert isinstance(two, Rejected)
    assert two.why == "'y[1]' is null, not a text"


def test_a_few_lists_among_texts_are_refused_by_row_and_kept_if_asked(
    tmp_path: Path,
) -> None:
    rows = [("q", "a", "b"), ("r", '["a"]', "b"), ("s", "c", "d"), ("t", "[1]", "e")]
    one, bad, two, numbers = read(sheet(tmp_path, *rows))
    assert isinstance(bad, Rejected)
    assert (bad.number, "source.cells: text" in bad.why) == (2, True)
    assert all(isinstance(item, Item) for item in (one, two, numbers))
    _, kept, _, _ = read(sheet(tmp_path, *rows, cells="text"))
    assert isinstance(kept, Item)
    assert kept.candidates[0].text == '["a"]'


def test_lists_and_texts_in_even_parts_refuse_the_source(tmp_path: Path) -> None:
    rows = [("q", "a", "b"), ('["r"]', "a", "b")]
    with pytest.raises(InputError, match=r"\(row 2\) and plain texts \(row 1\)"):
        read(sheet(tmp_path, *rows))


def test_answers_that_are_lists_of_several_stay_text_where_a_prompt_has_one_turn(
    tmp_path: Path,
) -> None:
    rows = [("Name two.", '["a", "b"]', '["c"]'), ("Three.", '["a"]', '["c", "d"]')]
    for item in read(sheet(tmp_path, *rows)):
        assert isinstance(item, Item)
        assert item.candidates[0].text.startswith("[")


def test_lists_of_several_beside_lists_of_one_are_refused(tmp_path: Path) -> None:
    rows = [("q", '["a", "b"]', '["c"]'), ("r", '["d", "e"]', '["f"]')]
    with pytest.raises(InputError, match=r"'x' has lists of several .*source\.cells"):
        read(sheet(tmp_path, *rows))
    kept, _ = read(sheet(tmp_path, *rows, cells="text"))
    assert isinstance(kept, Item)
    assert kept.candidates[1].text == '["c"]'


@pytest.mark.parametrize("blank", ["[]", '[""]', "[null]", "[None, '']"])
def test_a_list_without_a_text_refuses_its_row_alone(
    tmp_path: Path, blank: str
) -> None:
    good, bad = read(sheet(tmp_path, ("q", '["a"]', '["b"]'), ("r", blank, '["b"]')))
    assert isinstance(good, Item)
    assert isinstance(bad, Rejected)
    assert bad.why == "'x' is a list in a string without a text"
    assert isinstance(read(sheet(tmp_path, ("q", "[]", "none")))[0], Item)


def test_a_message_in_a_string_is_read(tmp_path: Path) -> None:
    said = [json.dumps({"role": "assistant", "content": text}) for text in "ab"]
    (item,) = read(sheet(tmp_path, ("q", *said)))
    assert isinstance(item, Item)
    assert [each.text for each in item.candidates] == ["a", "b"]
    plain = json.dumps({"role": "admin", "content": "a"})
    (kept,) = read(sheet(tmp_path, ("q", plain, '{"a": 1}')))
    assert isinstance(kept, Item)
    assert kept.candidates[0].text == plain


@pytest.mark.parametrize("cell", ["nan", "NaN", "<NA>"])
def test_a_missing_value_as_text_is_no_text(tmp_path: Path, cell: str) -> None:
    bad, good = read(sheet(tmp_path, ("q", cell, "b"), ("q", "None", "b")))
    assert isinstance(bad, Rejected)
    assert "missing value" in bad.why
    assert isinstance(good, Item)


def test_numpys_lists_are_never_glued_together(tmp_path: Path) -> None:
    assert list_in("['a' 'b']") is None
    assert list_in("['a'\n 'b']") is None
    assert list_in("['a', 'b']") == ["a", "b"]
    with pytest.raises(InputError, match="as numpy prints them"):
        read(sheet(tmp_path, ("q", "['a' 'b']", "b")))
    escaped = "[&quot;a&quot;]"
    bad, _ = read(sheet(tmp_path, ("q", escaped, "b"), ("q", "a", "b")))
    assert isinstance(bad, Rejected)
    assert "HTML entities" in bad.why


@given(st.lists(st.one_of(st.text(), st.none()), min_size=1))
def test_what_was_written_as_a_list_is_read_as_that(texts: list[str | None]) -> None:
    for made in (json.dumps(texts), repr(texts)):
        assert list_in(made) in (texts, None)
        if any(texts):
            assert list_in(json.dumps(texts)) == texts


@given(st.text())
def test_any_text_is_a_list_or_none(text: str) -> None:
    for one in (text, f"[{text}]", f"['{text}]", f'["{text}"'):
        found = list_in(one)
        assert found is None or isinstance(found, list)


def test_a_run_that_began_before_reads_cells_as_they_stand(tmp_path: Path) -> None:
    source = sheet(tmp_path, ('["q"]', '["a"]', '["b"]'))
    (item,) = read_items(source, columns=AS_WRITTEN)
    assert isinstance(item, Item)
    assert item.conversation.question == '["q"]'


def test_several_files_are_one_source_with_the_place_of_each_row(
    tmp_path: Path,
) -> None:
    (tmp_path / "sub").mkdir()
    for name, texts in (("b", "ab"), ("a", "c"), ("sub/c", "de")):
        lines = [json.dumps({"prompt": text}) for text in texts]
        (tmp_path / f"{name}.jsonl").write_text("\n\n".join(lines), encoding="utf-8")
    b, c = tmp_path / "b.jsonl", tmp_path / "sub" / "c.jsonl"
    source = Source(path=(b, c))
    found = [item for item in read_items(source) if isinstance(item, Item)]
    assert [(i.number, i.place, i.conversation.question) for i in found] == [
        (1, "b.jsonl:1", "a"),
        (3, "b.jsonl:3", "b"),
        (4, "sub/c.jsonl:1", "d"),
        (6, "sub/c.jsonl:3", "e"),
    ]
    assert count_rows(source) == 4
    globbed = Source(path=(tmp_path / "*.jsonl",))
    places = [item.place for item in read_items(globbed)]
    assert places == ["a.jsonl:1", "b.jsonl:1", "b.jsonl:3"]
    alone = [item for item in read_items(Source(path=[b])) if isinstance(item, Item)]  # type: ignore[arg-type]
    assert [(item.number, item.place) for item in alone] == [(1, None), (3, None)]
    assert [item.key for item in alone] == [item.key for item in found[:2]]
