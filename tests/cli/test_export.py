"""`fellowship export`: where it writes, and slips of the hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from tests.support.commands import said
from tests.support.outcomes import judged
from tests.support.runs import run_of


def test_export_writes_where_it_is_told(
    finished: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    to = tmp_path / "pairs.jsonl"
    code, out, _ = said(capsys, "export", finished, "--as", "dpo", "--to", to, "--json")
    assert code == Exit.DONE
    told = json.loads(out)["dpo"]
    assert told["files"] == [str(to)]
    assert told["exported"] == len(to.read_text().splitlines())


def test_one_file_can_t_hold_two_exports(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ("--as", "dpo", "--as", "kto", "--to", "x.jsonl")
    assert said(capsys, "export", finished, *both)[0] == Exit.USAGE


def test_a_slip_of_the_hand_in_an_export_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(tmp_path / "run", [judged(1, "a", "b")])
    slips = (
        (("--split", "a=nan,b=1"), "a share above 0"),
        (("--split", "a=1e999,b=1"), "a share above 0"),
        (("--split", "a=0.5,a=0.5"), "the name 'a' is there twice"),
        (("--filter", "length=5:1"), "from 5 to 1 there is no length"),
        (("--filter", "min_gap=-1"), "--filter min_gap is '-1': it should be at least"),
        (("--to", "."), "is no file"),
        (("--to", ""), "is no file"),
    )
    for slip, told in slips:
        code, _, wrong = said(capsys, "export", run, "--as", "dpo", *slip)
        assert code in (Exit.USAGE, Exit.RECORD), slip
        assert told in wrong
        assert "Traceback" not in wrong
    code, _, wrong = said(capsys, "show", run, "9" * 30)
    assert (code, "no finished row" in wrong) == (Exit.USAGE, True)
