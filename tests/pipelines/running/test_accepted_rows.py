"""`limits.accept`: exactly so many pairs, the same at any concurrency."""

from __future__ import annotations

from pathlib import Path

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported_data, rows_of


def accepted(path: Path, into: Path, many: int, **more: int) -> RunReport:
    return run(load_recipe(path, {"limits.accept": many, **more}), into)


def test_exactly_so_many_rows_are_accepted_and_the_same_at_any_concurrency(
    tmp_path: Path,
) -> None:
    with openai_server(latency=0.003) as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 30)
        one = accepted(path, tmp_path / "one", 5, concurrency=1)
        few = accepted(path, tmp_path / "few", 5, concurrency=4)
        many = accepted(path, tmp_path / "many", 5, concurrency=64)
    assert [r.states["pair"] for r in (one, few, many)] == [5, 5, 5]
    assert rows_of(tmp_path / "one") == sorted(rows_of(tmp_path / "one"))
    assert exported_data(tmp_path / "one") == exported_data(tmp_path / "few")
    assert exported_data(tmp_path / "one") == exported_data(tmp_path / "many")
    assert all(r.balanced and r.accepted for r in (one, few, many))
    assert one.states["stopped-by-budget"] == many.states["stopped-by-budget"] > 0


def test_a_larger_number_goes_on_and_reuses_what_was_ready(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 30)
        accepted(path, tmp_path / "run", 3, concurrency=16)
        asked = server.stats()["calls"]
        again = accepted(path, tmp_path / "run", 3)
        assert server.stats()["calls"] == asked
        assert again.states["pair"] == 3
        more = accepted(path, tmp_path / "run", 6)
        accepted(path, tmp_path / "once", 6)
    assert more.replayed > 0
    assert exported_data(tmp_path / "run") == exported_data(tmp_path / "once")


def test_too_few_rows_for_the_number_end_the_run_like_any_other(tmp_path: Path) -> None:
    with openai_server() as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 6)
        report = accepted(path, tmp_path / "run", 50)
        run(load_recipe(path), tmp_path / "plain")
    assert not report.accepted
    assert not report.stopped
    assert exported_data(tmp_path / "run") == exported_data(tmp_path / "plain")
