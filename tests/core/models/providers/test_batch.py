"""A batch is paid for once, whatever becomes of the process that asked for it."""

from __future__ import annotations

import json
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import RecipeError
from fellowship.models.config import OpenAIModel, Price
from fellowship.models.providers.pricing import price_of
from fellowship.models.record.call_broker import LedgerCallBroker
from fellowship.models.registry import ModelRegistry
from fellowship.run_outcomes import outcomes
from tests.support.loopback.fixtures import Handle, openai_server, server_process
from tests.support.processes import Command
from tests.support.recipes import openai_model, recipe
from tests.support.runs import go, queried
from tests.support.waiting import wait_until

QUICK = {"gather": 0.3, "poll": 0.2}


def judged_by_batch(folder: Path, server: Handle, rows: int = 6, **more: Any) -> Path:
    """A recipe whose judge is asked by batch."""
    live = openai_model(server.base_url)
    batch = {**live, "temperature": 0, "mode": "batch", "batch": QUICK, **more}
    models = {"writer": live, "critic": live, "judge": batch}
    return recipe(folder / "r.yaml", live, rows, models=models)


def exported_pairs(into: Path) -> bytes:
    return (into / "exports" / "dpo.jsonl").read_bytes()


def lines_judged(server: Handle) -> int:
    """Calls the provider answered beyond the first answer to the same words."""
    return int(server.stats()["answered_again"])


def test_a_judge_by_batch_gives_the_same_verdicts_as_a_live_one(tmp_path: Path) -> None:
    with openai_server() as server:
        path = judged_by_batch(tmp_path, server, 30)
        report = go(path, tmp_path / "batch")
        asked = server.stats()
        live = go(path, tmp_path / "live", {"models.judge.mode": "live"})
    assert exported_pairs(tmp_path / "batch") == exported_pairs(tmp_path / "live")
    assert report.balanced
    assert not report.stopped
    assert report.calls == live.calls == asked["answered"]
    # Thirty rows' verdicts went in a few batches: rows do not wait for sixteen others.
    assert asked["by_path"]["/v1/batches"] <= 3


def test_a_batch_costs_half(tmp_path: Path) -> None:
    price = {"prompt": 3.0, "completion": 9.0, "cached": 1.0}
    live = OpenAIModel(provider="openai", model="m", price=Price(**price))
    batch = live.model_copy(update={"mode": "batch"})
    assert price_of(batch) == Price(prompt=1.5, completion=4.5, cached=0.5)
    with openai_server() as server:
        path = judged_by_batch(tmp_path, server, 3, price=price)
        go(path, tmp_path / "batch")
        go(path, tmp_path / "live", {"models.judge.mode": "live"})
    sums = [
        queried(tmp_path / name, "SELECT sum(usd) FROM calls WHERE model = 'judge'")
        for name in ("batch", "live")
    ]
    assert sums[0][0][0] == pytest.approx(sums[1][0][0] / 2)
    assert sums[0][0][0] > 0


def test_a_parameter_that_a_batch_s_lines_refuse_is_left_out_of_the_next(
    tmp_path: Path,
) -> None:
    with openai_server() as server:
        server.script(set={"refuses": "seed"})
        path = judged_by_batch(tmp_path, server, 3)
        report = go(path, tmp_path / "run")
        batches = server.stats()["by_path"]["/v1/batches"]
    assert report.balanced
    assert "failed" not in report.states
    assert batches <= 5  # the refused ones were sent again at once, and then no more
    sql = (
        "SELECT DISTINCT json_extract(reply, '$.fellowship.left_out') FROM calls"
        " WHERE model = 'judge'"
    )
    assert queried(tmp_path / "run", sql) == [('["seed"]',)]


def test_what_a_batch_may_cost_is_held_against_the_limit(tmp_path: Path) -> None:
    price = {"prompt": 30.0, "completion": 90.0}
    with openai_server() as server:
        path = judged_by_batch(tmp_path, server, 30, price=price)
        whole = go(path, tmp_path / "whole")
        most = {"limits.usd": whole.usd / 3}
        first = go(path, tmp_path / "run", most)
        again = go(path, tmp_path / "run", most)
    assert "may cost" in first.stopped
    assert first.balanced
    assert 0 < first.usd <= again.usd <= whole.usd / 3


def test_a_run_of_live_calls_goes_on_by_batch(tmp_path: Path) -> None:
    with openai_server() as server:
        path = judged_by_batch(tmp_path, server)
        go(path, tmp_path / "run", {"models.judge.mode": "live", "limits.calls": 20})
        report = go(path, tmp_path / "run")
        assert lines_judged(server) == 0
    assert report.balanced
    assert not report.stopped


