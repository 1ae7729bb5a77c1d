"""Benchmark of model residency: two models on a server that holds one.

    python -m benchmarks.residency [--sessions 64] [--load 2] [--concurrency 8]

A loopback Ollama server holds one model, works on one load at a time and takes `--load`
seconds for it. A feedback loop of three drafts (writer on one model, critic on the other)
and a judge on the critic's model run over as many rows as there are sessions, all of them
at once: first with `max_loaded: 1`, then with turns switched off. Prints the swaps the
server counted, the wall time of each side, and their ratios. The exports are compared: who
waits for whom must not change a single answer.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run
from tests.support.loopback.fixtures import server_process
from tests.support.recipes import ollama_model, recipe

OFF = 99
"""More models than there are: every call goes at once."""


class Side(NamedTuple):
    """One way to run the loop."""

    swaps: int
    seconds: float
    calls: int
    export: bytes
    port: int


def run_side(
    folder: Path, room: int, options: argparse.Namespace, port: int = 0
) -> Side:
    """The whole run, with a server of its own. Keys of calls name its port."""
    folder.mkdir()
    with server_process(
        "ollama",
        port=port,
        max_loaded=1,
        load_seconds=options.load,
        latency=options.latency,
    ) as server:
        more = {"max_loaded": room, "concurrency": options.concurrency}
        one = ollama_model(server.url, "writer:8b", **more)
        two = ollama_model(server.url, "critic:9b", **more)
        models = {"writer": one, "critic": two, "judge": two}
        path = recipe(
            folder / "r.yaml",
            one,
            options.sessions,
            models=models,
            concurrency=options.sessions,
        )
        began = time.monotonic()
        report = run(load_recipe(path), folder / "run")
        seconds = time.monotonic() - began
        counted = server.stats()
    export = (folder / "run" / "exports" / "dpo.jsonl").read_bytes()
    return Side(counted["swaps"], seconds, report.calls, export, server.port)


def main() -> int:
    """Both sides, and what they say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=64)
    parser.add_argument("--load", type=float, default=2.0, help="seconds a load takes")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds a call")
    parser.add_argument("--concurrency", type=int, default=8, help="calls in flight")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        turns = run_side(Path(folder) / "turns", 1, options)
        print(
            f"taking turns: {turns.swaps:5d} swaps  {turns.seconds:7.1f} s", flush=True
        )
        crowd = run_side(Path(folder) / "crowd", OFF, options, turns.port)
        print(f"all at once:  {crowd.swaps:5d} swaps  {crowd.seconds:7.1f} s")
    ratio = crowd.seconds / turns.seconds
    print(
        f"{options.sessions} sessions, {turns.calls} calls, {options.load:g} s a load:"
        f" {crowd.swaps / max(1, turns.swaps):.1f}x the swaps and {ratio:.1f}x the time"
        f" without turns; exports {'the same' if is_same(turns, crowd) else 'DIFFER'}"
    )
    return 0 if is_same(turns, crowd) and turns.swaps < crowd.swaps else 1


def is_same(one: Side, other: Side) -> bool:
    """Whether both sides asked as much and exported the same bytes."""
    return (one.calls, one.export) == (other.calls, other.export)


if __name__ == "__main__":
    raise SystemExit(main())
