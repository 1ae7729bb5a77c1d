"""Faults of killed runs: what was acknowledged stays, and exports are the same."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from benchmarks.faults.account import Form, Result
from benchmarks.faults.runs import (
    ROOT,
    export_bytes,
    repeated_rows,
    run_command,
    write_recipe,
)
from benchmarks.scale import LATE
from tests.support.kill_campaign import campaign
from tests.support.loopback.fixtures import server_process


def random_kills(form: Form, folder: Path) -> Result:
    """SIGKILL at random instants, resumed each time (fault 1)."""
    folder.mkdir(parents=True, exist_ok=True)
    with server_process("openai", latency=0.02) as server:
        account = campaign(
            server,
            folder,
            kills=form.pick(12, 200),
            seed=form.seed,
            rows=form.pick(8, 24),
        )
    return Result(
        tries=account.kills,
        survived=account.kills if account.good else 0,
        lost=account.lost,
        duplicates=account.duplicates,
        twice=account.extra_calls,
        measured=f"{account.extra_calls} calls again of {account.in_the_air} in the air,"
        f" {len(account.differing)} exports differ",
    )


def same_bytes_by_engine(form: Form, folder: Path) -> Result:
    """One row at a time, 64 at once, and Ray's workers where it is: same bytes (17)."""
    found, sides = Result(), ["1", "64"]
    # A cluster takes half a minute to start; in CI a test of the suite has one up already.
    ray = form.long and importlib.util.find_spec("ray") is not None
    with server_process("openai", latency=0.005) as server:
        for n in range(form.pick(1, 5)):
            path = write_recipe(folder / str(n), server, form.pick(24, 100))
            text = path.read_text()
            made_of = []
            for many in (1, 64):
                path.write_text(f"{text}concurrency: {many}\n")
                run_command(path, folder / f"{n}-{many}")
                made_of.append(export_bytes(folder / f"{n}-{many}"))
            if ray and n == 0:
                run_command(
                    path, folder / f"{n}-ray", "--engine", "ray", "--workers", "2"
                )
                made_of.append(export_bytes(folder / f"{n}-ray"))
            found.add(all(side == made_of[0] != {} for side in made_of))
            found.duplicates += repeated_rows(folder / f"{n}-64")
    sides += ["and once by two Ray workers"] * ray
    found.measured = f"{found.survived} of {found.tries} the same at " + ", ".join(
        sides
    )
    return found


def many_rows(form: Form, folder: Path) -> Result:
    """Many rows, one call in a hundred spoilt: time, memory, handles, opening (18)."""
    rows = form.pick(3_000, 100_000)
    command = [sys.executable, "-m", "benchmarks.scale", "--rows", str(rows)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    found = Result()
    found.add(done.returncode in (0, LATE), rows)
    found.late = done.returncode == LATE
    lines = [line.strip() for line in done.stdout.splitlines()]
    heads = ("CPU a row", "memory", "files", "connections", "again", "targets MISSED")
    said = dict.fromkeys(line for line in lines[2:] if line.startswith(heads))
    found.measured = "; ".join(said) or done.stderr[-200:]
    return found
