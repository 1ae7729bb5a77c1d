"""Strike every fault and print the table; exit with 1 where one was not survived.

    python -m benchmarks.faults [--long] [--only 9,10] [--seed 1] [--to docs/faults.md]

What is done is kept in `.faults/`, by form, seed and commit: run again to go on.
"""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.faults.account import Fault, Form, Result
from benchmarks.faults.catalogue import FAULTS
from benchmarks.faults.runs import ROOT


def commit() -> str:
    """The commit that is checked out, marked where files differ from it."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=8"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return said.stdout.strip() or "unknown"


def struck(fault: Fault, form: Form) -> tuple[Result, float]:
    """One fault's result, and the seconds it took; what breaks is a try that failed."""
    folder = Path(tempfile.mkdtemp(prefix=f"fellowship-fault-{fault.number}-"))
    began = time.perf_counter()
    try:
        result = fault.strike(form, folder / "x")
    except Exception as error:  # a campaign that breaks has survived nothing
        result = Result(tries=1, measured=f"{type(error).__name__}: {error}"[:200])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return result, time.perf_counter() - began


def line(fault: Fault, result: Result, seconds: float) -> str:
    """One line of the table, in Markdown."""
    cells = (
        *(str(fault.number), fault.name, f"{result.tries:,}", f"{result.survived:,}"),
        *(str(result.lost), str(result.duplicates), str(result.twice)),
        *(fault.asked, result.measured.replace("|", "/"), f"{seconds:.0f}"),
    )
    mark = "" if result.good else " **BROKEN**"
    return "| " + " | ".join(cells) + mark + " |"


HEAD = (
    "| | fault | tries | survived | lost rows | duplicate rows | calls paid twice |"
    " asked for | measured | s |\n|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> int:
    """Strike what is asked for; 1 where something was not survived."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--long", action="store_true")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--only", default="", help="numbers of faults, with commas")
    words.add_argument("--to", type=Path, help="replace the table in this page")
    chosen = words.parse_args()
    form = Form(chosen.long, chosen.seed)
    wanted = {int(n) for n in chosen.only.split(",") if n}
    name = f"{'long' if form.long else 'short'}-{form.seed}-{commit()}.json"
    state = ROOT / ".faults" / name
    known = json.loads(state.read_text()) if state.exists() else {}
    lines, broken = [], 0
    print(HEAD, flush=True)
    for fault in FAULTS:
        if wanted and fault.number not in wanted:
            continue
        key = f"{fault.number} {fault.name}"
        if key not in known:
            result, seconds = struck(fault, form)
            known[key] = {"result": asdict(result), "seconds": seconds}
            state.parent.mkdir(exist_ok=True)
            state.write_text(json.dumps(known, indent=1))
        result = Result(**known[key]["result"])
        lines.append(line(fault, result, known[key]["seconds"]))
        print(lines[-1], flush=True)
        broken += not result.good
    if chosen.to is not None:
        told(chosen.to, lines, form)
    return 1 if broken else 0


BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def told(page: Path, lines: list[str], form: Form) -> None:
    """Put the table into a page between its two marks, with date, commit and command."""
    text = page.read_text()
    command = "python -m benchmarks.faults" + " --long" * form.long
    today = datetime.date.today().isoformat()
    said = f"{today}, commit {commit()}, seed {form.seed}: `{command}`"
    table = "\n".join([said, "", HEAD, *lines])
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
