"""What is acknowledged stays, whatever happens to the process, the disk or the folder."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.cli.main import outcome
from fellowship.errors import LedgerError, RecipeError
from fellowship.ledger import Ledger, LedgerReader
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running import row_runner
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run, run_recipe
from fellowship.run_folder import RunFolder, atomic_writer
from fellowship.writer import Statement
from tests.support.crash_steps import STEPS
from tests.support.kill_campaign import campaign, exported, life, lived
from tests.support.loopback.fixtures import InProcess, openai_server, server_process
from tests.support.paths import ROOT
from tests.support.recipes import openai_model, recipe

CLI = [sys.executable, "-m", "fellowship.cli.main"]
Tell = Callable[[str, object], None]
"""`record_property`: what the table of faults says of a test."""


class Whole(NamedTuple):
    """A recipe, a server for it, and what a run nobody disturbed makes of it."""

    server: InProcess
    recipe: Path
    exports: dict[str, bytes]
    calls: int


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("whole")
    with server_process("openai", latency=0.06) as server:
        path = recipe(
            folder / "r.yaml", openai_model(server.base_url, concurrency=3), 6
        )
        report = run(load_recipe(path), folder / "run")
        yield Whole(server, path, exported(folder / "run"), report.calls)


def data(into: Path) -> dict[str, bytes]:
    """The exports without the card, which also tells the header and the calls."""
    return {k: v for k, v in exported(into).items() if k.endswith(".jsonl")}


def resumed(whole: Whole, into: Path) -> RunReport:
    return run(load_recipe(whole.recipe), into)


def killed_early(whole: Whole, into: Path, replies: int) -> None:
    """Leave a run behind that was killed once it had acknowledged so many replies."""
    killed, told = lived(partial(life, whole.recipe, into), 60, replies)
    assert killed
    assert len(told) >= replies


# -- 1, 2: kills ------------------------------------------------------------------------


def test_kills_at_random_instants_lose_nothing_and_double_nothing(
    tmp_path: Path,
) -> None:
    with server_process("openai", latency=0.02) as server:
        account = campaign(server, tmp_path, kills=12, seed=20261125, rows=12)
    assert account.kills == 12
    assert account.good, account


@pytest.mark.parametrize("step", STEPS)
def test_a_process_may_die_at_any_step_of_a_call(
    tmp_path: Path, whole: Whole, step: str
) -> None:
    whole.server.reset()
    times = "1" if step == "mid-export" else "5"
    crash = [sys.executable, str(ROOT / "tests/support/crash_steps.py"), step, times]
    command = [*crash, str(whole.recipe), str(tmp_path / "run")]
    died = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert died.returncode == -signal.SIGKILL
    assert not list((tmp_path / "run").glob("exports/dpo.jsonl"))
    report = resumed(whole, tmp_path / "run")
    assert exported(tmp_path / "run") == whole.exports
    extra = whole.server.stats()["calls"] - whole.calls
    assert 0 <= extra <= report.maybe_paid_twice <= 3
    if step in ("after-send", "after-receive"):
        assert extra > 0


# -- 3: torn files ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def torn(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed, its write-ahead log still beside its ledger."""
    folder = tmp_path_factory.mktemp("torn") / "run"
    killed_early(whole, folder, 24)
    assert (folder / "ledger.db-wal").stat().st_size > 50_000
    return folder


def copied(run: Path, to: Path) -> Path:
    shutil.copytree(run, to, ignore=shutil.ignore_patterns("*-shm", "lock"))
    return to


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


