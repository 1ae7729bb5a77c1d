"""Good rows come out, bad rows come out as rejected, and together they are all rows."""

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
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.row_files import ROW_LIMIT
from fellowship.pipelines.sources.source import Rejected, count_rows, read_items
from fellowship.records import Item
from tests.support.corpus import HOSTILE

QUIET = [HealthCheck.function_scoped_fixture]


def jsonl(folder: Path, *lines: bytes | dict[str, Any], **columns: Any) -> Source:
    path = folder / "rows.jsonl"
    path.write_bytes(
        b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines)
    )
    return Source(path=path, **columns)


def items(source: Source) -> list[Item]:
    found = list(read_items(source))
    assert all(isinstance(one, Item) for one in found), found
    return [one for one in found if isinstance(one, Item)]


def why(source: Source) -> str:
    (one,) = read_items(source)
    assert isinstance(one, Rejected), one
    return one.why


@pytest.mark.parametrize(("line", "said"), HOSTILE)
def test_a_bad_row_is_rejected_by_line_between_good_ones(
    tmp_path: Path, line: bytes, said: str
) -> None:
    good = b'{"prompt": "hi"}'
    source = jsonl(tmp_path, b"\xef\xbb\xbf" + good, b"", line, good + b"\r")
    first, bad, last = read_items(source)
    assert isinstance(bad, Rejected)
    assert said in bad.why
    assert isinstance(first, Item)
    assert isinstance(last, Item)
    assert (first.number, bad.number, last.number) == (1, 3, 4)
    assert first.key == last.key
    assert len(bad.raw.encode()) < 50_000
    assert count_rows(source) == 3


def test_only_a_line_feed_ends_a_row(tmp_path: Path) -> None:
    text = "a\u2028b\u2029c\u0085d\x1b[31m\u202e"
    line = json.dumps({"prompt": text}, ensure_ascii=False).encode()
    assert items(jsonl(tmp_path, line))[0].conversation.question == text


def test_a_utf16_file_is_refused_as_a_whole(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="save it as UTF-8"):
        list(read_items(jsonl(tmp_path, '{"prompt": "x"}'.encode("utf-16"))))


def turns(*said: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in said]


def test_the_three_forms_of_a_prompt_make_conversations(tmp_path: Path) -> None:
    talk = turns(("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c"))
    sharegpt = [
        {"from": {"assistant": "gpt", "user": "human"}.get(t["role"], t["role"])}
        | {"value": t["content"]}
        for t in talk
    ]
    rows = [{"prompt": p} for p in ("a", talk, sharegpt, ["a", "b"])]
    one, same, also, users = (i.conversation for i in items(jsonl(tmp_path, *rows)))
    assert [m.role for m in one.messages] == ["user"]
    assert [m.model_dump() for m in same.messages] == talk
    assert same == also
    assert [(m.role, m.content) for m in users.messages] == [
        ("user", "a"),
        ("user", "b"),
    ]


@pytest.mark.parametrize(
    ("talk", "said"),
    [
        (turns(("user", "a"), ("assistant", "b")), "ends with the assistant's turn"),
        (turns(("assistant", "b"), ("user", "a")), "don't take turns"),
        (turns(("user", "a"), ("system", "b"), ("user", "c")), "after the first"),
        (
            turns(("user", "a"), ("user", "b"), ("assistant", "c"), ("user", "d")),
            "don't take turns",
        ),
    ],
)
def test_a_conversation_that_is_no_prompt_says_why(
    tmp_path: Path, talk: object, said: str
) -> None:
    assert said in why(jsonl(tmp_path, {"prompt": talk}))


def test_existing_answers_become_candidates_named_by_their_columns(
    tmp_path: Path,
) -> None:
    row = {"prompt": ["q", "r"], "x": ["1", "2"], "y": turns(*[("assistant", "z")] * 2)}
    (item,) = items(jsonl(tmp_path, row, candidates=("x", "y")))
    assert [(c.system, c.text, c.turns) for c in item.candidates] == [
        ("x", "2", ("1", "2")),
        ("y", "z", ("z", "z")),
    ]
    for wrong in ("one", ["one"], ["a", "b", "c"], [], None, True):
        bad = jsonl(tmp_path, row | {"x": wrong}, candidates=("x", "y"))
        assert "'x" in why(bad)


@pytest.mark.parametrize(
    ("label", "read"),
    [
        ("first", ("first",)),
        ([1, 2, 0], ("first", "second", "tie")),
        (["A", "b", "C", "Tie"], ("first", "second", "tie", "tie")),
        (2.0, ("second",)),
        (None, ()),
    ],
)
def test_labels_are_read_in_their_usual_spellings(
    tmp_path: Path, label: object, read: tuple[str, ...]
) -> None:
    row = {"prompt": "q", "x": "1", "y": "2", "label": label}
    (item,) = items(jsonl(tmp_path, row, candidates=("x", "y"), label="label"))
    assert item.labels == read


@pytest.mark.parametrize("label", [True, 3, -1, 1.5, "invalid", "left", [[1]], {}])
def test_any_other_label_is_rejected(tmp_path: Path, label: object) -> None:
    source = jsonl(tmp_path, {"prompt": "q", "label": label}, label="label")
    assert "is none of 'first'" in why(source)


def test_a_key_depends_on_content_and_an_id_on_nothing(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": "q", "n": n, "a": a} for n, a in ((1, "x"), (1, "x"), (None, "y"))
    ]
    one, same, other = items(jsonl(tmp_path, *rows, id="n", candidates=("a",)))
    assert (one.id, same.id, other.id) == ("1", "1", None)
    assert one.key == same.key != other.key
    assert len(one.key) == 16


def test_the_smaller_limit_holds_and_counts_rejected_rows(tmp_path: Path) -> None:
    source = jsonl(tmp_path, b"{", b"{", {"prompt": "q"}, limit=2)
    assert len(list(read_items(source))) == count_rows(source) == 2
    assert len(list(read_items(source, 1))) == count_rows(source, 1) == 1


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
            assert isinstance(one, Item) == bool(text.strip())
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


def test_an_absent_file_is_an_input_error(tmp_path: Path) -> None:
    for read in (lambda s: list(read_items(s)), count_rows):
        with pytest.raises(InputError, match="No such file"):
            read(Source(path=tmp_path / "none.jsonl"))
