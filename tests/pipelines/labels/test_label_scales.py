"""Scales of labels: never taken for sides, and read by the flag that names their ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.cli.exit_codes import Exit
from fellowship.errors import InputError
from fellowship.pipelines.columns.scales import scale_named
from fellowship.pipelines.columns.sides import Meanings, read_sides
from fellowship.pipelines.columns.winner_words import WINNER_WORDS, parse_winner
from tests.support.commands import said

SCALES = {
    "helpsteer3": [-3, -2, -1, 0, 1, 2, 3],
    "its middle": [-1, 0, 1, 2],
    "likert": [1, 2, 3, 4, 5],
    "likert as text": ["1", "2.0", "3", "+4", "5"],
    "ten": [0, 3, 7, 10],
    "per cent": ["0%", "50%", "100%"],
    "chances": [0.1, 0.5, 0.9],
    "0 and 1": [0, 1, 1],
    "0 and 1 as floats": [0.0, 1.0],
    "signed": [-1, 1],
    "three": [1, 2, 3],
}
"""Columns whose numbers have several meanings, by name."""


def table(folder: Path, cells: list[object], column: str) -> Path:
    rows = [
        {"id": n, "prompt": f"why {n}?", "response1": f"x {n}", "response2": f"y {n}"}
        for n in range(len(cells))
    ]
    path = folder / "l.jsonl"
    lines = (json.dumps({**r, column: c}) for r, c in zip(rows, cells, strict=True))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", SCALES)
@pytest.mark.parametrize(
    "verb", [("labels", "--label", "v"), ("verdicts", "--winner", "v", "--id", "id")]
)
def test_a_scale_enters_no_run_until_somebody_says_what_it_means(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, verb: tuple[str, ...]
) -> None:
    file, into = table(tmp_path, SCALES[kind], "v"), tmp_path / "run"
    what, *more = verb
    code, _, err = said(capsys, "import", what, file, "--into", into, *more)
    assert code == Exit.USAGE
    assert "scale" in err or "0=first" in err
    assert not into.exists()


@pytest.mark.parametrize("cells", [[1, 2], [0, 1, 2], [2, 2]])
def test_numbers_in_a_graded_column_are_a_grade(cells: list[int]) -> None:
    read_sides("f", "label", cells, Meanings())
    with pytest.raises(InputError, match=r"--label-scale"):
        read_sides("f", "overall_preference", cells, Meanings())


@pytest.mark.parametrize(
    ("cells", "scale"),
    [
        (["80%", "20%", "50%"], "0..100"),
        ([3, 4, 5], "1..5"),
        ([0.1, 0.9], "0..1"),
        ([-1, 2], "-2..2"),
    ],
)
def test_the_hint_names_the_usual_ends(cells: list[object], scale: str) -> None:
    with pytest.raises(InputError, match=f"--label-scale {scale} if"):
        read_sides("f", "label", cells, Meanings())


@pytest.mark.parametrize(
    ("scale", "first", "tie", "second"),
    [
        ("-3..3", -1, 0, 1),
        ("3..-3", 1, 0, -1),
        ("1..5", 2, 3, 4),
        ("5..1", "4.0", "3", "2"),
        ("100..0", "51%", "50%", "49%"),
        ("0..1", 0, 0.5, 1),
        ("probability", 0.9, 0.5, 0.1),
        ("one-to-two", 1, 1.5, 2),
        ("difference", 7, 0, -7),
    ],
)
def test_a_scale_names_the_side_of_its_end(
    scale: str, first: object, tie: object, second: object
) -> None:
    read = read_sides("f", "v", [first, tie, second], Meanings(scale=scale))
    assert [read.winner(x) for x in (first, tie, second)] == ["first", "tie", "second"]
    for odd in (1e9, "good", True) if not scale.startswith("diff") else ("good",):
        with pytest.raises(InputError, match="is not on the scale"):
            read.winner(odd)


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-50, 50))
def test_turning_a_scale_round_turns_every_label(a: int, b: int, label: int) -> None:
    if a == b:
        with pytest.raises(InputError, match="is no scale"):
            scale_named(f"{a}..{b}")
        return
    one, other = scale_named(f"{a}..{b}"), scale_named(f"{b}..{a}")
    swapped = {"first": "second", "second": "first", "tie": "tie"}
    assert other.winner(label) == swapped[one.winner(label)]
    assert (one.winner(a), one.winner(b)) == ("first", "second")


@pytest.mark.parametrize(
    ("words", "winner"),
    [
        (("Model A", "response_1", "[[A]]", "a>>b", "A is better.", "1.0"), "first"),
        (("model-b", "Response 2", "B>A", "the second response", "b wins"), "second"),
        (("TIE", "A=B", "both_bad", "tie (bothbad)", "[[C]]", 0.0), "tie"),
        (tuple(w for w, side in WINNER_WORDS.items() if side == "tie"), "tie"),
    ],
)
def test_a_side_is_known_in_its_spellings(
    words: tuple[object, ...], winner: str
) -> None:
    assert {parse_winner(word, {}) for word in words} == {winner}


def test_missing_labels_are_none_and_none_as_a_word_is_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = table(tmp_path, ["A", "nan", None, float("nan"), "null", "B"], "label")
    code, out, _ = said(
        capsys, "import", "labels", file, "--into", tmp_path / "r", "--json"
    )
    assert (code, json.loads(out)["verdicts"]) == (Exit.DONE, 2)
    file = table(tmp_path, ["A", "None"], "label")
    code, _, err = said(capsys, "import", "labels", file, "--into", tmp_path / "s")
    assert (code, "'None'" in err) == (Exit.USAGE, True)


def test_lists_and_conversations_of_a_label_file_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talk = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    talk.append({"role": "user", "content": "r"})
    row = {"prompt": talk, "response1": '["x"]', "response2": "['y']", "label": "A"}
    file = tmp_path / "l.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")
    code, out, _ = said(capsys, "import", "labels", file, "--preview", "1", "--json")
    (read,) = json.loads(out)["rows"]
    assert (code, [text for _, text in read["turns"]]) == (Exit.DONE, ["q", "a", "r"])
    assert [answer["texts"] for answer in read["answers"]] == [["x"], ["y"]]
    assert (
        said(capsys, "import", "labels", file, "--into", tmp_path / "r")[0] == Exit.DONE
    )
