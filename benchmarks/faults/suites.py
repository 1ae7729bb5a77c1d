"""Tests that are a fault's tries: those marked `@pytest.mark.fault(number=...)`.

They run here, in one pytest, or are read from the report of a run of all tests
(`--junit-xml`). A test may say how many tries it holds, `record_property("cuts", 45)`, and
what it measured, `record_property("stopped after", "0.4 s")`; else it is one try, a case.
Its mark may say on which provider, form or verb it is tried, `on="run"`, or by which of
its parameters that is known, `by="verb"`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from benchmarks.faults.account import Fault, Result
from benchmarks.faults.runs import ROOT

MARK = "fault"
"""The property under which tests/conftest.py reports a marked test's number."""

SUBJECT = "tried on"
"""The property with the provider, the form or the verb that a test is about."""


class Suite:
    """One pytest for the tests of many lines; it runs beside what else is struck."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = faults
        self._folder = tempfile.TemporaryDirectory(prefix="fellowship-faults-")
        self._report = Path(self._folder.name) / "cases.xml"
        self._output = Path(self._folder.name) / "said"
        self._process = self._started() if faults else None

    def _started(self) -> subprocess.Popen[bytes]:
        numbers = [fault.number for fault in self.faults]
        wanted = " or ".join(f"{MARK}(number={number})" for number in numbers)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["-m", wanted, "-n", "0", f"--junit-xml={self._report}"]
        command += [f"--basetemp={self._folder.name}/work"]
        with self._output.open("wb") as out:
            return subprocess.Popen(
                command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
            )

    def results(self) -> dict[str, Result]:
        """What came of each line, by key, once all tests have run."""
        if self._process is None:
            return {}
        self._process.wait()
        if not self._report.exists():
            said = self._output.read_text(errors="replace")[-200:]
            return {fault.key: Result(1, measured=said) for fault in self.faults}
        return results_in_report(self._report, self.faults)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        self._folder.cleanup()


def results_in_report(report: Path, faults: Sequence[Fault]) -> dict[str, Result]:
    """The account of each line in a report of pytest, by key."""
    found = list(tree.parse(report).iter("testcase"))
    return {fault.key: result_of_cases(fault.number, found) for fault in faults}


def result_of_cases(number: int, cases: Sequence[tree.Element]) -> Result:
    """The account of one line; skipped cases are no tries and are said."""
    found, units, said, broken = Result(), Counter[str](), list[str](), list[str]()
    subjects = Counter[str]()
    for case in cases:
        told = [
            (str(p.get("name")), str(p.get("value"))) for p in case.iter("property")
        ]
        if (MARK, str(number)) not in told:
            continue
        found.seconds += float(case.get("time", 0))
        if case.find("skipped") is not None:
            units["skipped"] += 1
            continue
        good = case.find("failure") is None and case.find("error") is None
        counts = {n: int(value) for n, value in told if n != MARK and value.isdigit()}
        names = (MARK, SUBJECT)
        said += (f"{n} {v}" for n, v in told if n not in names and not v.isdigit())
        subjects.update(v for n, v in told if n == SUBJECT)
        found.add(good, sum(counts.values()) or 1)
        units.update(counts or {"cases": 1})
        broken += [] if good else [str(case.get("name"))]
    parts = [f"{count:,} {unit}" for unit, count in units.items()] + said
    parts += [
        f"on {'; '.join(f'{name} {n}' if n > 1 else name for name, n in subjects.items())}"
    ] * bool(subjects)
    parts += [f"broken: {', '.join(broken)[:120]}"] if broken else []
    found.measured = ", ".join(parts)
    return found
