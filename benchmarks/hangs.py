"""Benchmark of hanging calls: what ten thousand of them leave behind.

    python -m benchmarks.hangs [--calls 10000] [--deadline 0.5] [--concurrency 100]

Every call hangs and must end at its deadline. Prints how late the latest deadline was, and
what calls, tasks, file handles and memory there were after a tenth of the calls and after
all of them; exits with 1 where one was more than a second late, a place was not given
back, or handles or memory (64 MB) grew.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from fellowship.errors import ModelError
from fellowship.ledger import Ledger
from fellowship.models.client import Request
from fellowship.models.config import OpenAIModel
from fellowship.models.limits.deadlines import Deadlines
from fellowship.models.limits.gate import EndpointLimits
from fellowship.models.record.call_broker import LedgerCallBroker
from fellowship.models.record.meter import Limits, Meter
from fellowship.models.record.recorded_client import RecordedClient
from fellowship.models.registry import ModelRegistry
from fellowship.records import Message
from tests.support.loopback.fixtures import server_process


class Resources(NamedTuple):
    """What a process holds."""

    calls: int
    tasks: int
    handles: int
    megabytes: float

    def __str__(self) -> str:
        return (
            f"{self.calls} calls in flight, {self.tasks} tasks, {self.handles} file"
            f" handles, {self.megabytes:.0f} MB"
        )


def resources_held(meter: Meter) -> Resources:
    """By this process, now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    size = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    handles = len(os.listdir("/proc/self/fd"))
    return Resources(meter.in_flight, len(asyncio.all_tasks()), handles, size)


async def hang(client: RecordedClient, numbers: range) -> None:
    """Ask so many times; every call must end at its deadline."""

    async def one(number: int) -> None:
        said = Message(role="user", content=f"number {number}")
        kind = "answered"
        try:
            await client.complete(Request((said,), {"max_tokens": 9}, session="s"))
        except ModelError as error:
            kind = error.kind
        if kind != "deadline":
            raise AssertionError(f"a call that hangs ended as {kind!r}")

    await asyncio.gather(*map(one, numbers))


class Account(NamedTuple):
    """What was held after a tenth of the calls and after all; seconds late at most."""

    first: Resources
    last: Resources
    late: float

    @property
    def is_good(self) -> bool:
        """In time, and nothing is left behind."""
        return self.is_clean and self.late <= 1

    @property
    def is_clean(self) -> bool:
        """Nothing is left behind: no memory, handle, call or task."""
        grew = self.last.megabytes - self.first.megabytes > 64
        grew = grew or self.last.handles > self.first.handles + 16
        kept = self.last.calls > 0 or self.last.tasks > self.first.tasks + 4
        return not (grew or kept)

    def __str__(self) -> str:
        more = self.last.megabytes - self.first.megabytes
        return f"at most {self.late:.2f} s late, {self.last}, {more:+.0f} MB"


def run_calls(calls: int, deadline: float = 0.5, concurrency: int = 100) -> Account:
    """So many calls to a server that never answers, in a process of its own."""
    script = ("--script", '{"mix": {"hang": 1.0}}')
    with (
        server_process("openai", *script) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        going = measure_calls(
            calls, deadline, concurrency, server.base_url, Path(folder)
        )
        return asyncio.run(going)


async def measure_calls(
    calls: int, deadline: float, many: int, base_url: str, folder: Path
) -> Account:
    """All calls, a tenth first."""
    config = OpenAIModel(
        provider="openai", model="m", base_url=base_url, api_key_env=None, tries=1
    )
    registry, meter = ModelRegistry({"m": config}), Meter(Limits())
    ledger = Ledger(folder / "l.db")
    place = registry.endpoint("m")
    limits = EndpointLimits(place, ceiling=many, start=many, in_a_row=10**9)
    client = registry.recorded_clients(
        LedgerCallBroker(ledger, meter, {place: limits})
    )["m"]
    client._deadlines = Deadlines(fixed=deadline)
    await hang(client, range(calls // 10))
    first = resources_held(meter)
    await hang(client, range(calls // 10, calls))
    last = resources_held(meter)
    late = ledger.rows("SELECT max(seconds) FROM failures")[0][0] - deadline
    await registry.close()
    ledger.close()
    return Account(first, last, late)


def main() -> int:
    """One server, one process of calls."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--deadline", type=float, default=0.5)
    parser.add_argument("--concurrency", type=int, default=100)
    options = parser.parse_args()
    began = time.monotonic()
    account = run_calls(options.calls, options.deadline, options.concurrency)
    print(f"after {options.calls // 10:,}: {account.first}")
    print(f"after {options.calls:,}: {account.last}, {time.monotonic() - began:.0f} s")
    print(f"the latest deadline was {account.late:.2f} s late")
    return int(not account.is_good)


if __name__ == "__main__":
    raise SystemExit(main())
