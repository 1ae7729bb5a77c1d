"""Where a fault has tests of its own, they are its tries, all lines' in one process.

A test may say how many tries it holds, `record_property("cuts", 45)`, and what it measured,
`record_property("stopped after", "0.4 s")`; else it is one try, a case.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from benchmarks.faults.account import Cases, Fault, Result
from benchmarks.faults.runs import ROOT

WANTED = "FELLOWSHIP_FAULTS"
"""The environment variable that names the lines whose tests are to run."""
MARK = "fault"


class Suite:
    """One pytest for the tests of many lines; it runs beside what else is struck."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = faults
        self._folder = tempfile.TemporaryDirectory(prefix="fellowship-faults-")
        self._report = Path(self._folder.name) / "cases.xml"
        self._said = Path(self._folder.name) / "said"
        self._process = self._started() if faults else None

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "benchmarks.faults.chosen", "-o", "junit_family=xunit1"]
        command += [f"--junit-xml={self._report}"]
        command += [f"--basetemp={self._folder.name}/work"]
        files = {f for fault in self.faults for f in cases_of(fault).files}
        wanted = ",".join(str(fault.number) for fault in self.faults)
        with self._said.open("wb") as out:
            return subprocess.Popen(
                [*command, *sorted(files)],
                cwd=ROOT,
                env={**os.environ, WANTED: wanted},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def results(self) -> dict[str, Result]:
        """What came of each line, by key, once all tests have run."""
        if self._process is None:
            return {}
        self._process.wait()
        if not self._report.exists():
            said = self._said.read_text(errors="replace")[-200:]
            return {fault.key: Result(1, measured=said) for fault in self.faults}
        found = list(tree.parse(self._report).iter("testcase"))
        return {fault.key: counted(fault.key, found) for fault in self.faults}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        self._folder.cleanup()


def cases_of(fault: Fault) -> Cases:
    """The tests that are its tries."""
    assert isinstance(fault.strike, Cases)
    return fault.strike


def counted(key: str, cases: Sequence[tree.Element]) -> Result:
    """The account of one line; skipped cases are no tries and are said."""
    found, units, said, broken = Result(), Counter[str](), list[str](), list[str]()
    for case in cases:
        told = [
            (str(p.get("name")), str(p.get("value"))) for p in case.iter("property")
        ]
        if (MARK, key) not in told:
            continue
        found.seconds += float(case.get("time", 0))
        if case.find("skipped") is not None:
            units["skipped"] += 1
            continue
        good = case.find("failure") is None and case.find("error") is None
        counts = {name: int(value) for name, value in told if value.isdigit()}
        figures = (f"{n} {v}" for n, v in told if n != MARK and not v.isdigit())
        said += figures
        found.add(good, sum(counts.values()) or 1)
        units.update(counts or {"cases": 1})
        broken += [] if good else [str(case.get("name"))]
    parts = [f"{count:,} {unit}" for unit, count in units.items()] + said
    parts += [f"broken: {', '.join(broken)[:120]}"] if broken else []
    found.measured = ", ".join(parts)
    return found
