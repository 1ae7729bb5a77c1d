"""Where a fault has tests of its own, they are its tries: one try a case."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as tree
from pathlib import Path

from benchmarks.faults.account import Form, Result, Strike
from benchmarks.faults.runs import ROOT


def cases(*files: str, only: str = "") -> Strike:
    """The strike that runs these test files, and of them what `only` (-k) names."""

    def strike(form: Form, folder: Path) -> Result:
        folder.mkdir(parents=True, exist_ok=True)
        report = folder / "cases.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += [f"--junit-xml={report}", f"--basetemp={folder / 'work'}"]
        command += ["-k", only] if only else []
        done = subprocess.run([*command, *files], cwd=ROOT, capture_output=True)
        if not report.exists():
            return Result(measured=done.stdout.decode()[-200:])
        return counted(report)

    return strike


def counted(report: Path) -> Result:
    """The account of a junit file; skipped cases are no tries and are said."""
    found = Result()
    skipped, broken = 0, []
    for case in tree.parse(report).iter("testcase"):
        if case.find("skipped") is not None:
            skipped += 1
            continue
        failed = any(case.find(kind) is not None for kind in ("failure", "error"))
        found.add(not failed)
        if failed:
            broken.append(str(case.get("name")))
    found.measured = f"{found.survived} of {found.tries} cases"
    found.measured += f", {skipped} skipped" * bool(skipped)
    found.measured += f"; broken: {', '.join(broken)[:120]}" * bool(broken)
    return found
