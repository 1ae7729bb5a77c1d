"""Label files in their usual spellings, and those that could mean two things."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fellowship.cli.exit_codes import Exit
from fellowship.errors import InputError
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.pipelines.labels.people_majority import people_majority as majority
from tests.support.commands import said

LABELS = '{{"id": "a", "label": {}}}\n{{"id": "b", "label": {}}}\n'


@pytest.mark.parametrize("verb", ["labels", "verdicts --winner label --id id"])
def test_labels_of_nothing_but_0_and_1_are_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    file, into = tmp_path / "l.jsonl", tmp_path / "run"
    file.write_text(LABELS.format(0, 1))
    kind, *rest = verb.split()
    code, _, err = said(capsys, "import", kind, file, "--into", into, *rest)
    assert (code, "--value 0=first --value 1=second" in err) == (Exit.USAGE, True)
    assert not into.exists()
    meant = ("--value", "0=first", "--value", "1=second")
    code, _, err = said(capsys, "import", kind, file, "--into", into, *rest, *meant)
    assert code == Exit.DONE, err


@pytest.mark.parametrize("both", [("1", "2"), ("0", "2"), ('"1"', '"1"')])
def test_labels_that_can_mean_one_thing_only_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], both: tuple[str, str]
) -> None:
    file = tmp_path / "l.jsonl"
    file.write_text(LABELS.format(*both))
    code, _, err = said(capsys, "import", "labels", file, "--into", tmp_path / "run")
    assert code == Exit.DONE, err


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.mark.fault(number=16)
@settings(max_examples=150, suppress_health_check=QUIET, deadline=None)
@given(content=st.binary(max_size=200), kind=st.sampled_from(("json", "jsonl", "csv")))
def test_any_bytes_are_labels_or_an_input_error(
    tmp_path: Path, content: bytes, kind: str
) -> None:
    path = tmp_path / f"l.{kind}"
    path.write_bytes(content)
    try:
        found = read_labels(path)
    except InputError:
        return
    assert all(why for _, why in found.bad)


def test_most_annotators_decide_and_a_split_is_no_tie() -> None:
    assert majority(["first", "first", "second"]) == "first"
    assert majority(["tie", "tie", "second"]) == "tie"
    for split in (
        ["first", "second"],
        ["first", "tie"],
        ["first", "tie", "second"],
        [],
    ):
        assert majority(split) == "invalid"


def test_votes_as_mt_bench_has_them_meet_by_question_models_and_turn(
    tmp_path: Path,
) -> None:
    vote = {"question_id": 81, "model_a": "x", "model_b": "y", "turn": 1}
    said = [{**vote, "winner": w} for w in ("model_a", "model_a", "tie")]
    said.append({**vote, "winner": "model_b", "turn": 2})
    file = tmp_path / "votes.jsonl"
    file.write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    one, two = read_labels(file).rows
    assert (one.label, one.turn, len(one.votes)) == ("first", 1, 3)
    assert (two.label, two.turn, two.id) == ("second", 2, "81/x/y/2")


def test_a_label_a_line_as_fair_eval_has_it(tmp_path: Path) -> None:
    file = tmp_path / "human.txt"
    file.write_text("CHATGPT\nVICUNA13B\nTIE\nnobody\n", encoding="utf-8")
    with pytest.raises(InputError, match="'nobody' \\(1: row 4\\)"):
        read_labels(file)
    found = read_labels(file, Columns(count_unknown=True))
    assert [row.label for row in found.rows] == ["second", "first", "tie", "invalid"]
    assert found.unknown == {"'nobody'": (4,)}
