"""Benchmark of an export's memory at two sizes, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from fellowship.ledger import RECORD_OUTCOME, Ledger, connect
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import Outcome
from tests.support.outcomes import judged
from tests.support.runs import RECIPE

PIECES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "la",
    "me",
    "ni",
    "po",
    "ru",
    "sa",
    "te",
    "vi",
    "wo",
    "zu",
]
WORDS = [a + b for a in PIECES for b in PIECES]


def random_text(dice: random.Random, words: int) -> str:
    """Words at random."""
    return " ".join(dice.choice(WORDS) for _ in range(words))


def judged_rows(count: int) -> Iterator[Outcome]:
    """So many judged rows, about 2 kB of text each."""
    for number in range(1, count + 1):
        dice = random.Random(number)
        asked = f"{random_text(dice, 30)} {number}"
        yield judged(number, random_text(dice, 140), random_text(dice, 140), asked)


def fill_ledger(folder: Path, count: int) -> None:
    """A run folder with so many outcomes, written as the ledger writes them."""
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"recipe": RECIPE, "identity": {}}))
    Ledger(folder / "ledger.db").close()
    link = connect(folder / "ledger.db", write=True)
    link.execute("PRAGMA synchronous=OFF")
    link.execute("BEGIN")
    values = (
        (o.number, o.item, o.state, o.model_dump_json()) for o in judged_rows(count)
    )
    link.executemany(RECORD_OUTCOME, values)
    link.execute("COMMIT")
    link.close()


def measure(folder: Path, settings: str) -> None:
    """Export one run; print its rows, seconds and peak memory as JSON."""
    began = time.perf_counter()
    made = export_run(folder, Export.model_validate_json(settings))
    print(
        json.dumps(
            {
                "rows": made[0].exported,
                "seconds": time.perf_counter() - began,
                "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def main() -> None:
    """Both sizes, plain and with near duplicates and splits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--plain", action="store_true", help="leave MinHash out")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(Path(given.one[0]), given.one[1])
        return
    plans = {"plain": {"kinds": ["dpo"]}}
    if not given.plain:
        heavy = {"filters": {"near_duplicates": 0.8}, "splits": {"train": 9, "test": 1}}
        plans["near duplicates, splits"] = {"kinds": ["dpo"], **heavy}
    with tempfile.TemporaryDirectory(prefix="fellowship-") as folder:
        for count in (given.rows // 10, given.rows):
            fill_ledger(run := Path(folder) / str(count), count)
            for name, plan in plans.items():
                command = [sys.executable, "-m", "benchmarks.exporting", "--one"]
                found = subprocess.run(
                    [*command, str(run), json.dumps(plan)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                told = json.loads(found.stdout)
                rate = told["rows"] / told["seconds"]
                print(
                    f"{name}: {told['rows']:,} rows, {told['seconds']:.1f} s,"
                    f" {rate:,.0f} rows/s, peak {told['mb']:.0f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()
