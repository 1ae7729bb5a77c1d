"""Kills: what was acknowledged stays, and what comes out is what would have come out."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults.account import Form, Result
from benchmarks.faults.runs import doubles, exported, go, made
from tests.campaign import campaign
from tests.loopback.fixtures import server_process


def kills(form: Form, folder: Path) -> Result:
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


def concurrency(form: Form, folder: Path) -> Result:
    """One row at a time and 64 at once: the same bytes (fault 17)."""
    found = Result()
    with server_process("openai", latency=0.005) as server:
        for n in range(form.pick(1, 5)):
            path = made(folder / str(n), server, form.pick(24, 100))
            text = path.read_text()
            into = []
            for many in (1, 64):
                path.write_text(f"{text}concurrency: {many}\n")
                into.append(folder / f"{n}-{many}")
                go(path, into[-1])
            found.add(exported(into[0]) == exported(into[1]) != {})
            found.duplicates += doubles(into[1])
    found.measured = f"{found.survived} of {found.tries} byte-identical at 1 and 64"
    return found
