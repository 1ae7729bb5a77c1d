"""Torn, cut and noisy ledgers: what is lost is said exactly."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.cli.main import run_command
from fellowship.errors import LedgerError, ModelError
from fellowship.ledger import Ledger
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running import row_runner
from fellowship.pipelines.running.runner import run_recipe
from fellowship.writer import Statement
from tests.support.baseline_run import Baseline, Tell, copied, killed_early, resumed
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported


@pytest.fixture(scope="module")
def torn(baseline: Baseline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed, its write-ahead log still beside its ledger."""
    folder = tmp_path_factory.mktemp("torn") / "run"
    killed_early(baseline, folder, 24)
    assert (folder / "ledger.db-wal").stat().st_size > 50_000
    return folder


@pytest.mark.fault(number=3)
def test_a_log_cut_anywhere_opens_and_says_exactly_what_is_lost(
    tmp_path: Path, torn: Path, record_property: Tell
) -> None:
    full = Ledger(copied(torn, tmp_path / "full") / "ledger.db")
    acknowledged = full.spending()[0]
    full.close()
    size = (torn / "ledger.db-wal").stat().st_size
    lost = set()
    offsets = (0, 1, 31, 32, 33, *range(4000, size, size // 40), size)
    record_property("cuts of a log", len(offsets))
    for n, offset in enumerate(offsets):
        run = copied(torn, tmp_path / str(n))
        os.truncate(run / "ledger.db-wal", offset)
        ledger = Ledger(run / "ledger.db")
        assert ledger.lost == acknowledged - ledger.spending()[0]
        lost.add(ledger.lost)
        ledger.close()
        again = Ledger(run / "ledger.db")
        assert again.lost == 0
        again.close()
    assert {0, acknowledged} <= lost
    assert len(lost) > 5


@pytest.mark.fault(number=3)
def test_what_a_torn_log_lost_is_asked_again_and_counted(
    tmp_path: Path, torn: Path, baseline: Baseline
) -> None:
    run = copied(torn, tmp_path / "run")
    os.truncate(run / "ledger.db-wal", (run / "ledger.db-wal").stat().st_size // 2)
    report = resumed(baseline, run)
    assert exported(run) == baseline.exports
    assert report.lost_replies > 0
    assert report.maybe_paid_twice >= report.lost_replies


@pytest.mark.fault(number=3)
def test_a_ledger_cut_anywhere_is_refused_with_the_way_out(
    tmp_path: Path,
    baseline: Baseline,
    capsys: pytest.CaptureFixture[str],
    record_property: Tell,
) -> None:
    resumed(baseline, tmp_path / "run")
    size = (tmp_path / "run" / "ledger.db").stat().st_size
    offsets = (10, 31, 100, *range(4096, size, size // 12))
    record_property("cuts of a ledger", len(offsets))
    for n, offset in enumerate(offsets):
        cut = copied(tmp_path / "run", tmp_path / str(n))
        os.truncate(cut / "ledger.db", offset)
        for verb in (["run", str(baseline.recipe), "--into"], ["show"]):
            assert run_command([*verb, str(cut)]) == Exit.RECORD
            said = capsys.readouterr().err
            assert str(cut) in said
            assert ".recover" in said


@pytest.mark.fault(number=3)
def test_noise_in_a_ledger_is_refused_without_a_traceback(
    tmp_path: Path, baseline: Baseline, capsys: pytest.CaptureFixture[str]
) -> None:
    resumed(baseline, tmp_path / "run")
    size = (tmp_path / "run" / "ledger.db").stat().st_size
    for n, offset in enumerate((0, 100, 4096, size // 2, size - 4096)):
        bad = copied(tmp_path / "run", tmp_path / str(n))
        with (bad / "ledger.db").open("r+b") as file:
            file.seek(offset)
            file.write(b"\xff" * 4000)
        codes = {run_command(["run", str(baseline.recipe), "--into", str(bad)])}
        codes.add(run_command(["show", str(bad)]))
        assert codes <= {Exit.DONE, Exit.RECORD}
        capsys.readouterr()


@pytest.mark.fault(number=4)
async def test_a_broken_ledger_does_not_wait_for_calls_in_the_air(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Ledger] = []

    class Seen(Ledger):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            opened.append(self)

    monkeypatch.setattr(row_runner, "Ledger", Seen)
    with openai_server(latency=0.3) as server:
        server.script(next=["hang", "hang"])
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 8)
        going = asyncio.ensure_future(run_recipe(load_recipe(path), tmp_path / "run"))
        while not opened or not server.stats()["in_flight"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        with pytest.raises(LedgerError):
            await opened[0].append(Statement("NO SQL", ()))
        with pytest.raises(LedgerError, match="syntax error"):
            await asyncio.wait_for(asyncio.shield(going), 5)


@pytest.mark.fault(number=4)
async def test_what_the_disk_refuses_is_never_acknowledged(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    with pytest.raises(LedgerError, match=r"ledger\.db.*bytes free"):
        await ledger.append(Statement("INSERT INTO nowhere VALUES (1)", ()))
    with pytest.raises(LedgerError):
        await ledger.record_sent("k", "m", "s")
    ledger.close()


async def test_half_a_character_neither_hangs_nor_breaks_the_ledger(
    tmp_path: Path,
) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    await ledger.record_failure(
        "k", "s", "m", ModelError("half a character: \ud83d", "server"), time.time()
    )
    with pytest.raises(LedgerError):
        await asyncio.wait_for(ledger.record_sent("\ud83d", "m", "s"), 5)
    ledger.close()
