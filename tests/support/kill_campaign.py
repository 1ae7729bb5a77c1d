"""A run that is killed at instants nobody chose, again and again, still comes out whole.

Each life is a real process, forked from this one after its imports and ended by SIGKILL.
It tells a pipe which replies were acknowledged to whoever asked for them; what it had in
the air is read from the ledger it left. `python -m benchmarks.kills` prints the account.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fellowship.ledger import CallRow, Ledger
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from tests.support.loopback.fixtures import InProcess
from tests.support.recipes import openai_model, recipe
from tests.support.runs import exported


@dataclass
class Account:
    """What came of a campaign. All but the first three must be zero, or True."""

    kills: int = 0
    runs: int = 0
    calls: int = 0
    in_the_air: int = 0
    extra_calls: int = 0
    counted_twice: int = 0
    lost: int = 0
    duplicates: int = 0
    differing: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Nothing lost, nothing double, nothing different, nothing asked without need."""
        within = self.extra_calls <= self.counted_twice == self.in_the_air
        return within and not (self.lost or self.duplicates or self.differing)


def life(path: Path, into: Path, pipe: int) -> None:
    """One go at the run in this process, telling `pipe` what was acknowledged."""
    record = Ledger.record_reply

    async def told(ledger: Ledger, row: CallRow) -> None:
        await record(ledger, row)
        os.write(pipe, f"{row.key}\n".encode())

    Ledger.record_reply = told  # type: ignore[method-assign]
    asyncio.run(run_recipe(load_recipe(path), into))


def lived(
    live: Callable[[int], None], seconds: float, enough: int = 1_000_000
) -> tuple[bool, set[str]]:
    """Fork a life, end it after `seconds` or when it told `enough` replies.

    Whether it was killed, and what it told.
    """
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(out)
            live(into)
            status = 0
        finally:
            os._exit(status)
    os.close(into)
    said, ends = b"", time.monotonic() + seconds
    while said.count(b"\n") < enough and (left := ends - time.monotonic()) > 0:
        if select.select([out], [], [], left)[0]:
            part = os.read(out, 65_536)
            if not part:
                break
            said += part
    killed = os.waitpid(child, os.WNOHANG) == (0, 0)
    if killed:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    while part := os.read(out, 65_536):
        said += part
    os.close(out)
    return killed, set(said.decode().split())


def left_behind(into: Path) -> tuple[set[str], set[tuple[str, float]]]:
    """The keys of all replies in a ledger, and its notes of calls with their times."""
    if not (into / "ledger.db").exists():
        return set(), set()
    # A copy is looked at: reading would mend what the next life is to find as it is.
    with tempfile.TemporaryDirectory() as folder:
        for name in ("ledger.db", "ledger.db-wal"):
            if (into / name).exists():
                (Path(folder) / name).write_bytes((into / name).read_bytes())
        link = sqlite3.connect(Path(folder) / "ledger.db")
        try:
            keys = {row[0] for row in link.execute("SELECT key FROM calls")}
            return keys, set(link.execute("SELECT key, started FROM sent"))
        except sqlite3.OperationalError:
            return set(), set()  # killed before there were tables
        finally:
            link.close()


def campaign(
    server: InProcess,
    folder: Path,
    *,
    kills: int,
    seed: int,
    rows: int = 24,
    tell: Callable[[Account], None] = lambda account: None,
) -> Account:
    """Kill runs of one recipe until there were so many kills; each run is then finished."""
    dice, account = random.Random(seed), Account()
    path = recipe(folder / "r.yaml", openai_model(server.base_url, concurrency=8), rows)
    began = time.monotonic()
    whole = asyncio.run(run_recipe(load_recipe(path), folder / "whole"))
    longest = time.monotonic() - began
    while account.kills < kills:
        account.runs += 1
        into = folder / f"run-{account.runs}"
        server.reset()
        killed_run(path, into, account, kills, lambda: dice.uniform(0, longest))
        report = asyncio.run(run_recipe(load_recipe(path), into))
        settle(account, into, report, server.stats()["calls"] - whole.calls)
        if exported(into) != exported(folder / "whole"):
            account.differing.append(into.name)
        tell(account)
    return account


def killed_run(
    path: Path, into: Path, account: Account, kills: int, when: Callable[[], float]
) -> None:
    """Let lives of one run be killed until one comes through, or there were enough."""
    acknowledged: set[str] = set()
    noted: set[tuple[str, float]] = set()
    while account.kills < kills:
        killed, told = lived(lambda pipe: life(path, into, pipe), when())
        if not killed:
            return
        account.kills += 1
        acknowledged |= told
        there, notes = left_behind(into)
        account.in_the_air += len(notes - noted)
        noted |= notes
        account.lost += len(acknowledged - there)


def settle(account: Account, into: Path, report: RunReport, extra: int) -> None:
    """Add what a finished run says of itself."""
    account.calls += report.calls
    account.extra_calls += extra
    account.counted_twice += report.maybe_paid_twice
    account.lost += report.lost_replies
    lines = (into / "exports" / "dpo.jsonl").read_text().splitlines()
    numbers = Counter(json.loads(line)["row"] for line in lines)
    account.duplicates += sum(count - 1 for count in numbers.values())
    if not report.balanced:
        account.differing.append(f"{into.name}: states don't add up")
