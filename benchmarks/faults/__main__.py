"""Command of the fault campaign; it exits with 1 where a fault was not survived.

The long form exits with 1 where one was survived too late, too.

    python -m benchmarks.faults [--long] [--only 9,10] [--seed 1] [--to docs/faults.md]
    python -m benchmarks.faults --tests tests.xml  # lines that are tests: read from there

What is done is kept in `.faults/`, by form, seed and commit: run again to go on.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.faults.account import Cases, Fault, Form, Result, cpu_seconds
from benchmarks.faults.catalogue import FAULTS
from benchmarks.faults.runs import ROOT
from benchmarks.faults.suites import Suite, results_in_report
from benchmarks.faults.table import table, table_line, tree_state, write_page


class SavedResults:
    """What is known of each line, in a file: a table that was stopped goes on."""

    def __init__(self, form: Form) -> None:
        name = f"{'long' if form.long else 'short'}-{form.seed}-{tree_state()}.json"
        self.path = ROOT / ".faults" / name
        known = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.results = {key: Result(**found) for key, found in known.items()}

    def keep(self, fault: Fault, result: Result) -> None:
        """Write one line down, and say it where people look on."""
        self.results[fault.key] = result
        self.path.parent.mkdir(exist_ok=True)
        known = {key: asdict(found) for key, found in self.results.items()}
        self.path.write_text(json.dumps(known, indent=1))
        print(table_line(fault, result), file=sys.stderr, flush=True)


def result_of(fault: Fault, form: Form) -> Result:
    """One fault's result; what breaks is a try that failed."""
    assert not isinstance(fault.strike, Cases)
    folder = Path(tempfile.mkdtemp(prefix=f"fellowship-fault-{fault.number}-"))
    began = time.perf_counter()
    try:
        result = fault.strike(form, folder / "x")
    except Exception as error:  # a campaign that breaks has survived nothing
        result = Result(tries=1, measured=f"{type(error).__name__}: {error}"[:200])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result.seconds = time.perf_counter() - began
    return result


def run_faults(
    faults: Sequence[Fault], form: Form, kept: SavedResults, report: Path | None
) -> None:
    """Tests in a process beside the campaigns, then what must be alone on the machine."""
    tests = [f for f in faults if isinstance(f.strike, Cases)]
    campaigns = [f for f in faults if not isinstance(f.strike, Cases)]
    with Suite([] if report else tests) as suite:
        for fault in (f for f in campaigns if not f.alone):
            kept.keep(fault, result_of(fault, form))
        found = results_in_report(report, tests) if report else suite.results()
        for fault in tests:
            kept.keep(fault, found[fault.key])
        for fault in (f for f in campaigns if f.alone):
            kept.keep(fault, result_of(fault, form))


def selected_faults(numbers: Iterable[str]) -> list[Fault]:
    """The faults of these numbers, all where there is none."""
    wanted = {int(number) for number in numbers if number}
    return [f for f in FAULTS if not wanted or f.number in wanted]


def main() -> int:
    """Strike what is asked for; 1 where something was not survived."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--long", action="store_true")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--only", default="", help="numbers of faults, with commas")
    words.add_argument("--to", type=Path, help="replace the table in this page")
    words.add_argument("--tests", type=Path, help="pytest's report of all tests")
    given = words.parse_args()
    form = Form(given.long, given.seed)
    faults, kept = selected_faults(given.only.split(",")), SavedResults(form)
    began, cpu = time.perf_counter(), cpu_seconds()
    missing = [f for f in faults if f.key not in kept.results]
    run_faults(missing, form, kept, given.tests)
    found = [(fault, kept.results[fault.key]) for fault in faults]
    print(table(found))
    took = f"{time.perf_counter() - began:.0f} s, {cpu_seconds() - cpu:.0f} s of CPU"
    print(f"\n{took}", file=sys.stderr)
    if given.to is not None:
        write_page(given.to, found, form)
    late = form.long and any(result.late for _, result in found)
    return 0 if all(result.is_survived for _, result in found) and not late else 1


if __name__ == "__main__":
    sys.exit(main())
