"""Command of the fuzzing: new inputs for the corpus of every parser.

    python -m benchmarks.fuzz [--seconds 30] [--only jsonl,verdict] [--seed 1] [--dry]

With atheris (`pip install atheris`) each parser of tests/support/parsers.py is fuzzed by
libFuzzer, guided by coverage; without it by seeded mutations guided by the steps between
lines. Either way what is kept in tests/support/fuzz_corpus is the least that goes every way
found: commit it. Exits with 1 where something broke; `tests/project/test_fuzz_corpus.py`
then fails until it is mended.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.fuzz.mutating import grow
from benchmarks.fuzz.paths import OURS, PathTracker, minimal_inputs
from tests.support.corpus import seeds
from tests.support.parsers import PARSERS, grown, keep

ROOT = Path(__file__).resolve().parents[2]
ATHERIS = importlib.util.find_spec("atheris") is not None
LARGEST = 2048
"""Bytes of an entry; larger ones are made by tests/support/corpus.py, not kept."""


def interesting_inputs(
    name: str, start: list[bytes], seconds: float, seed: int
) -> list[bytes]:
    """All inputs that either way of fuzzing found worth a look."""
    if not ATHERIS:
        return grow(PathTracker(PARSERS[name]), start, seconds, seed)
    with tempfile.TemporaryDirectory() as folder:
        for n, content in enumerate(start):
            (Path(folder) / f"start-{n}").write_bytes(content)
        command = [sys.executable, "-m", "benchmarks.fuzz.fuzzer", name, folder]
        command += [str(max(1, int(seconds))), str(seed)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            print(done.stderr[-2000:], file=sys.stderr)
        found = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
        return found + [
            path.read_bytes() for path in ROOT.glob("crash-*") if path.is_file()
        ]


def main() -> int:
    """One line a parser: entries before and after, steps, and what broke."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--seconds", type=float, default=30, help="for each parser")
    words.add_argument("--only", default="", help="parsers, with commas")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--dry", action="store_true", help="keep nothing")
    chosen = words.parse_args()
    names = [name for name in chosen.only.split(",") if name] or list(PARSERS)
    print(f"{'atheris' if ATHERIS else 'mutations'}; code under {Path(OURS).name}")
    bad = False
    for name in names:
        before = grown(name)
        start = [one for one in (*before, *seeds(name)) if len(one) <= LARGEST]
        found = interesting_inputs(name, start, chosen.seconds, chosen.seed)
        kept = minimal_inputs(
            PARSERS[name], (one for one in found if len(one) <= LARGEST)
        )
        tried = PathTracker(PARSERS[name])
        for content in kept:
            tried.try_input(content)
        if not chosen.dry:
            keep(name, kept)
        print(
            f"{name:<10}{len(before):>5} -> {len(kept):>4} entries of {len(found):,}"
            f" found, {len(tried.known):,} steps, {len(tried.broken)} broken",
            flush=True,
        )
        for mark, content in tried.broken.items():
            print(f"  {mark}\n    {content[:120]!r}")
        bad = bad or bool(tried.broken)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
