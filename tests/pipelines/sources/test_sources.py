"""Rows of a source: good ones come out, bad ones by number, and together they are all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import InputError
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.source import Rejected, count_rows, read_items
from fellowship.records import Item
from tests.support.corpus import HOSTILE

pytestmark = pytest.mark.fault(number=16)


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


@pytest.mark.parametrize("label", [3, -1, 0.7, "0.7", "70%"])
def test_a_label_on_a_scale_refuses_the_source(tmp_path: Path, label: object) -> None:
    row = {"prompt": "q", "label": label}
    with pytest.raises(InputError, match=r"source\.label_scale"):
        list(read_items(jsonl(tmp_path, row, label="label")))
    read = items(jsonl(tmp_path, row, label="label", label_scale="-100..100"))
    assert read[0].labels == (("second",) if label != -1 else ("first",))


@pytest.mark.parametrize("label", [True, "invalid", "left", [[1]], {}])
def test_any_other_label_rejects_its_row_and_most_of_them_the_source(
    tmp_path: Path, label: object
) -> None:
    rows = [{"prompt": "q", "label": one} for one in ("A", "B", label)]
    *_, odd = read_items(jsonl(tmp_path, *rows, label="label"))
    assert isinstance(odd, Rejected)
    assert "is none of 'first'" in odd.why
    with pytest.raises(InputError, match=r"source\.label_values"):
        list(read_items(jsonl(tmp_path, rows[2], label="label")))


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


def test_an_absent_file_is_an_input_error(tmp_path: Path) -> None:
    for read in (lambda s: list(read_items(s)), count_rows):
        with pytest.raises(InputError, match="No such file"):
            read(Source(path=tmp_path / "none.jsonl"))
