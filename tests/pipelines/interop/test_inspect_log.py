"""An Inspect log holds what the record holds, in the shapes Inspect reads."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.main import run_command as cli
from fellowship.ledger import LedgerReader
from fellowship.pipelines.interop.inspect_log import write_inspect_log
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER
from tests.support.outcomes import row
from tests.support.runs import ALONE, JURY, LOOP, make_run, written


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jury")
    return make_run(folder, 4, systems=[LOOP, ALONE], evaluate=JURY)[0]


@pytest.fixture(scope="module")
def parts(run: Path) -> dict[str, Any]:
    assert write_inspect_log(run, run / "run.eval") == 4
    with zipfile.ZipFile(run / "run.eval") as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def outcomes(run: Path) -> list[Outcome]:
    with LedgerReader(run / LEDGER) as reader:
        return [Outcome.model_validate_json(text) for text in reader.outcomes()]


def test_a_log_has_a_header_a_list_and_a_sample_a_row(parts: dict[str, Any]) -> None:
    samples = [f"samples/{n}_epoch_1.json" for n in range(1, 5)]
    others = ["_journal/start.json", "summaries.json", "header.json"]
    assert list(parts) == [*samples, *others]
    assert parts["header.json"]["version"] == 2
    assert parts["header.json"]["eval"]["dataset"]["sample_ids"] == [1, 2, 3, 4]
    assert [each["id"] for each in parts["summaries.json"]] == [1, 2, 3, 4]


def test_every_message_stands_in_the_log_word_for_word(
    run: Path, parts: dict[str, Any]
) -> None:
    for outcome in outcomes(run):
        sample = parts[f"samples/{outcome.number}_epoch_1.json"]
        asked = len(outcome.conversation.messages if outcome.conversation else ())
        said = [message["content"][1]["text"] for message in sample["messages"][asked:]]
        turns = [turn.text for session in outcome.sessions for turn in session.turns]
        assert said == turns


def test_every_call_is_an_event_with_its_exact_request(
    run: Path, parts: dict[str, Any]
) -> None:
    with LedgerReader(run / LEDGER) as reader:
        events = [
            event
            for name, part in parts.items()
            if name.startswith("samples")
            for event in part["events"]
            if event["event"] == "model"
        ]
        assert len(events) == next(iter(reader.rows("SELECT count(*) FROM calls")))[0]
        for event in events:
            call = reader.call(event["uuid"])
            assert call
            assert event["input"] == json.loads(call.request)["messages"]
            assert event["output"]["completion"] == call.text


def test_tokens_by_model_are_the_ledgers(run: Path, parts: dict[str, Any]) -> None:
    used = parts["header.json"]["stats"]["model_usage"]
    sql = "SELECT sum(prompt_tokens + completion_tokens) FROM calls"
    with LedgerReader(run / LEDGER) as reader:
        [(tokens,)] = reader.rows(sql)
    assert sum(each["total_tokens"] for each in used.values()) == tokens


def test_a_judge_is_a_score_with_both_orders_behind_it(parts: dict[str, Any]) -> None:
    scores = parts["samples/1_epoch_1.json"]["scores"]
    assert {"state", "ann", "bob", "cy"} <= set(scores)
    assert "B first" in scores["ann"]["answer"]


def test_the_same_run_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    for name in ("a.eval", "b.eval"):
        write_inspect_log(run, tmp_path / name)
    assert (tmp_path / "a.eval").read_bytes() == (tmp_path / "b.eval").read_bytes()


def test_odd_rows_and_half_characters_are_written_too(tmp_path: Path) -> None:
    odd = Outcome(number=2, item="", state="rejected-input", why="not a prompt")
    run = written(
        tmp_path / "run", [row(1, words="half \ufffd a letter \x00 \x1b"), odd]
    )
    assert write_inspect_log(run, tmp_path / "odd.eval") == 2
    with zipfile.ZipFile(tmp_path / "odd.eval") as archive:
        assert json.loads(archive.read("samples/2_epoch_1.json"))["input"] == odd.why
        assert archive.testzip() is None


def test_a_log_that_fails_leaves_nothing_under_its_name(tmp_path: Path) -> None:
    run = written(tmp_path / "run", [row(1)])
    (run / LEDGER).write_bytes(b"no ledger at all, but bytes")
    to = tmp_path / "out" / "x.eval"
    assert cli(["inspect", str(run), "--to", str(to)]) == 4
    assert not to.parent.exists() or list(to.parent.iterdir()) == []


def test_a_log_by_another_name_is_not_found_by_inspect(tmp_path: Path) -> None:
    assert cli(["inspect", str(tmp_path), "--to", str(tmp_path / "x.zip")]) == 2


def test_writing_a_log_needs_no_extra() -> None:
    banned = {"numpy", "inspect_ai", "jinja2", "starlette"}
    code = "import sys, fellowship.cli.inspect\n"
    code += f"sys.exit(bool({banned!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_inspect_itself_reads_the_log(run: Path, parts: dict[str, Any]) -> None:
    reason = "inspect_ai is not installed: benchmarks/inspect_log.py fetches it"
    inspect = pytest.importorskip("inspect_ai.log", reason=reason)
    found = inspect.read_eval_log(str(run / "run.eval"))
    assert len(found.samples) == 4
    assert found.samples[0].scores["state"].value in ("pair", "tie")
