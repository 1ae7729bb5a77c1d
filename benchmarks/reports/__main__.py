"""Command that runs every reported input and prints what came of it.

    python -m benchmarks.reports [--data ../shared/data/reports] [--only NAME,...] [--json]

The inputs are copied, for they write beside themselves. Two things are changed in the copy:
the imitated writer's padding of random letters, which are no answers, is words; and the
recipe of `export-late-flag`, whose long answers are alike, allows constant answers.
Exits with 1 where an outcome is another than the one expected.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from benchmarks.reports.expected import EXPECTED, Expected

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "../shared/data/reports"
ALLOW = "pairs: {allow_constant: true}\n"
ALIKE = ("export-late-flag",)
"""Inputs whose answers are nearly one text to every prompt."""
LETTERS = '"".join(rng.choices("abcdefghij", k=rng.randint(3, 9)))'
WORDS = (
    'rng.choice("the river ran past old stones and a boy with bread sat there".split())'
)
STATE = re.compile(
    r"^(pair|failed|refused|truncated|invalid|pending|exit \d+|unusable \w+)\b.*", re.M
)


class Outcome(NamedTuple):
    """What came of one input."""

    name: str
    kind: int
    expected: str
    got: str
    ok: bool


def copy_data(data: Path, folder: Path) -> Path:
    """The inputs where they can be run."""
    made = folder / "reports"
    shutil.copytree(data, made)
    for path in (made, *made.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)
    for recipe in (path for name in ALIKE for path in (made / name).glob("*.yaml.in")):
        recipe.write_text(recipe.read_text().rstrip("\n") + "\n" + ALLOW)
    server = made / "common/weird.py"
    server.write_text(server.read_text().replace(LETTERS, WORDS))
    return made


def run_input(folder: Path, name: str) -> str:
    """What one input prints; its run's own output with it."""
    bin_folder = Path(sys.executable).parent
    more = {"FELLOWSHIP": str(bin_folder / "fellowship"), "PYTHON": sys.executable}
    path = f"{bin_folder}:{os.environ['PATH']}"
    try:
        done = subprocess.run(
            ["sh", str(folder / name / "run.sh")],
            env={**os.environ, **more, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=400,
        )
    except subprocess.TimeoutExpired as error:
        return f"timed out\n{(error.output or b'').decode(errors='replace')}"
    return done.stdout.decode(errors="replace")


def outcome_of(name: str, expected: Expected, said: str) -> Outcome:
    """Whether the output has what it should have, and nothing else."""
    missing = [p for p in expected.has if not re.search(p, said, re.M)]
    there = [m[0] for p in expected.never if (m := re.search(p, said, re.M))]
    states = dict.fromkeys(" ".join(m[0].split()) for m in STATE.finditer(said))
    got = "; ".join([s for s in states if not s.endswith(" 0") or s == "exit 0"][:5])
    faults = [f"lacks {p!r}" for p in missing] + [f"has {text!r}" for text in there]
    return Outcome(
        *(name, expected.kind, expected.outcome),
        got="; ".join(filter(None, [got[:90], *faults])),
        ok=not faults,
    )


def run_reports(data: Path, names: Sequence[str]) -> list[Outcome]:
    """Every input's outcome, two at a time."""

    def one(name: str) -> Outcome:
        made = outcome_of(name, EXPECTED[name], run_input(folder, name))
        print(f"{'ok' if made.ok else 'NOT'} {name}", file=sys.stderr, flush=True)
        return made

    with tempfile.TemporaryDirectory(prefix="fellowship-reports-") as place:
        folder = copy_data(data, Path(place))
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(one, names))


def table(outcomes: Sequence[Outcome]) -> str:
    """A Markdown table of them, and what of each kind."""
    lines = ["| input | kind | expected | got | ok |", "|---|---|---|---|---|"]
    lines += [
        f"| {o.name} | {o.kind} | {o.expected} | {o.got.replace('|', '/')} |"
        f" {'yes' if o.ok else '**no**'} |"
        for o in outcomes
    ]
    good = sum(o.ok for o in outcomes)
    failing = ", ".join(o.name for o in outcomes if not o.ok) or "none"
    return "\n".join(
        [
            *(*lines, ""),
            f"inputs by kind: {by_kind(outcomes)}",
            f"{good} of {len(outcomes)} as expected; others: {failing}",
        ]
    )


def by_kind(outcomes: Sequence[Outcome]) -> str:
    """How many inputs there are of each kind, and how many were not as expected."""
    every, bad = (
        Counter(o.kind for o in outcomes if not (only and o.ok)) for only in (0, 1)
    )
    return ", ".join(
        f"{kind}: {every[kind]}" + f" ({bad[kind]} not as expected)" * bool(bad[kind])
        for kind in sorted(every)
    )


def main() -> int:
    """Run what is asked for; 1 where an outcome is another one."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--data", type=Path, default=DATA)
    words.add_argument("--only", default="", help="names, with commas; a * at the end")
    words.add_argument("--json", action="store_true")
    given = words.parse_args()
    if not given.data.is_dir():
        print(f"skipped: there is no folder {given.data} with reported inputs")
        return 0
    there = {path.parent.name for path in given.data.glob("*/run.sh")}
    wanted = [w for w in given.only.split(",") if w]
    names = [n for n in EXPECTED if n in there and (not wanted or chosen(n, wanted))]
    if unknown := sorted(there - set(EXPECTED)):
        print(f"no outcome is known for: {', '.join(unknown)}", file=sys.stderr)
    outcomes = run_reports(given.data, names)
    rows = [outcome._asdict() for outcome in outcomes]
    print(json.dumps(rows, indent=1) if given.json else table(outcomes))
    return 0 if all(outcome.ok for outcome in outcomes) and not unknown else 1


def chosen(name: str, wanted: Sequence[str]) -> bool:
    """Whether a name is one of these, or begins with one that ends in a star."""
    return any(
        name == w or (w.endswith("*") and name.startswith(w[:-1])) for w in wanted
    )


if __name__ == "__main__":
    sys.exit(main())
