"""Benchmark of what a call, a row's end and a start cost, against a raw HTTP client's.

    python -m benchmarks.limits [--rows 250] [--repeats 3] [--write docs/benchmarks.md]

A loopback server without latency runs in a process of its own. `call` is a run as a user
starts it (AutoGen team of three drafts, structured verdicts in both orders, ledger, limits)
until its last row ended, without what is prepared of each row as it ends, which is a part
of `row's end`: beside it, that is what a row adds to all that follows the last call,
settling, datasets and report, the slope between a run of a fifth of the rows and one of
all of them in a process that has ended a run before. `judged row's end` is that of rows
whose two answers are given and judged once. `a first run's end` is all that the first
run of a process, of a fifth of the rows, takes to end, imports and report included. `floor`
posts the same bodies by aiohttp alone, 64 at a time, and parses what comes. `first call` is
the command from its start until its first request; its floor is the SDK's first request.
`run --help` is that command; its floor is a Python that imports nothing.

Each side is a new process; sides are taken in turns and the least CPU of each counts, for a
busy machine only ever adds to it. Nothing fails here: the figures are for reading.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

import fellowship.pipelines.running.runner as runner
from benchmarks.limits_table import (
    AFTER,
    BARE,
    CALL,
    FLOOR,
    HELP,
    JUDGED,
    JUDGED_AFTER,
    ROW_END,
    RUN_END,
    SDK_START,
    START,
    WHOLE_CALL,
    printed,
    write_block,
)
from benchmarks.overhead import IN_FLIGHT, request_bodies, run_fellowship
from benchmarks.scale import recipe_of
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run_recipe
from tests.support.loopback.fixtures import server_process
from tests.support.recipes import openai_model, recipe

JUDGED_AS_MANY = 4
"""Judged rows for each row of drafts: they make as many calls in half the time."""

Run = Callable[[str, Path, int], Awaitable[int]]
"""Makes a run of so many rows of a server's models in a folder; returns its calls."""

SDK = (
    "import sys, openai; openai.OpenAI(base_url=sys.argv[1], api_key='x', max_retries=0)"
    ".chat.completions.create(model='m', messages=[{'role': 'user', 'content': 'x'}])"
)


class RunCost(NamedTuple):
    """Milliseconds of CPU of a run: until its last row ended, of that what was prepared
    as rows ended, and from then on."""

    calls: int
    working: float
    prepared: float
    ending: float


async def measure_run(base_url: str, folder: Path, rows: int) -> dict[str, float]:
    """Milliseconds of CPU of a call, and of the end of a row and of a first run."""
    first, row_end, after, last = await measure_rows(
        run_fellowship, base_url, folder, rows
    )
    judged = folder / "judged"
    judged.mkdir()
    _, judged_end, judged_after, _ = await measure_rows(
        run_judge, base_url, judged, JUDGED_AS_MANY * rows
    )
    return {
        CALL: (last.working - last.prepared) / last.calls,
        WHOLE_CALL: last.working / last.calls,
        ROW_END: row_end,
        AFTER: after,
        JUDGED: judged_end,
        JUDGED_AFTER: judged_after,
        RUN_END: first.ending,
    }


async def measure_rows(
    run: Run, base_url: str, folder: Path, rows: int
) -> tuple[RunCost, float, float, RunCost]:
    """The first run's cost; a row's end, in all and after the last call; the last run's."""
    few = max(1, rows // 5)
    for name in ("first", "second"):
        os.mkdir(folder / name)
    first = await run_cost(run, base_url, folder / "first", few)
    second = await run_cost(run, base_url, folder / "second", few)
    last = await run_cost(run, base_url, folder, rows)
    after = (last.ending - second.ending) / (rows - few)
    return first, last.prepared / rows + after, after, last


async def run_judge(base_url: str, folder: Path, rows: int) -> int:
    """A run of `rows` given pairs, each judged once."""
    path = recipe_of("judge", folder, base_url, rows)
    return (await run_recipe(load_recipe(path), folder / "run")).calls


async def run_cost(run: Run, base_url: str, folder: Path, rows: int) -> RunCost:
    """What one run costs this process."""
    finalize, prepare = runner.finalize_run, runner.Runner.take_in
    marks, prepared = [time.process_time()], [0.0]

    async def timed(*given: Any) -> Any:
        marks.append(time.process_time())
        return await finalize(*given)

    def counted(go: runner.Runner) -> None:
        began = time.process_time()
        prepare(go)
        prepared[0] += time.process_time() - began

    runner.finalize_run = timed
    runner.Runner.take_in = counted  # type: ignore[method-assign]
    try:
        calls = await run(base_url, folder, rows)
    finally:
        runner.finalize_run = finalize
        runner.Runner.take_in = prepare  # type: ignore[method-assign]
    marks.append(time.process_time())
    began, ended, over = (1000 * mark for mark in marks)
    return RunCost(calls, ended - began, 1000 * prepared[0], over - ended)


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
    return {FLOOR: 1000 * (time.process_time() - began) / len(bodies)}


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


def command_cost(*words: str) -> float:
    """Milliseconds of CPU of a command from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    return 1000 * (user + system)


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
                found[HELP] = command_cost("-m", "fellowship.cli.main", "run", "--help")
                found[BARE] = command_cost("-c", "pass")
                for side in ("run", "floor"):
                    found |= measure_side(side, server.base_url, Path(folder), rows)
            least = {k: min(v, least.get(k, v)) for k, v in found.items()}
    return least


def main() -> int:
    """Measure and print."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--rows", type=int, default=250)
    words.add_argument("--repeats", type=int, default=3)
    words.add_argument("--side", choices=("run", "floor"), help="measure this process")
    words.add_argument("--url", help="with --side: the server's base URL")
    words.add_argument("--into", type=Path, help="with --side: a folder to work in")
    words.add_argument("--write", type=Path, help="replace the table in this page, too")
    given = words.parse_args()
    if given.side == "run":
        print(json.dumps(asyncio.run(measure_run(given.url, given.into, given.rows))))
    elif given.side == "floor":
        print(json.dumps(asyncio.run(measure_floor(given.url, given.into))))
    else:
        least = least_costs(given.rows, given.repeats)
        print(printed(least))
        if given.write:
            command = f"--rows {given.rows} --repeats {given.repeats}"
            write_block(given.write, least, f"python -m benchmarks.limits {command}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
