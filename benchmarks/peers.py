"""Benchmark of peers: the same jobs on Fellowship and on other tools.

    python -m benchmarks.peers [--rows 200,1000] [--jobs judge,loop] [--install]

`judge` has two answers a row compared, one call; `loop` has a draft, a review, a second
draft and a verdict, four. A loopback server without latency answers, in a process of its
own, and counts the calls; 64 are in flight. Every side measures its own process and its
children, without their imports where they have any; sides take turns. Environments are
made by `--install` under $XDG_CACHE_HOME/fellowship-peers. What can't be installed, can't
be imported or doesn't finish is left out, with the reason.

`sequential` is the paper's style. `appending` is the same loop without its rewriting of the
results: no peer but a floor, which is shown and not judged.

Exits with 1 where a peer spends less CPU a call than Fellowship.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.support.loopback.fixtures import InProcess, server_process

CALLS = {"judge": 1, "loop": 4}
PACKAGES = {
    "ours": (),
    "sequential": (),
    "appending": (),
    "curator": ("bespokelabs-curator==0.1.31",),
    "datadesigner": ("data-designer==0.9.7",),
    "distilabel_": ("distilabel[openai]==1.5.3", "requests"),
}
FLOOR = "appending"
"""No peer: what the calls cost by themselves, one at a time and hardly kept."""
FOLDERS = {"curator": "bespokelabs-curator", "datadesigner": "data-designer"}
TABLE = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
"""What tiktoken calls the file of the cl100k_base encoding in its cache."""

PATIENCE = 900.0
"""Seconds a side may take for one job."""


class Cost(NamedTuple):
    """What one side took, and the calls that the server counted."""

    calls: int
    cpu: float
    wall: float
    peak: float

    @property
    def cpu_a_call(self) -> float:
        """Milliseconds of CPU a call."""
        return 1000 * self.cpu / max(1, self.calls)


def environments() -> Path:
    """Where the peers' environments are."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "fellowship-peers"


def python_of(peer: str) -> Path:
    """The interpreter that has this peer."""
    if not PACKAGES[peer]:
        return Path(sys.executable)
    name = FOLDERS.get(peer, peer.strip("_"))
    return environments() / name / "bin" / "python"


def install(peer: str) -> None:
    """Make a peer's environment, if there is none yet."""
    python = python_of(peer)
    if python.exists() or not PACKAGES[peer]:
        return
    print(f"installing {' '.join(PACKAGES[peer])}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
    command = [python, "-m", "pip", "install", "-q", *PACKAGES[peer]]
    subprocess.run(command, check=False)


def measure_peer(peer: str, job: str, rows: int, server: InProcess) -> Cost | str:
    """What a peer takes for a job; in words, why that is not known."""
    python = python_of(peer)
    if not python.exists():
        return "not installed: --install"
    server.reset()
    script = Path(__file__).parent / "peer" / f"{peer}.py"
    quiet = {"TELEMETRY_ENABLED": "0", "HF_HUB_OFFLINE": "1", "OPENAI_API_KEY": "none"}
    quiet |= {"CURATOR_DISABLE_CACHE": "1", "NEMO_TELEMETRY_ENABLED": "false"}
    # Curator counts tokens by a table it would download; LiteLLM, beside it, ships it.
    for table in python.parent.parent.glob(f"lib/*/site-packages/litellm/**/{TABLE}"):
        quiet["TIKTOKEN_CACHE_DIR"] = str(table.parent)
    with tempfile.TemporaryDirectory() as folder:
        command = [python, script, server.base_url, job, str(rows), folder]
        env = {**os.environ, **quiet, "HOME": folder}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, env=env, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired:
            return f"not done after {PATIENCE:.0f} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it failed"])[-1][:200]
    calls = server.stats()["answered"]
    if calls < rows * CALLS[job]:
        return f"made {calls} of {rows * CALLS[job]} calls"
    return Cost(calls, **json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Measure, print a table, and judge it."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--rows", default="200,1000", help="sizes, such as 200,4000")
    words.add_argument("--jobs", default="judge,loop")
    words.add_argument("--only", default=",".join(PACKAGES), help="sides to take")
    words.add_argument("--install", action="store_true", help="make what is missing")
    chosen = words.parse_args()
    good, judged = True, False
    print(f"{'job':<7}{'rows':>6}  {'side':<13}{'calls':>7}{'CPU ms/call':>12}", end="")
    print(f"{'wall s':>8}{'rows/s':>8}{'peak MB':>9}{'to ours':>9}")
    with server_process("openai") as server:
        for job in chosen.jobs.split(","):
            for rows in map(int, chosen.rows.split(",")):
                ours: Cost | None = None
                for peer in chosen.only.split(","):
                    if chosen.install:
                        install(peer)
                    found = measure_peer(peer, job, rows, server)
                    print(f"{job:<7}{rows:>6}  {peer.strip('_'):<13}", end="")
                    if isinstance(found, str):
                        print(f"left out: {found}", flush=True)
                        continue
                    ours = found if peer == "ours" else ours
                    judged = judged or (ours is not None and peer != "ours")
                    ratio = found.cpu_a_call / ours.cpu_a_call if ours else float("nan")
                    good = good and (peer == FLOOR or not ratio < 1)
                    print(
                        f"{found.calls:>7}{found.cpu_a_call:>12.2f}{found.wall:>8.1f}",
                        end="",
                    )
                    print(f"{rows / found.wall:>8.0f}{found.peak:>9.0f}", end="")
                    print(f"{ratio:>8.1f}x", flush=True)
    if not judged:
        print("ours was not measured beside any peer")
    else:
        print("ours is the least" if good else "a peer spends LESS")
    return 0 if good and judged else 1


if __name__ == "__main__":
    sys.exit(main())