@pytest.mark.parametrize("step", ["files", "batches", "look", "content"])
def test_kill_9_at_any_step_of_a_batch_pays_for_no_line_twice(
    tmp_path: Path, step: str
) -> None:
    with server_process("openai", batch_seconds=0.1) as server:
        path = judged_by_batch(tmp_path, server)
        server.script(set={"stall_at": step})
        with Command("run", path, "--into", tmp_path / "killed") as process:
            wait_until(lambda: f"stalled {step}" in server.stats()["by_path"])
            process.kill()
        server.script(set={"stall_at": ""})
        report = go(path, tmp_path / "killed")
        assert lines_judged(server) == 0
        asked = server.stats()
        server.reset()
        go(path, tmp_path / "whole", {"models.judge.mode": "live"})
    assert exported_pairs(tmp_path / "killed") == exported_pairs(tmp_path / "whole")
    assert report.calls == asked["answered"]
    assert report.maybe_paid_twice == 0
    assert report.balanced


@pytest.mark.slow
def test_ctrl_c_leaves_the_batch_to_the_next_process(tmp_path: Path) -> None:
    with server_process("openai", batch_seconds=3) as server:
        path = judged_by_batch(tmp_path, server, 4)
        with Command("run", path, "--into", tmp_path / "run") as process:
            wait_until(lambda: "/v1/batches" in server.stats()["by_path"])
            process.signal(signal.SIGINT)
            code, _, said = process.ended()
        assert code == 3, said
        report = go(path, tmp_path / "run")
        assert server.stats()["by_path"]["/v1/batches"] <= 2
        assert lines_judged(server) == 0
    assert report.maybe_paid_twice == 0
    assert report.balanced


def test_lines_of_an_expired_batch_go_into_the_next(tmp_path: Path) -> None:
    with openai_server(batches_expire=1) as server:
        report = go(judged_by_batch(tmp_path, server, 8), tmp_path / "run")
        assert lines_judged(server) == 0
        assert server.stats()["by_path"]["/v1/batches"] >= 2
    assert report.retries > 0
    assert "failed" not in report.states
    assert report.balanced


def test_each_line_fails_in_its_own_word(tmp_path: Path) -> None:
    with openai_server() as server:
        path = judged_by_batch(tmp_path, server, 12)
        # The judge answers nothing usable; everybody else is well.
        live = openai_model(server.base_url)
        judge = {**live, "model": "j", "mode": "batch", "batch": QUICK, "tries": 2}
        models = {"writer": live, "critic": live, "judge": judge}
        path = recipe(tmp_path / "r.yaml", live, 12, models=models)
        mix = {"context": 0.3, "filter": 0.3, "500": 0.2, "no-usage": 0.1}
        server.script(mix=mix, only=["j"], seed=3)
        report = go(path, tmp_path / "run")
    kinds = queried(tmp_path / "run", "SELECT DISTINCT kind FROM failures")
    assert {kind for (kind,) in kinds} >= {"too-long", "filtered", "server"}
    assert report.states["refused"] > 0
    assert report.states["failed"] > 0
    assert report.balanced
    assert all(o.why for o in outcomes(tmp_path / "run") if o.state == "failed")


def test_a_refused_key_stops_a_batch_run_and_burns_no_row(tmp_path: Path) -> None:
    with openai_server(keys=["right"]) as server, openai_server() as other:
        live = openai_model(other.base_url)
        judge = {**openai_model(server.base_url), "mode": "batch", "batch": QUICK}
        models = {"writer": live, "critic": live, "judge": judge}
        path = recipe(tmp_path / "r.yaml", live, 4, models=models)
        report = go(path, tmp_path / "run")
    assert "401" in report.stopped
    assert report.pending == 4


def test_a_reply_nobody_reads_now_is_kept_for_whoever_asks_later(
    tmp_path: Path,
) -> None:
    with openai_server() as server:
        path = judged_by_batch(tmp_path, server, 5)
        go(path, tmp_path / "run")
        asked = server.stats()["calls"]
        link = sqlite3.connect(tmp_path / "run" / "ledger.db")
        line = link.execute("SELECT key FROM batch_lines").fetchall()
        assert line
        # As if the process had ended between fetching the lines and reading them.
        for (key,) in line:
            link.execute("DELETE FROM calls WHERE key = ?", (key,))
        link.execute("DELETE FROM outcomes")
        link.commit()
        link.close()
        report = go(path, tmp_path / "run")
        assert server.stats()["calls"] == asked
    assert report.balanced
    assert json.loads(exported_pairs(tmp_path / "run").splitlines()[0])


def test_a_worker_without_the_ledger_refuses_batch_mode_before_the_first_row() -> None:
    config = OpenAIModel(provider="openai", model="m", mode="batch", api_key_env=None)
    registry = ModelRegistry({"m": config})
    with pytest.raises(RecipeError, match="without --engine"):
        registry.recorded_clients(Nobody())


class Nobody(LedgerCallBroker):
    """An broker that is somewhere else."""

    def __init__(self) -> None:
        pass
