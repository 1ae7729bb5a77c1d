"""A server that answers nothing, ten thousand times: what is left behind.

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
from fellowship.models.deadlines import Deadlines
from fellowship.models.gate import Desk
from fellowship.models.house import House
from fellowship.models.meter import Limits, Meter
from fellowship.models.office import LedgerOffice
from fellowship.models.recorded import RecordedClient
from fellowship.records import Message
from tests.loopback.fixtures import server_process


class Left(NamedTuple):
    """What a process holds."""

    calls: int
    tasks: int
    handles: int
    megabytes: float

    def __str__(self) -> str:
        return (
            f"{self.calls} calls in the air, {self.tasks} tasks, {self.handles} file"
            f" handles, {self.megabytes:.0f} MB"
        )


def held(meter: Meter) -> Left:
    """By this process, now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    size = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    handles = len(os.listdir("/proc/self/fd"))
    return Left(meter.in_flight, len(asyncio.all_tasks()), handles, size)


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


async def measured(options: argparse.Namespace, base_url: str, folder: Path) -> int:
    """All calls, a tenth first."""
    config = OpenAIModel(
        provider="openai", model="m", base_url=base_url, api_key_env=None, tries=1
    )
    house, meter, ledger = (
        House({"m": config}),
        Meter(Limits()),
        Ledger(folder / "l.db"),
    )
    place, many = house.place("m"), options.concurrency
    desk = Desk(place, ceiling=many, start=many, in_a_row=10**9)
    client = house.recorded(LedgerOffice(ledger, meter, {place: desk}))["m"]
    client._deadlines = Deadlines(fixed=options.deadline)
    tenth = options.calls // 10
    began = time.monotonic()
    await hang(client, range(tenth))
    first = held(meter)
    print(f"after {tenth:,}: {first}", flush=True)
    await hang(client, range(tenth, options.calls))
    last = held(meter)
    print(f"after {options.calls:,}: {last}, {time.monotonic() - began:.0f} s")
    late = ledger.rows("SELECT max(seconds) FROM failures")[0][0] - options.deadline
    print(f"the latest deadline was {late:.2f} s late")
    await house.close()
    ledger.close()
    grew = last.megabytes - first.megabytes > 64 or last.handles > first.handles + 16
    return int(late > 1 or last.calls > 0 or last.tasks > first.tasks + 4 or grew)


def main() -> int:
    """One server, one process of calls."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--deadline", type=float, default=0.5)
    parser.add_argument("--concurrency", type=int, default=100)
    options = parser.parse_args()
    with (
        server_process("openai", "--script", '{"mix": {"hang": 1.0}}') as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        return asyncio.run(measured(options, server.base_url, Path(folder)))


if __name__ == "__main__":
    raise SystemExit(main())
