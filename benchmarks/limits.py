"""Benchmark of what a call, a row's end and a start cost, against a raw HTTP client's.

    python -m benchmarks.limits [--rows 250] [--repeats 3]

A loopback server without latency runs in a process of its own. `call` is a run as a user
starts it (AutoGen team of three drafts, structured verdicts in both orders, ledger, limits)
until its last row ended; `row's end` is what follows: settling, datasets, report. `floor`
posts the same bodies by aiohttp alone, 64 at a time, and parses what comes. `first call` is
the command from its start until its first request; its floor is the SDK's first request.

Each side is a new process; sides are taken in turns and the least CPU of each counts, for a
busy machine only ever adds to it. Nothing fails here: the figures are for reading.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

import fellowship.pipelines.running.runner as runner
from benchmarks.overhead import IN_FLIGHT, request_bodies, run_fellowship
from tests.support.loopback.fixtures import server_process
from tests.support.recipes import openai_model, recipe

START, SDK_START = "first call", "first call by the SDK"
TARGETS = {"call": 0.8, "row's end": 0.4, START: 900.0}
"""Milliseconds of CPU at the most, on a quiet machine of two cores."""

SDK = (
    "import sys, openai; openai.OpenAI(base_url=sys.argv[1], api_key='x', max_retries=0)"
    ".chat.completions.create(model='m', messages=[{'role': 'user', 'content': 'x'}])"
)


async def measure_run(base_url: str, folder: Path, rows: int) -> dict[str, float]:
    """Milliseconds of CPU of a call and of a row's end."""
    finalize, marks = runner.finalize_run, [time.process_time()]

    async def timed(*given: Any) -> Any:
        marks.append(time.process_time())
        return await finalize(*given)

    runner.finalize_run = timed
    calls = await run_fellowship(base_url, folder, rows)
    marks.append(time.process_time())
    began, ended, over = (1000 * mark for mark in marks)
    return {"call": (ended - began) / calls, "row's end": (over - ended) / rows}


async def measure_floor(base_url: str, folder: Path) -> dict[str, float]:
    """Milliseconds of CPU of a call by aiohttp alone."""
    bodies = [
        json.dumps(body).encode()
        for body in request_bodies(folder / "run" / "ledger.db")
    ]
    began, left = time.process_time(), iter(bodies)
    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def work() -> None:
            for body in left:
                url = f"{base_url}/chat/completions"
                async with session.post(url, data=body) as response:
                    assert json.loads(await response.read())["choices"]

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return {"floor": 1000 * (time.process_time() - began) / len(bodies)}


def first_request(command: list[str], url_of: Any) -> float:
    """Milliseconds of CPU of a command until it sends its first request."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = [*command, *url_of(f"http://127.0.0.1:{server.getsockname()[1]}/v1")]
        none = subprocess.DEVNULL
        with subprocess.Popen(words, stdout=none, stderr=none) as child:
            link, _ = server.accept()
            link.recv(1)
            fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2]
            used = sum(int(ticks) for ticks in fields.split()[11:13])
            child.kill()
            link.close()
    return 1000 * used / os.sysconf("SC_CLK_TCK")


def first_calls() -> dict[str, float]:
    """Milliseconds of CPU until the first request: of the command, and of the SDK."""
    with tempfile.TemporaryDirectory() as name:

        def words_of(url: str) -> list[str]:
            path = recipe(Path(name) / "recipe.yaml", openai_model(url), 4)
            return ["run", str(path), "--into", str(Path(name) / "run")]

        ours = first_request([sys.executable, "-m", "fellowship.cli.main"], words_of)
    sdk = first_request([sys.executable, "-c", SDK], lambda url: [url])
    return {START: ours, SDK_START: sdk}


def measure_side(side: str, url: str, folder: Path, rows: int) -> dict[str, float]:
    """What a process of its own measures."""
    command = [sys.executable, "-m", "benchmarks.limits", "--side", side]
    command += ["--url", url, "--into", str(folder), "--rows", str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def least_costs(rows: int, repeats: int) -> dict[str, float]:
    """What was measured -> its least milliseconds."""
    least: dict[str, float] = {}
    with server_process("openai") as server:
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as folder:
                found = first_calls()
                for side in ("run", "floor"):
                    found |= measure_side(side, server.base_url, Path(folder), rows)
            least = {k: min(v, least.get(k, v)) for k, v in found.items()}
    return least


def show(least: dict[str, float]) -> None:
    """Print a table: milliseconds, and how many times the floor of its kind they are."""
    print(f"{'':<24}{'CPU ms':>9}{'x floor':>9}{'target ms':>11}")
    for name, cost in least.items():
        floor = least[SDK_START if name.startswith(START) else "floor"]
        target = f"{TARGETS[name]:g}" if name in TARGETS else ""
        print(f"{name:<24}{cost:>9.2f}{cost / floor:>9.1f}{target:>11}")


def main() -> int:
    """Measure and print."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--rows", type=int, default=250)
    words.add_argument("--repeats", type=int, default=3)
    words.add_argument("--side", choices=("run", "floor"), help="measure this process")
    words.add_argument("--url", help="with --side: the server's base URL")
    words.add_argument("--into", type=Path, help="with --side: a folder to work in")
    given = words.parse_args()
    if given.side == "run":
        print(json.dumps(asyncio.run(measure_run(given.url, given.into, given.rows))))
    elif given.side == "floor":
        print(json.dumps(asyncio.run(measure_floor(given.url, given.into))))
    else:
        show(least_costs(given.rows, given.repeats))
    return 0


if __name__ == "__main__":
    sys.exit(main())
