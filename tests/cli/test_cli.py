"""The command line, as a person and as a script meet it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from fellowship.cli.exit_codes import Exit
from fellowship.cli.main import VERBS
from fellowship.cli.run import watched
from fellowship.cli.run_summary import exit_of
from fellowship.cli.terminal import sanitize, spoken
from fellowship.pipelines.planning.call_counts import (
    Span,
    comparisons,
    evaluator_calls,
    system_calls,
)
from fellowship.pipelines.running.run_report import RunReport
from fellowship.sanitize import single_line
from fellowship.teams.settings import FeedbackSettings, JudgeSettings
from tests.support.commands import said
from tests.support.loopback.fixtures import InThread, openai_server
from tests.support.pairs import judged, run_of
from tests.support.paths import ROOT

HOSTILE = "\x1b[2Jcleared\u202e\x07"


def recipe_for(server: InThread, folder: Path, prompts: list[Any]) -> Path:
    """A recipe in `folder` whose models are all `server`'s, over these prompts."""
    rows = [p if isinstance(p, str) else json.dumps({"prompt": p}) for p in prompts]
    (folder / "prompts.jsonl").write_text("\n".join(rows) + "\n")
    model = {
        "provider": "openai",
        "model": "writer",
        "base_url": server.base_url,
        "api_key_env": None,
        "tries": 1,
    }
    system = {"team": "feedback", "generator": "m", "reviewers": ["m"], "drafts": 2}
    recipe = {
        "models": {"m": model},
        "source": {"path": "prompts.jsonl"},
        "systems": [system],
        "evaluate": {"team": "judge", "model": "m"},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


def prompts(*texts: str) -> list[Any]:
    """Prompts of one turn each."""
    return [[{"role": "user", "content": text}] for text in texts]


@pytest.fixture
def finished(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The folder of a run of three rows."""
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two", HOSTILE))
        code, _, err = said(capsys, "run", recipe, "--into", tmp_path / "run")
    assert code == Exit.DONE, err
    return tmp_path / "run"


# -- without a run -------------------------------------------------------------------


def test_help_loads_no_model_library() -> None:
    code = (
        "import sys; from fellowship.cli.main import outcome\n"
        "outcome(['--help'])\n"
        "sys.exit(bool({'openai', 'autogen_core', 'pydantic'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


FILES = {"team", "schema", "completion"}
"""Verbs whose result is a file for another program: there is nothing else to say."""


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_examples_and_exit_codes(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, verb, "--help")
    assert code == Exit.DONE
    assert f"  fellowship {verb} " in out
    assert ("--json" in out) == (verb not in FILES)
    assert "Exit codes" in out


def test_an_unknown_verb_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "rum")[0] == Exit.USAGE


def test_a_missing_recipe_is_one_message_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, "run", tmp_path / "no.yaml", "--into", tmp_path / "r")
    assert (code, out) == (Exit.USAGE, "")
    assert err.startswith("fellowship: ")
    assert "no.yaml" in err
    assert "Traceback" not in err


def test_a_folder_that_is_no_run_is_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, "show", tmp_path)
    assert code == Exit.USAGE
    assert "is" in err
    assert str(tmp_path) in err


def test_doctor_names_the_cure_of_every_fault(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    recipe = ROOT / "recipes/paper-best.yaml"
    code, out, _ = said(capsys, "doctor", recipe, "--json")
    faults = [finding for finding in json.loads(out) if not finding["good"]]
    assert code == Exit.FAILED
    assert [f["cure"] for f in faults][:2] == ["ollama serve"] * 2
    assert "OPENAI_API_KEY" in faults[2]["cure"]


def test_a_plan_costs_nothing_and_says_what_it_assumes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = said(capsys, "plan", ROOT / "recipes/paper-best.yaml")
    assert code == Exit.DONE
    assert "judge (gpt-4o-2024-08-06)" in out
    assert "max_tokens" in out


def test_an_unknown_price_is_not_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one"))
    unknown = recipe.read_text().replace("127.0.0.1", "models.example")
    recipe.write_text(unknown)
    code, out, _ = said(capsys, "plan", recipe, "--json")
    plan = json.loads(out)
    assert (code, plan["usd"], plan["models"][0]["usd"]) == (Exit.DONE, None, None)


# -- counts --------------------------------------------------------------------------


def test_a_loop_of_three_drafts_has_at_most_two_reviews_a_reviewer() -> None:
    loop = FeedbackSettings(
        team="feedback", generator="g", reviewers=("r", "s"), drafts=3
    )
    calls = system_calls(loop)
    assert calls is not None
    assert calls.generator == Span(2, 3)
    assert calls.each_reviewer == Span(1, 2)


def test_a_knockout_is_linear_and_a_round_robin_is_not() -> None:
    assert [comparisons("knockout", n) for n in (0, 1, 2, 5)] == [0, 0, 1, 4]
    assert [comparisons("round-robin", n) for n in (0, 1, 2, 5)] == [0, 0, 1, 10]


def test_both_orders_cost_twice() -> None:
    judge = JudgeSettings(team="judge", model="j")
    once = judge.model_copy(update={"order": "forward"})
    assert evaluator_calls(judge, Span(1, 3))[0].calls == Span(0, 4)
    assert evaluator_calls(once, Span(1, 3))[0].calls == Span(0, 2)


def test_a_run_makes_the_calls_that_were_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two"))
        _, planned, _ = said(capsys, "plan", recipe, "--json")
        _, run, _ = said(capsys, "run", recipe, "--into", tmp_path / "run", "--json")
    model = json.loads(planned)["models"][0]
    assert model["calls_min"] <= json.loads(run)["calls"] <= model["calls_max"]


# -- a run ---------------------------------------------------------------------------


def test_a_run_closes_with_states_that_add_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two"))
        code, out, _ = said(capsys, "run", recipe, "--into", tmp_path / "run")
    assert code == Exit.DONE
    assert "sum = 2 prompts" in out
    assert "dpo.jsonl" in out


def test_bad_rows_are_named_and_good_rows_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        rows = [*prompts("one"), "{not json", *prompts("three")]
        recipe = recipe_for(server, tmp_path, rows)
        code, out, _ = said(capsys, "run", recipe, "--into", tmp_path / "run")
    assert code == Exit.FAILED
    assert "row 2  unusable input" in out
    assert "sum = 3 prompts" in out


def test_running_again_makes_no_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two"))
        said(capsys, "run", recipe, "--into", tmp_path / "run")
        before = server.stats()
        code, _, _ = said(capsys, "run", recipe, "--into", tmp_path / "run")
        assert (code, server.stats()) == (Exit.DONE, before)


def test_a_budget_stops_a_run_and_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two", "three"))
        arguments = ("run", recipe, "--into", tmp_path / "run")
        code, out, _ = said(capsys, *arguments, "--max-calls", 2)
        assert code == Exit.STOPPED
        assert "resume with a larger limit: fellowship " in out
        assert said(capsys, *arguments)[0] == Exit.DONE


def test_another_source_may_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"prompt": "only one"}\n')
    with openai_server() as server:
        recipe = recipe_for(server, tmp_path, prompts("one", "two"))
        options = ("--source", other, "--into", tmp_path / "run", "--json")
        _, out, _ = said(capsys, "run", recipe, *options)
    assert json.loads(out)["prompts"] == 1


def test_a_signal_drains_the_run_and_the_same_line_resumes_it(tmp_path: Path) -> None:
    with openai_server(latency=0.3) as server:
        recipe = recipe_for(server, tmp_path, prompts(*map(str, range(40))))
        command = [sys.executable, "-m", "fellowship.cli.main", "run", str(recipe)]
        command += ["--into", str(tmp_path / "run")]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        ledger = tmp_path / "run" / "ledger.db"
        while not ledger.exists() and process.poll() is None:
            time.sleep(0.05)
        time.sleep(1.0)
        os.kill(process.pid, signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert process.returncode == Exit.STOPPED, err
        assert "resume with: fellowship run" in out
        assert "may have been paid for" not in out
        again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == Exit.DONE, again.stderr
    assert "sum = 40 prompts" in again.stdout


def report(**changes: Any) -> RunReport:
    """The report of a run of one pair, changed."""
    plain: dict[str, Any] = dict.fromkeys(RunReport.__dataclass_fields__, 0)
    plain |= {"into": Path("run"), "prompts": 1, "states": {"pair": 1}}
    return RunReport(
        **(plain | {"exports": {}, "stopped": "", "accounts": ()} | changes)
    )


def test_exit_codes_say_how_a_run_ended() -> None:
    assert exit_of(report()) == Exit.DONE
    assert exit_of(report(states={"failed": 1})) == Exit.FAILED
    assert exit_of(report(states={}, pending=1, stopped="interrupted")) == Exit.STOPPED
    assert exit_of(report(prompts=2)) == Exit.UNBALANCED


# -- reading a run -------------------------------------------------------------------


def test_show_lists_every_row(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = said(capsys, "show", finished)
    assert [row.split()[0] for row in out.splitlines()] == ["row", "1", "2", "3"]


def test_a_transcript_in_a_pipe_is_plain(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, "show", finished, 3)
    assert code == Exit.DONE
    assert not {"\x1b", "\u202e", "\x07", "─", "│"} & set(out)
    assert r"\x1b[2Jcleared\u202e\x07" in out
    for heading in (
        "== Conversation",
        "== Session: feedback",
        "== Verdicts",
        "== Ranking",
    ):
        assert heading in out


def test_the_exact_requests_can_be_read(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = said(capsys, "show", finished, 1, "--json")
    turn = json.loads(out)["sessions"][0]["turns"][0]
    _, call, _ = said(capsys, "show", finished, "--call", turn["call"])
    assert json.loads(call)["request"]["messages"][-1]["content"] == "one"
    assert '"messages": [' in said(capsys, "show", finished, 1, "--requests")[1]


def test_a_row_that_is_not_there_is_a_usage_error(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, "show", finished, 99)
    assert code == Exit.USAGE
    assert "'99'" in err


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


# -- words ---------------------------------------------------------------------------


def test_control_characters_are_spelled_out() -> None:
    assert sanitize("a\x1b[31mb\r\nc\td") == "a\\x1b[31mb\nc\td"
    assert single_line("two\nlines  here", 8) == "two lin…"


def test_spans_of_time_are_said_as_people_say_them() -> None:
    assert [spoken(s) for s in (48, 200, 18_600)] == [
        "48 s",
        "3 min 20 s",
        "5 h 10 min",
    ]


def test_a_slip_of_the_hand_in_an_export_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(tmp_path / "run", [judged(1, "a", "b")])
    slips = (
        (("--split", "a=nan,b=1"), "a share above 0"),
        (("--split", "a=1e999,b=1"), "a share above 0"),
        (("--split", "a=0.5,a=0.5"), "the name 'a' is there twice"),
        (("--filter", "length=5:1"), "from 5 to 1 there is no length"),
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


def test_what_others_print_during_a_run_stays_out_of_its_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def chatty(**_: object) -> Any:
        print("(raylet) The node with node id 5e67 is gone")

    asyncio.run(watched(chatty, ""))
    printed = capsys.readouterr()
    assert (printed.out, "5e67" in printed.err) == ("", True)
