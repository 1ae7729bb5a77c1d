"""Kill campaign: a run killed at random instants and resumed, and what was lost.

    python -m benchmarks.kills [--kills 200] [--seed 1] [--rows 24]

A loopback server runs in a process of its own; every life of a run is a process that is
ended by SIGKILL. Exits with 1 where an acknowledged reply is gone, a row is twice in an
export, an export differs from the uninterrupted run's in any byte, or more calls were sent
again than were noted to be in flight at the kills.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.support.kill_campaign import Account, campaign
from tests.support.loopback.fixtures import server_process


def print_progress(account: Account) -> None:
    """One line a finished run."""
    print(f"{account.kills} kills, {account.runs} runs finished", file=sys.stderr)


def main() -> int:
    """Run the campaign and print its account."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--kills", type=int, default=200)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--rows", type=int, default=24, help="of each run")
    chosen = words.parse_args()
    began = time.perf_counter()
    with (
        server_process("openai", latency=0.02) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        account = campaign(
            server,
            Path(folder),
            kills=chosen.kills,
            seed=chosen.seed,
            rows=chosen.rows,
            tell=print_progress,
        )
    lines = {
        "kills": account.kills,
        "runs killed and finished": account.runs,
        "calls on record": account.calls,
        "acknowledged replies lost": account.lost,
        "duplicate rows": account.duplicates,
        "exports that differ": len(account.differing),
        "calls in the air at the kills": account.in_the_air,
        "counted as maybe paid twice": account.counted_twice,
        "calls sent again": account.extra_calls,
    }
    for name, number in lines.items():
        print(f"{name:<32}{number:>8,}")
    print(f"{'seconds':<32}{time.perf_counter() - began:>8.0f}")
    print("good" if account.good else "BROKEN")
    return 0 if account.good else 1


if __name__ == "__main__":
    sys.exit(main())
