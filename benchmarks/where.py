"""Benchmark of where a call's processor time goes, by area of the code.

    python -m benchmarks.where [--rows 1500] [--job drafts|judge] [--most 3]

The runs of `benchmarks.limits` in this process, a server in another. Each time the process
has used four milliseconds or so its main thread is asked where it is; the innermost frame
that stands in one of `AREAS` counts, so that what a library does for somebody counts there
unless it is named itself. The ledger's thread is measured by its clock. Microseconds a
call until the last row ended; a share's 95 % limits are of its looks as a binomial's.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import tempfile
import threading
import time
from collections import Counter
from math import sqrt
from pathlib import Path
from types import FrameType
from typing import Any

import fellowship.pipelines.running.runner as runner
from benchmarks.limits import run_judge
from benchmarks.overhead import run_fellowship
from tests.support.loopback.fixtures import server_process

EVERY = 0.001
"""Seconds of processor time between two looks, if the system's clock ticks so often."""

ROWS_END = "rows' ends"
REST = "the rest"

AREAS = (
    ("aiohttp/", "HTTP (aiohttp)"),
    ("selectors.py", "waiting for sockets"),
    ("autogen", "AutoGen's agents and chats"),
    ("opentelemetry/", "AutoGen's agents and chats"),
    ("teams/direct_chat", "AutoGen's agents and chats"),
    ("models/providers/", "a request's body and connection"),
    ("models/replies/", "a reply's body read"),
    ("request_json", "keys and records of requests"),
    ("hashing", "keys and records of requests"),
    ("models/limits/", "limits"),
    ("record/meter", "limits"),
    ("record/call_broker", "record of a call"),
    ("models/record/", "record of a call"),
    ("ledger.py", "record of a call"),
    ("writer.py", "record of a call"),
    ("agents/parsing/", "verdicts and reviews read"),
    ("answer_order", "verdicts and reviews read"),
    ("agents/", "roles, prompts and turns"),
    ("prompts/", "roles, prompts and turns"),
    ("teams/", "teams"),
    ("pipelines/sources/", "rows read"),
    ("pipelines/", "rows worked on: candidates, ranking, faults"),
    ("asyncio/", "event loop"),
)
"""What a file's path holds -> its area; the first that fits counts."""


class Looks:
    """What was seen at each look: an area, and the function that was at work."""

    def __init__(self) -> None:
        self.areas: Counter[str] = Counter()
        self.functions: dict[str, Counter[str]] = {}

    def add(self, _: int, frame: FrameType | None) -> None:
        """One look, as a signal's handler."""
        innermost, area, ends = frame, "", False
        while frame is not None:
            area = area or area_of(frame.f_code.co_filename)
            ends = ends or frame.f_code.co_name == "take_in"
            frame = frame.f_back
        name = ROWS_END if ends else area or REST
        self.areas[name] += 1
        at = innermost.f_code if innermost else None
        where = f"{Path(at.co_filename).stem}.{at.co_name}" if at else REST
        self.functions.setdefault(name, Counter())[where] += 1


def area_of(path: str) -> str:
    """The area of a source file; nothing where it has none of its own."""
    return next((name for part, name in AREAS if part in path), "")


def ledger_clock() -> float:
    """CPU seconds of the ledger's thread so far; 0 where there is none."""
    for thread in threading.enumerate():
        if thread.name == "ledger" and thread.ident:
            return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
    return 0.0


def measure(
    url: str, folder: Path, rows: int, job: str
) -> tuple[Looks, int, float, float]:
    """The looks, the calls, and CPU seconds of the process and of its ledger's thread."""
    run = {"drafts": run_fellowship, "judge": run_judge}[job]
    looks, finalize, used = Looks(), runner.finalize_run, [0.0, 0.0]

    async def stop_looking(*given: Any) -> Any:
        signal.setitimer(signal.ITIMER_PROF, 0)
        used[:] = [time.process_time() - used[0], ledger_clock()]
        return await finalize(*given)

    (folder / "first").mkdir()
    asyncio.run(run(url, folder / "first", 20))
    runner.finalize_run = stop_looking
    signal.signal(signal.SIGPROF, looks.add)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    used[0] = time.process_time()
    calls = asyncio.run(run(url, folder, rows))
    return looks, calls, used[0], used[1]


def main() -> int:
    """Measure and print."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--rows", type=int, default=1500)
    words.add_argument("--job", choices=("drafts", "judge"), default="drafts")
    words.add_argument("--most", type=int, default=3, help="functions shown of an area")
    given = words.parse_args()
    with server_process("openai") as server, tempfile.TemporaryDirectory() as name:
        looks, calls, whole, ledger = measure(
            server.base_url, Path(name), given.rows, given.job
        )
    total, each = looks.areas.total(), 1e6 * (whole - ledger) / calls
    print(f"{calls:,} calls, {1e6 * whole / calls:.0f} microseconds of CPU each")
    print(
        f"{total:,} looks\n\n   us a call   share        area (its busiest functions)"
    )
    print(
        f"{1e6 * ledger / calls:12.0f} {ledger / whole:7.1%} ±0.0%  the ledger's thread"
    )
    for area, seen in looks.areas.most_common():
        busiest = ", ".join(n for n, _ in looks.functions[area].most_common(given.most))
        share, most = seen / total, (1 - ledger / whole)
        margin = 1.96 * sqrt(share * (1 - share) / total) * most
        print(
            f"{each * share:12.0f} {share * most:7.1%} ±{margin:.1%}  {area} ({busiest})"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
