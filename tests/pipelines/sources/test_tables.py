"""Tables as sources: CSV, parquet and saved datasets."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fellowship.errors import InputError
from fellowship.pipelines.columns.texts import NO_VALUE
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.row_files import ROW_LIMIT
from fellowship.pipelines.sources.source import Rejected, count_rows, read_items
from fellowship.records import Item

pytestmark = pytest.mark.fault(number=16)

QUIET = [HealthCheck.function_scoped_fixture]


def items(source: Source) -> list[Item]:
    found = list(read_items(source))
    assert all(isinstance(one, Item) for one in found), found
    return [one for one in found if isinstance(one, Item)]


def turns(*said: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in said]


def sheet(folder: Path, text: str | bytes, **columns: Any) -> Source:
    path = folder / "rows.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Source(path=path, **columns)


def test_csv_rows_are_numbered_below_the_header(tmp_path: Path) -> None:
    text = '\ufeffid,prompt\r\n7,"two\nlines, ""quoted"""\r\n\r\n8,plain\r\n'
    one, two = items(sheet(tmp_path, text, id="id"))
    assert one.conversation.question == 'two\nlines, "quoted"'
    assert [(i.number, i.id) for i in (one, two)] == [(1, "7"), (2, "8")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"1,2,3", "3 fields where the header has 2"),
        (b"1", "1 fields where the header has 2"),
        (b'1,"a"b', "a quote inside a quoted text is doubled"),
        (b"1,\xff", "not UTF-8"),
        (b"1,", "'prompt' is empty"),
        (b"1,a\0b", "NUL"),
        (b"1," + b"x" * (ROW_LIMIT + 1), "longer than 1,000,000"),
    ],
)
def test_a_bad_csv_row_leaves_its_neighbours_alone(
    tmp_path: Path, line: bytes, said: str
) -> None:
    source = sheet(tmp_path, b"id,prompt\n1,a\n" + line + b"\n1,b\n")
    first, bad, last = read_items(source)
    assert isinstance(bad, Rejected)
    assert said in bad.why
    assert (first.number, bad.number, last.number) == (1, 2, 3)
    assert count_rows(source) == 3


def test_a_large_csv_field_is_read(tmp_path: Path) -> None:
    source = sheet(tmp_path, "prompt\n" + "x" * 500_000)
    assert len(items(source)[0].conversation.question) == 500_000


def test_an_open_csv_quote_is_told_with_what_it_swallows(tmp_path: Path) -> None:
    source = sheet(tmp_path, 'prompt\nfine\n"open\nmore\nlast\n')
    good, bad = read_items(source)
    assert isinstance(good, Item)
    assert isinstance(bad, Rejected)
    assert "swallows 3 line(s)" in bad.why
    with pytest.raises(InputError, match="is a quote left open"):
        list(read_items(sheet(tmp_path, 'prompt\n"open\n' + "text\n" * 300_000)))


def test_a_table_without_the_column_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'promts'"):
        list(read_items(sheet(tmp_path, "promts\nx\n")))
    with pytest.raises(InputError, match="two columns 'a'"):
        list(read_items(sheet(tmp_path, "a,a\nx,y\n", prompt="a")))


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"))))
def test_any_text_survives_jsonl_csv_and_parquet(
    tmp_path: Path, texts: list[str]
) -> None:
    with open(tmp_path / "t.csv", "w", newline="", encoding="utf-8") as out:
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["p"], *([t] for t in texts)])
    lines = [json.dumps({"p": t}, ensure_ascii=False) for t in texts]
    (tmp_path / "t.jsonl").write_bytes("\n".join(lines).encode())
    pq.write_table(
        pa.table({"p": pa.array(texts, pa.string())}), tmp_path / "t.parquet"
    )
    for kind in ("csv", "jsonl", "parquet"):
        source = Source(path=tmp_path / f"t.{kind}", prompt="p")
        found = list(read_items(source))
        assert len(found) == len(texts) == count_rows(source)
        for one, text in zip(found, texts, strict=True):
            there = text.strip() not in {"", *NO_VALUE}
            assert isinstance(one, Item) == there
            assert not isinstance(one, Item) or one.conversation.question == text


@settings(max_examples=200, deadline=None, suppress_health_check=QUIET)
@given(content=st.binary(max_size=200) | st.text(max_size=80).map(str.encode))
def test_any_bytes_are_rows_or_an_input_error(tmp_path: Path, content: bytes) -> None:
    for name in ("rows.jsonl", "rows.csv", "rows.parquet"):
        (tmp_path / name).write_bytes(content)
        try:
            list(read_items(Source(path=tmp_path / name)))
        except InputError as error:
            assert name in str(error)  # noqa: PT017 - either is fine, nothing else is


def test_parquet_keeps_turns_and_rejects_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"prompt": [turns(("user", "a"))] * 100}), path)
    assert [i.number for i in items(Source(path=path))] == list(range(1, 101))
    broken = pa.array([b"ok", b"\xff"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"prompt": broken}), path)
    good, bad = read_items(Source(path=path))
    assert isinstance(good, Item)
    assert isinstance(bad, Rejected)


def test_a_dataset_saved_to_disk_is_read_by_split(tmp_path: Path) -> None:
    import datasets

    data = datasets.Dataset.from_list([{"prompt": ["a", "b"], "x": 1}] * 3)
    data.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"test": data}).save_to_disk(tmp_path / "many")
    assert len(items(Source(dataset=str(tmp_path / "one")))) == 3
    assert len(items(Source(dataset=str(tmp_path / "many"), split="test"))) == 3
    with pytest.raises(InputError, match="no split 'train'; it has 'test'"):
        items(Source(dataset=str(tmp_path / "many")))


def test_without_the_extra_the_cure_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(InputError, match=r"pip install '\.\[data\]'"):
        items(Source(dataset="some/name"))
