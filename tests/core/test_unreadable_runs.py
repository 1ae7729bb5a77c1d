"""Runs whose ledger or header can't be read: every reader stops by name."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from fellowship.cli.main import run_command as cli
from tests.support.outcomes import row
from tests.support.runs import written

pytestmark = pytest.mark.fault(number=16)


@pytest.mark.parametrize("record", ["{}", "not json", "[" * 2000, '{"number": 2}', ""])
def test_a_row_of_a_ledger_that_is_none_stops_every_reader_by_name(
    tmp_path: Path, record: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(1), row(2)])
    with contextlib.closing(sqlite3.connect(run / "ledger.db")) as link, link:
        link.execute("UPDATE outcomes SET record = ? WHERE number = 2", (record,))
    for verb in (["show"], ["export", "--as", "dpo"], ["agree"], ["winrate"]):
        assert cli([verb[0], str(run), *verb[1:]]) == 4, verb
        assert "ledger" in capsys.readouterr().err


def test_a_header_nested_too_deep_is_no_header(tmp_path: Path) -> None:
    run = written(tmp_path / "run", [row(1)])
    (run / "run.json").write_text("[" * 200_000)
    assert cli(["show", str(run), "1", "--why"]) == 4
    assert cli(["replay", str(run), "1"]) == 4
