"""The table of faults counts tests as pytest reports them, with this project's settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.faults.account import Cases, Fault
from benchmarks.faults.runs import ROOT
from benchmarks.faults.suites import results_in_report

MARKED = """
import pytest

@pytest.mark.fault(number=3)
def test_many_tries(record_property):
    record_property("cuts", 45)
    record_property("ends after", "0.4 s")

@pytest.mark.fault(number=3)
@pytest.mark.parametrize("n", (1, 2))
def test_one_case_breaks(n):
    assert n == 1

@pytest.mark.fault(number=4)
@pytest.mark.skip(reason="no such disk here")
def test_not_tried():
    raise AssertionError

@pytest.mark.fault(number=4)
def test_tried(tmp_path):
    assert tmp_path.exists()
"""


def test_the_table_counts_tries_breaks_and_skips_of_marked_tests(
    tmp_path: Path,
) -> None:
    cases, report = tmp_path / "test_marked.py", tmp_path / "tests.xml"
    cases.write_text(MARKED)
    ours = ["-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest"]
    alone = ["-q", "-n", "0", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'in'}"]
    pytest.main([*ours, *alone, f"--junit-xml={report}", str(cases)])
    faults = [Fault(number, "any", "none", Cases()) for number in (3, 4, 5)]
    three, four, five = results_in_report(report, faults).values()
    assert (three.tries, three.survived, three.is_survived) == (47, 46, False)
    assert "45 cuts" in three.measured
    assert "ends after 0.4 s" in three.measured
    assert "broken: test_one_case_breaks[2]" in three.measured
    assert (four.tries, four.is_survived) == (1, True)
    assert "1 skipped" in four.measured
    assert not five.is_survived
