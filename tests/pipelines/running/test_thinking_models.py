"""Runs of models that think, are cut off, break off, or say nothing of their usage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fellowship
from fellowship.ledger import LedgerReader
from fellowship.pipelines.interop.inspect_sample import sample
from fellowship.pipelines.replay.replay import replay
from fellowship.run_folder import LEDGER
from fellowship.run_outcomes import outcomes
from tests.support.commands import said
from tests.support.loopback.fixtures import openai_server
from tests.support.loopback.prose import Reply
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported, go, queried

THOUGHT = "POOR idea first, GOOD ideas win"
PRICE = {"prompt": 1000, "completion": 1000}
Wrap = Callable[[str], Reply]


def asked_of(body: dict[str, Any]) -> str:
    """All that a request says."""
    return "\n".join(m["content"] for m in body["messages"])


def answering(wrap: Wrap, judge: Wrap | None = None) -> Any:
    """A server whose writer's and judge's words go through `wrap` and `judge`."""
    turns = {"n": 0}

    async def answer(body: dict[str, Any]) -> Reply:
        said = asked_of(body)
        assert THOUGHT not in said, "a thought was told to somebody"
        if "GOOD" not in said:
            turns["n"] += 1
            word = "GOOD: rinse it" if turns["n"] % 2 else "POOR: leave it"
            return wrap(f"{word}, for: {body['messages'][-1]['content']}")
        first = said.find("GOOD:") < said.find("POOR:")
        high, low = (8, 3) if first else (3, 8)
        verdict = {"reason": "use", "score_first": high, "score_second": low}
        return (judge or wrap)(json.dumps(verdict))

    return answer


def run_of(folder: Path, answer: Any, rows: int = 2, **more: Any) -> Any:
    """The report of a run of two samples a row, one call at a time, resumed once."""
    system = {"team": "single", "generator": "writer", "samples": 2}
    limits = more.pop("overrides", {})
    folder.mkdir(exist_ok=True)
    with openai_server(answer) as server:
        model = openai_model(server.base_url, price=PRICE, **more)
        judge = {"team": "judge", "model": "judge", "order": "both"}
        sections = {"systems": [system], "evaluate": judge, "concurrency": 1}
        sections["pairs"] = {"rule": "best-vs-worst"}
        path = recipe(folder / "r.yaml", model, rows, **sections)
        go(path, folder / "run", overrides=limits)
        return go(path, folder / "run", overrides=limits)


WAYS: dict[str, Wrap] = {
    "field": lambda text: Reply(text, thinking=THOUGHT),
    "renamed field": lambda text: Reply(text, message={"reasoning": THOUGHT}),
    "block": lambda text: Reply(f"<think>\n{THOUGHT}\n</think>\n\n{text}"),
    "lone mark": lambda text: Reply(f"{THOUGHT}\n</think>\n\n{text}"),
    "after text": lambda text: Reply(f"[THINK]{THOUGHT}[/THINK]{text}"),
    "parts": lambda text: Reply(
        text,
        message={
            "content": [
                {"type": "thinking", "thinking": THOUGHT},
                {"type": "text", "text": text},
            ]
        },
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.fault(number=107, on="run")
def test_thoughts_are_recorded_and_nobody_is_told_of_them(
    way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run_of(tmp_path, answering(WAYS[way]))
    assert report.states == {"pair": 2}
    run = tmp_path / "run"
    assert THOUGHT not in str(exported(run))
    assert "GOOD: rinse it" in str(exported(run))
    first = next(outcomes(run))
    assert all(t.thinking == THOUGHT for s in first.sessions for t in s.turns)
    assert not any(THOUGHT in c.text for c in first.candidates)
    assert replay(run, "1").identical
    folded = said(capsys, "show", run, "1")[1]
    assert THOUGHT not in folded
    assert "of thinking" in folded
    assert THOUGHT in said(capsys, "show", run, "1", "--thinking")[1]
    made = tmp_path / "with.jsonl"
    what = ("--as", "dpo", "--thinking", "reasoning_content", "--to", made)
    assert said(capsys, "export", run, *what)[0] == 0
    row = json.loads(made.read_text().splitlines()[0])
    assert row["chosen"][0]["reasoning_content"] == THOUGHT


def test_one_cut_draft_does_not_cost_a_row_the_others(tmp_path: Path) -> None:
    async def answer(body: dict[str, Any]) -> Reply:
        turns["n"] += "GOOD" not in asked_of(body)
        reply: Reply = await usual(body)
        if "GOOD" not in asked_of(body) and turns["n"] % 3 == 0:
            return Reply("", "length", 40, 20, thinking="hm", message={"content": None})
        return reply

    usual, turns = answering(Reply), {"n": 0}
    system = {"team": "single", "generator": "writer", "samples": 3}
    with openai_server(answer) as server:
        path = recipe(
            tmp_path / "r.yaml",
            openai_model(server.base_url),
            2,
            systems=[system],
            evaluate={"team": "judge", "model": "judge"},
            pairs={"rule": "best-vs-worst"},
            concurrency=1,
        )
        report = go(path, tmp_path / "run")
    assert report.states == {"pair": 2}


@pytest.mark.fault(number=102, on="run")
def test_a_limit_spent_on_thinking_is_truncated_asked_once_and_paid_for(
    tmp_path: Path,
) -> None:
    cut = lambda text: Reply(  # noqa: E731
        "", "length", 40, 20, thinking=THOUGHT, message={"content": None}
    )
    report = run_of(tmp_path, answering(cut))
    assert report.states == {"truncated": 2}
    assert (report.calls, report.usd) == (4, pytest.approx(0.24))
    assert "thinking_tokens" in next(outcomes(tmp_path / "run")).why


def test_one_that_thought_and_stopped_is_said_to_have(tmp_path: Path) -> None:
    report = run_of(tmp_path, answering(lambda text: Reply("", thinking=THOUGHT)))
    assert report.states == {"failed": 2}
    assert "stopped without an answer" in next(outcomes(tmp_path / "run")).why


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ('{"reason": "so", "score_first": 8, "score_second": 3}', True),
        ('{"reason": "so", "score_first": 8, "score_second": 3}  \n\n', True),
        ('{"reason": "so", "score_first": 8, "score_sec', False),
        ("Score of the first response: 8\nScore of the second response: 3\nBut", False),
        ("", False),
    ],
)
@pytest.mark.fault(number=104, on="run")
def test_a_cut_verdict_is_read_only_where_it_is_complete(
    text: str, valid: bool, tmp_path: Path
) -> None:
    judge = lambda said: Reply(text, "length", 40, 20)  # noqa: E731
    run_of(tmp_path, answering(Reply, judge), 1)
    (verdict, _) = next(outcomes(tmp_path / "run")).ranking.comparisons[0].verdicts
    assert (verdict.winner != "invalid") == valid
    assert valid or "cut off" in verdict.note
    asked = queried(tmp_path / "run", "SELECT count(*) FROM calls WHERE role='judge'")
    assert asked[0][0] == (2 if valid or not text else 4)


def test_a_loop_goes_no_further_than_a_draft_that_was_cut(tmp_path: Path) -> None:
    async def answer(body: dict[str, Any]) -> Reply:
        return Reply("half a", "length", 40, 20)

    with openai_server(answer) as server:
        loop = {
            "team": "feedback",
            "generator": "writer",
            "reviewers": ["critic"],
            "drafts": 3,
        }
        model = openai_model(server.base_url)
        path = recipe(tmp_path / "r.yaml", model, 1, systems=[loop])
        report = go(path, tmp_path / "run")
    assert (report.calls, report.states) == (1, {"truncated": 1})
    assert next(outcomes(tmp_path / "run")).sessions[0].stopped == "draft 1 was cut off"


BROKEN: dict[str, Reply] = {
    "withheld": Reply("GOO", "content_filter", 40, 20),
    "broken off": Reply("GOO", "error", 40, 20),
    "null": Reply("", "stop", 40, 20, message={"content": None}),
}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.fault(number=102, on="run")
def test_limits_hold_against_replies_that_could_not_be_used(
    fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = answering(lambda text: BROKEN[fault])
    report = run_of(tmp_path, answer, overrides={"limits.usd": 0.10})
    assert report.stop_reason == "usd"
    assert (report.calls, report.usd) == (2, pytest.approx(0.12))
    assert (report.unusable_replies, report.replies.unusable_usd) == (2, report.usd)
    capsys.readouterr()
    status = json.loads(said(capsys, "status", tmp_path / "run", "--json")[1])
    assert (status["calls"], status["usd"]) == (2, pytest.approx(0.12))
    page = tmp_path / "r.html"
    assert said(capsys, "report", tmp_path / "run", "--to", page)[0] == 0
    assert "aid for replies that could not be used: $0.1200" in page.read_text()


@pytest.mark.fault(number=102, on="run")
def test_a_server_without_usage_is_used_and_said_to_cost_nobody_knows_what(
    tmp_path: Path,
) -> None:
    silent = answering(lambda text: Reply(text, body={"usage": None}))
    report = run_of(tmp_path, silent)
    assert report.states == {"pair": 2}
    assert report.unpriced == report.calls == 8
    assert "reported no token usage" in " ".join(report.replies.sentences())
    limited = run_of(tmp_path / "b", silent, overrides={"limits.usd": 1})
    assert limited.stop_reason == "unknown-cost"
    assert "--max-calls" in limited.stopped


@pytest.mark.fault(number=103, on="run")
def test_an_unknown_ending_is_accepted_and_counted(tmp_path: Path) -> None:
    report = run_of(tmp_path, answering(lambda text: Reply(text, "brand_new")))
    assert report.states == {"pair": 2}
    assert "4 replies of judge ended by 'brand_new'" in report.replies.sentences()[0]


def test_room_for_thinking_is_added_to_the_limit_and_to_no_old_key(
    tmp_path: Path,
) -> None:
    limits: list[int] = []

    async def answer(body: dict[str, Any]) -> Reply:
        limits.append(body["max_tokens"])
        reply: Reply = await usual(body)
        return reply

    usual = answering(Reply)
    run_of(tmp_path, answer, 1, max_tokens=100, thinking_tokens=500)
    assert set(limits) == {600}
    keys = queried(tmp_path / "run", "SELECT request FROM calls")
    assert all(json.loads(row)["sampling"]["max_tokens"] == 100 for (row,) in keys)
    run_of(tmp_path / "b", answer, 1, max_tokens=100)
    keys = queried(tmp_path / "b" / "run", "SELECT request FROM calls")
    assert all("thinking_tokens" not in row for (row,) in keys)


def test_what_was_thought_and_what_was_not_sent_is_in_every_view(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = answering(WAYS["field"])
    report = run_of(tmp_path / "made", answer, 1, model="gpt-6-luna", temperature=0.2)
    run = tmp_path / "made" / "run"
    without = "asked for without temperature, which the model refuses or ignores"
    assert any(without in sentence for sentence in report.replies.sentences())
    _, shown, _ = said(capsys, "show", run, "1")
    _, status, _ = said(capsys, "status", run)
    assert "not sent: temperature" in shown
    assert without in " ".join(status.split())
    read = fellowship.frames(run, "pandas")
    for frame in (read.calls, read.messages):
        assert {*frame["thinking"]} == {THOUGHT}
        assert {*frame["left_out"]} == {"temperature"}
        assert {*frame["thinking_tokens"]} == {0}
    (outcome,) = outcomes(run)
    with LedgerReader(run / LEDGER) as reader:
        log = sample(outcome, reader.call)
    thought = {"type": "reasoning", "reasoning": THOUGHT}
    (event, *_) = (e for e in log["events"] if e["event"] == "model")
    assert event["output"]["choices"][0]["message"]["content"][0] == thought
    assert event["output"]["usage"]["reasoning_tokens"] == 0
    assert event["metadata"]["left_out"] == ["temperature"]
    assert thought in log["messages"][-1]["content"]
