"""Benchmark of the embedded engine: its utilisation by a run, and our memory.

    python -m benchmarks.utilisation [--rows 4] [--repeats 2] [--threads 1]

`run` is a run as a user starts it: the example prompts, drafts, reviews, a judge in both
orders. `engine` sends the requests that run has left in its ledger to the same engine,
as many at a time as it has slots, with nothing around it. Each side is a process of its
own, and both clocks count the loading of the model; the two take turns, and the best of
the repeats counts. Tokens are those generated. Memory above the model is the difference of
the two sides' peaks: both hold the weights and the context.

A generation's length depends on the batch it was decoded in, so the sides' tokens differ
by a little; the comparison is of tokens a second. Exits with 1 below a share of 0.95, or
at 150 MB above the model.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
LEAST_SHARE = 0.95
MOST_MEMORY = 150
SIDES = ("run", "engine")


class Speed(NamedTuple):
    """What one side did: tokens generated, seconds, CPU seconds, megabytes at the peak."""

    calls: int
    tokens: int
    wall: float
    cpu: float
    peak: float

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / self.wall


def cpu_seconds() -> float:
    """User and system time of this process, all of its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_megabytes() -> float:
    """Megabytes this process held at the most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure_run(folder: Path, rows: int, threads: int | None) -> Speed:
    """The demo's recipe over its first rows. The clock starts at the first call."""
    # Imported here, so that the other side's memory is the model's alone.
    from fellowship.models.config import LlamaCppModel
    from fellowship.models.providers.weights import find_weights
    from fellowship.pipelines.recipe.loading import load_recipe
    from fellowship.pipelines.running.runner import run_recipe

    model = {"provider": "llama_cpp", "threads": threads, "max_tokens": 48}
    roles = ("generator", "reviewer", "judge")
    chosen = {f"models.{role}.{k}": v for role in roles for k, v in model.items()}
    # The judge's JSON must have room to close, or repair turns drown the rest.
    chosen["models.judge.max_tokens"] = 120
    recipe = load_recipe(ROOT / "recipes" / "demo.yaml", chosen)
    cpu = cpu_seconds()
    report = await run_recipe(recipe, folder / "run", limit=rows)
    link = sqlite3.connect(folder / "run" / "ledger.db")
    spans = "SELECT min(started), max(started + seconds) FROM calls"
    first, last = link.execute(spans).fetchone()
    link.close()
    cpu = cpu_seconds() - cpu
    config = LlamaCppModel(provider="llama_cpp")
    engine = {
        "path": str(find_weights(config.model)[0]),
        "num_ctx": config.num_ctx,
        "slots": config.slots,
        "threads": threads or os.cpu_count(),
        "bodies": engine_requests(folder / "run" / "ledger.db"),
    }
    (folder / "jobs.json").write_text(json.dumps(engine))
    return Speed(
        report.calls, report.completion_tokens, last - first, cpu, peak_megabytes()
    )


def engine_requests(ledger: Path) -> list[dict[str, Any]]:
    """The requests of a run as the engine takes them, in the order they were sent."""
    from fellowship.models.providers.schema import response_format

    link = sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)
    rows = link.execute("SELECT request FROM calls ORDER BY started").fetchall()
    link.close()
    made = []
    for (text,) in rows:
        request = json.loads(text)
        body = {"messages": request["messages"], "stream": True, **request["sampling"]}
        body["stream_options"] = {"include_usage": True}
        if request["schema"] is not None:
            body["response_format"] = response_format(request["schema"])
        made.append(body)
    return made


def measure_engine(folder: Path) -> Speed:
    """The same requests at the engine itself, a thread a slot."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as Fellowship loads it
    import xllamacpp

    given = json.loads((folder / "jobs.json").read_text())
    params = xllamacpp.CommonParams()
    params.model.path = given["path"]
    params.n_ctx, params.n_parallel = given["num_ctx"] * given["slots"], given["slots"]
    params.cpuparams.n_threads = given["threads"]
    params.verbosity = -1
    cpu, wall = cpu_seconds(), time.perf_counter()
    server = xllamacpp.Server(params)

    def ask(body: dict[str, Any]) -> int:
        counted = 0

        def take(chunk: dict[str, Any]) -> bool:
            nonlocal counted
            counted = (chunk.get("usage") or {}).get("completion_tokens", counted)
            return False

        server.handle_chat_completions(body, take)
        return counted

    with ThreadPoolExecutor(given["slots"]) as pool:
        tokens = list(pool.map(ask, given["bodies"]))
    cpu, wall = cpu_seconds() - cpu, time.perf_counter() - wall
    return Speed(len(tokens), sum(tokens), wall, cpu, peak_megabytes())


def measure_side(side: str, folder: str, rows: int, threads: int | None) -> Speed:
    """One side, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.utilisation", "--side", side]
    command += ["--into", folder, "--rows", str(rows)]
    command += ["--threads", str(threads)] if threads else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Speed(*json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Measure, print a table, and judge it by the targets."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--rows", type=int, default=4, help="of the example prompts")
    words.add_argument("--repeats", type=int, default=2, help="of each side")
    words.add_argument(
        "--threads", type=int, help="of the engine; its own choice if not"
    )
    words.add_argument("--side", choices=SIDES, help="measure this process instead")
    words.add_argument("--into", type=Path, help="with --side: a folder to work in")
    chosen = words.parse_args()
    if chosen.side:
        if chosen.side == "run":
            made = asyncio.run(measure_run(chosen.into, chosen.rows, chosen.threads))
        else:
            made = measure_engine(chosen.into)
        print(json.dumps(made))
        return 0
    found: dict[str, list[Speed]] = {side: [] for side in SIDES}
    for _ in range(chosen.repeats):
        with tempfile.TemporaryDirectory() as folder:
            for side in SIDES:
                made = measure_side(side, folder, chosen.rows, chosen.threads)
                found[side].append(made)
                print(
                    f"{side:<8}{made.calls:>5} calls{made.tokens:>7} tokens"
                    f"{made.wall:>8.1f} s{made.rate:>8.1f} tokens/s"
                    f"{1000 * made.cpu / made.tokens:>8.1f} CPU ms/token"
                    f"{made.peak:>7.0f} MB",
                    flush=True,
                )
    turns = zip(*(found[side] for side in SIDES), strict=True)
    share = median(run.rate / engine.rate for run, engine in turns)
    above = min(s.peak for s in found["run"]) - min(s.peak for s in found["engine"])
    print(f"utilisation {share:.2f}; {above:.0f} MB above the model")
    good = share >= LEAST_SHARE and above < MOST_MEMORY
    print("targets met" if good else "targets MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