def test_what_a_torn_log_lost_is_asked_again_and_counted(
    tmp_path: Path, torn: Path, whole: Whole
) -> None:
    run = copied(torn, tmp_path / "run")
    os.truncate(run / "ledger.db-wal", (run / "ledger.db-wal").stat().st_size // 2)
    report = resumed(whole, run)
    assert exported(run) == whole.exports
    assert report.lost_replies > 0
    assert report.maybe_paid_twice >= report.lost_replies


def test_a_ledger_cut_anywhere_is_refused_with_the_way_out(
    tmp_path: Path,
    whole: Whole,
    capsys: pytest.CaptureFixture[str],
    record_property: Tell,
) -> None:
    resumed(whole, tmp_path / "run")
    size = (tmp_path / "run" / "ledger.db").stat().st_size
    offsets = (10, 31, 100, *range(4096, size, size // 12))
    record_property("cuts of a ledger", len(offsets))
    for n, offset in enumerate(offsets):
        cut = copied(tmp_path / "run", tmp_path / str(n))
        os.truncate(cut / "ledger.db", offset)
        for verb in (["run", str(whole.recipe), "--into"], ["show"]):
            assert outcome([*verb, str(cut)]) == Exit.RECORD
            said = capsys.readouterr().err
            assert str(cut) in said
            assert ".recover" in said


def test_noise_in_a_ledger_is_refused_without_a_traceback(
    tmp_path: Path, whole: Whole, capsys: pytest.CaptureFixture[str]
) -> None:
    resumed(whole, tmp_path / "run")
    size = (tmp_path / "run" / "ledger.db").stat().st_size
    for n, offset in enumerate((0, 100, 4096, size // 2, size - 4096)):
        bad = copied(tmp_path / "run", tmp_path / str(n))
        with (bad / "ledger.db").open("r+b") as file:
            file.seek(offset)
            file.write(b"\xff" * 4000)
        codes = {outcome(["run", str(whole.recipe), "--into", str(bad)])}
        codes.add(outcome(["show", str(bad)]))
        assert codes <= {Exit.DONE, Exit.RECORD}
        capsys.readouterr()


def test_an_export_cut_anywhere_is_whole_after_the_next_run(
    tmp_path: Path, whole: Whole
) -> None:
    resumed(whole, tmp_path / "run")
    for name, raw in whole.exports.items():
        os.truncate(tmp_path / "run" / "exports" / name, len(raw) // 3)
    resumed(whole, tmp_path / "run")
    assert exported(tmp_path / "run") == whole.exports


def test_half_an_export_never_has_its_name_and_is_swept_away(tmp_path: Path) -> None:
    with pytest.raises(TypeError), atomic_writer(tmp_path / "x.jsonl") as out:
        out.writelines(["half", 1])  # type: ignore[list-item]
    assert not list(tmp_path.iterdir())
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / f".x.jsonl.{dead.pid}.abc.part").write_text("half")
    (tmp_path / "exports" / f".y.jsonl.{os.getpid()}.abc.part").write_text("mine")
    RunFolder(tmp_path).close()
    assert [p.name[:3] for p in (tmp_path / "exports").iterdir()] == [".y."]


# -- 4: full and read-only disks --------------------------------------------------------

APART = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]


def can_mount() -> bool:
    """Whether a file system of our own can be mounted here."""
    if shutil.which("unshare") is None:
        return False
    probe = [*APART, "mount -t tmpfs -o size=64k tmpfs /mnt"]
    return subprocess.run(probe, capture_output=True).returncode == 0


mounting = pytest.mark.skipif(not can_mount(), reason="no user may mount a tmpfs here")


@mounting
def test_a_full_disk_stops_the_run_at_once_and_room_lets_it_go_on(
    tmp_path: Path, whole: Whole, record_property: Tell
) -> None:
    go = f"{sys.executable} -m fellowship.cli.main run {whole.recipe} --into disk/run"
    script = f"""
        mkdir disk && mount -t tmpfs -o size=300k tmpfs disk
        {go} >first.out 2>first.err; echo $? >first.rc; date +%s.%N >stopped
        stat -c %.Y disk/run/ledger.db-wal >written
        mount -o remount,size=64m disk
        {go} >second.out 2>second.err; echo $? >second.rc
        cp -r disk/run/exports exports
    """
    # Calls that would take minutes: a run that waited for them would not stop at once.
    subprocess.run([*APART, script], cwd=tmp_path, check=True)
    said = (tmp_path / "first.err").read_text()
    assert (tmp_path / "first.rc").read_text().strip() == str(int(Exit.RECORD)), said
    assert "disk/run/ledger.db" in said
    assert "bytes free there" in said
    assert "Traceback" not in said
    took = [float((tmp_path / name).read_text()) for name in ("stopped", "written")]
    assert took[0] - took[1] < 5
    record_property("ends after", f"{took[0] - took[1]:.1f} s on a full disk")
    assert (tmp_path / "second.rc").read_text().strip() in ("0", "1")
    assert exported(tmp_path) == whole.exports


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


@mounting
def test_a_read_only_folder_is_named_and_can_still_be_read(
    tmp_path: Path, whole: Whole
) -> None:
    resumed(whole, tmp_path / "run")
    verb = f"{sys.executable} -m fellowship.cli.main"
    script = f"""
        mount --bind run run && mount -o remount,bind,ro run
        {verb} run {whole.recipe} --into run 2>run.err; echo $? >rc
        {verb} run {whole.recipe} --into run/new 2>new.err; echo $? >>rc
        {verb} show run >show.out 2>&1; echo $? >>rc
    """
    subprocess.run([*APART, script], cwd=tmp_path, check=True)
    codes = (tmp_path / "rc").read_text().split()
    assert codes[:2] == [str(int(Exit.RECORD))] * 2
    for name in ("run.err", "new.err"):
        said = (tmp_path / name).read_text()
        assert "Read-only file system" in said
        assert "bytes free there" in said
    assert codes[2] == "0", (tmp_path / "show.out").read_text()


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
        "k", "s", "m", "server", "half a character: \ud83d", time.time()
    )
    with pytest.raises(LedgerError):
        await asyncio.wait_for(ledger.record_sent("\ud83d", "m", "s"), 5)
    ledger.close()


# -- 5: signals -------------------------------------------------------------------------


def started(whole: Whole, into: Path) -> subprocess.Popen[str]:
    """A run in a process group of its own, once it has calls in the air."""
    whole.server.reset()
    process = subprocess.Popen(
        [*CLI, "run", str(whole.recipe), "--into", str(into)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    while not whole.server.stats()["in_flight"] and process.poll() is None:
        time.sleep(0.02)
    return process


def nobody_left(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(
    ("number", "twice"), [(signal.SIGINT, False), (signal.SIGTERM, True)]
)
def test_signals_end_a_run_whose_server_hangs_and_say_how_to_go_on(
    tmp_path: Path,
    whole: Whole,
    number: signal.Signals,
    twice: bool,
    record_property: Tell,
) -> None:
    whole.server.script(set={"latency": 30.0})
    try:
        process = started(whole, tmp_path / "run")
        began = time.monotonic()
        process.send_signal(number)
        if twice:
            time.sleep(1.2)
            process.send_signal(number)
        said, _ = process.communicate(timeout=20)
    finally:
        whole.server.script(set={"latency": 0.06})
    took = time.monotonic() - began
    assert took < (4 if twice else 10)
    record_property("ends after", f"{took:.1f} s ({number.name}{', twice' * twice})")
    assert process.returncode == Exit.STOPPED, said
    assert f"--into {tmp_path / 'run'}" in said
    assert "Traceback" not in said
    assert nobody_left(process.pid)
    assert resumed(whole, tmp_path / "run").balanced
    assert exported(tmp_path / "run") == whole.exports


# -- 6: two processes -------------------------------------------------------------------


def test_a_second_process_is_refused_and_a_dead_one_s_lock_is_not_held(
    tmp_path: Path, whole: Whole
) -> None:
    whole.server.script(set={"latency": 30.0})
    try:
        with started(whole, tmp_path / "run") as process:
            with pytest.raises(LedgerError, match=f"in use by process {process.pid} "):
                resumed(whole, tmp_path / "run")
            process.kill()
    finally:
        whole.server.script(set={"latency": 0.06})
    assert str(process.pid) in (tmp_path / "run" / "lock").read_text()
    assert resumed(whole, tmp_path / "run").balanced


# -- 7: something changed ---------------------------------------------------------------


def test_a_changed_prompt_or_model_is_refused_and_a_fork_uses_no_stale_reply(
    tmp_path: Path, whole: Whole
) -> None:
    run(load_recipe(whole.recipe), tmp_path / "run")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "reviewer.md").write_text(
        (ROOT / "prompts" / "reviewer.md").read_text() + "\nBe brief."
    )
    changes: dict[str, dict[str, Any]] = {
        "prompts.reviewer": {"prompts": str(tmp_path / "prompts")},
        "models.critic.model": {"models.critic.model": "gpt-4o-mini"},
    }
    for named, change in changes.items():
        changed = load_recipe(whole.recipe, change)
        with pytest.raises(RecipeError, match=named):
            run(changed, tmp_path / "run")
        whole.server.reset()
        run(changed, tmp_path / named, fork=tmp_path / "run")
        anew = whole.server.stats()["calls"]
        run(changed, tmp_path / f"{named}-new")
        assert data(tmp_path / named) == data(tmp_path / f"{named}-new")
        assert 0 < anew <= whole.calls + 20


# -- 8: other versions ------------------------------------------------------------------


def test_a_run_of_an_older_version_opens_and_goes_on(
    tmp_path: Path, whole: Whole
) -> None:
    folder = tmp_path / "run"
    killed_early(whole, folder, 12)
    known = Ledger(folder / "ledger.db")
    calls = known.spending()[0]
    known.close()
    head = json.loads((folder / "run.json").read_text())
    # As a version would have written it that knew no margin, no format and no mark.
    del head["format"]
    del head["recipe"]["pairs"], head["identity"]["pairs"]
    del head["recipe"]["limits"]["accept"], head["identity"]["prompts"]["debate"]
    (folder / "run.json").write_text(json.dumps(head))
    (folder / "ledger.mark").unlink()
    link = sqlite3.connect(folder / "ledger.db")
    link.execute("DROP TABLE labels")
    link.close()
    report = resumed(whole, folder)
    assert report.replayed >= calls
    # The card shows the recipe as the older header has it; the datasets are the same.
    made = exported(folder)
    assert made.keys() == whole.exports.keys()
    assert all(made[n] == whole.exports[n] for n in made if n.endswith(".jsonl"))


def test_a_run_of_a_newer_version_is_refused_with_both_named(
    tmp_path: Path, whole: Whole
) -> None:
    resumed(whole, tmp_path / "run")
    head = json.loads((tmp_path / "run" / "run.json").read_text())
    newer = {**head, "format": 7, "fellowship": "9.1.0", "novelty": True}
    (tmp_path / "run" / "run.json").write_text(json.dumps(newer))
    with pytest.raises(LedgerError, match=r"9\.1\.0.* 7.*0\.1\.0.* 1"):
        resumed(whole, tmp_path / "run")
    link = sqlite3.connect(tmp_path / "run" / "ledger.db")
    link.execute("PRAGMA user_version = 99")
    link.close()
    with pytest.raises(LedgerError, match=r"99.* 1"):
        LedgerReader(tmp_path / "run" / "ledger.db")


def test_a_row_that_was_no_prompt_is_taken_up_once_it_is_mended(
    tmp_path: Path, whole: Whole
) -> None:
    path = recipe(tmp_path / "r.yaml", openai_model(whole.server.base_url), 3)
    rows = (tmp_path / "prompts.jsonl").read_text().splitlines()
    (tmp_path / "prompts.jsonl").write_text("\n".join([rows[0], "{", rows[2]]))
    first = run(load_recipe(path), tmp_path / "run")
    assert first.states["rejected-input"] == 1
    (tmp_path / "prompts.jsonl").write_text("\n".join(rows))
    second = run(load_recipe(path), tmp_path / "run")
    assert "rejected-input" not in second.states
    assert second.balanced
    (tmp_path / "prompts.jsonl").write_text("\n".join([rows[0], "{", rows[2]]))
    with pytest.raises(RecipeError, match="row 2"):
        run(load_recipe(path), tmp_path / "run")
