"""Kill campaign on a cluster: workers, nodes, coordinators and drivers, at random.

    python -m benchmarks.cluster_kills [--kills 40] [--seed 1] [--rows 300]

A run by two workers on a Ray cluster of three nodes on this machine, against a loopback
server in a process of its own, its driver a `fellowship run --engine ray`. Again and again
one of them is killed with signal 9 after a random while: a worker, the coordinator, the
driver, or a whole node (which is replaced). When the run has ended its exports are
compared with those of a run without Ray that nobody disturbed, byte by byte. Every reply
that was in the ledger at any kill must still be there; calls beyond the undisturbed run's
must be counted as maybe paid twice. Exits with 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.cluster import export_bytes
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run_recipe
from fellowship.pipelines.running.status import status_of
from tests.support.loopback.fixtures import server_process
from tests.support.ray_nodes import Nodes
from tests.support.recipes import openai_model, recipe

IN_FLIGHT = 8


def reply_keys(into: Path) -> set[str]:
    """Keys of every reply that is in the ledger."""
    with contextlib.suppress(sqlite3.Error):
        link = sqlite3.connect(f"file:{into / 'ledger.db'}?mode=ro", uri=True)
        with contextlib.closing(link):
            return {row[0] for row in link.execute("SELECT key FROM calls")}
    return set()


class Campaign:
    """One run that is not left in peace."""

    def __init__(self, nodes: Nodes, path: Path, into: Path, seed: int) -> None:
        self.nodes = nodes
        self.into = into
        self.dice = random.Random(seed)
        self.killed: Counter[str] = Counter()
        self.seen: set[str] = set()
        self.lost: set[str] = set()
        self.command = [sys.executable, "-m", "fellowship.cli.main", "run", str(path)]
        self.command += ["--into", str(into), "--engine", "ray", "--workers", "2"]
        self.command += ["--address", nodes.address]
        self.driver = self._drive()

    def _drive(self) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        return subprocess.Popen(self.command, stdout=quiet, stderr=quiet)

    def go(self, kills: int, give_up: float) -> int:
        """Kill and start again until the run is over; the last driver's exit code."""
        ends = time.monotonic() + give_up
        while time.monotonic() < ends:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self.driver.wait(self.dice.uniform(0.5, 4.0))
                if code in (0, 3):
                    return code
                self.driver = self._drive()
            if self.killed.total() < kills:
                self._kill()
        raise SystemExit(f"not over after {give_up:g} s")

    def _kill(self) -> None:
        found = reply_keys(self.into)
        self.lost |= self.seen - found
        self.seen |= found
        victim = self.dice.choice(("worker", "worker", "coordinator", "driver", "node"))
        if victim == "driver":
            self.driver.kill()
            self.driver.wait()
            self.driver = self._drive()
        elif victim == "node":
            self.nodes.remove(self.nodes.more.pop())
            self.nodes.more.append(self.nodes.add())
        else:
            pids = self.nodes.pids(victim.capitalize())
            if not pids:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.dice.choice(pids), signal.SIGKILL)
        self.killed[victim] += 1


def main() -> int:
    """Run the campaign and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--give-up", type=float, default=1800.0)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        server_process("openai", latency=0.1) as server,
    ):
        folder = Path(name)
        model = openai_model(server.base_url, concurrency=IN_FLIGHT)
        path = recipe(folder / "r.yaml", model, asked.rows)
        calm = asyncio.run(run_recipe(load_recipe(path), folder / "calm"))
        before = server.stats()["calls"]
        nodes = Nodes(3)
        try:
            campaign = Campaign(nodes, path, folder / "run", asked.seed)
            code = campaign.go(asked.kills, asked.give_up)
        finally:
            nodes.close()
        extra = server.stats()["calls"] - before - calm.calls
        status = status_of(folder / "run")
        counted = status.failures.get("lost", 0) + status.failures.get("cancelled", 0)
        lost = len(campaign.lost | (campaign.seen - reply_keys(folder / "run")))
        same = export_bytes(folder / "run") == export_bytes(folder / "calm")
    killed = campaign.killed.total()
    print("killed:", ", ".join(f"{n} {who}" for who, n in campaign.killed.items()))
    print(f"rows {asked.rows}, calls {calm.calls}, last exit code {code}")
    print(f"acknowledged replies lost     {lost}")
    print(f"exports identical             {same}")
    print(f"calls beyond the calm run     {extra}")
    print(f"counted as maybe paid twice   {counted}")
    print(f"in flight at most, all kills  {killed * IN_FLIGHT}")
    good = same and not lost and code == 0
    return 0 if good and 0 <= extra <= counted <= killed * IN_FLIGHT else 1


if __name__ == "__main__":
    sys.exit(main())
