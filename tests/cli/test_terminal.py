"""Text on a terminal or in a pipe: nothing lost, nothing obeyed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.cli.run import run_with_progress
from fellowship.cli.terminal import fit_columns, sanitize
from fellowship.number_format import duration
from fellowship.sanitize import single_line
from tests.support.outcomes import row
from tests.support.runs import written


@pytest.mark.parametrize(
    ("verb", "tail", "end"),
    [
        ("show run", "| head -c 9; exit ${PIPESTATUS[0]}", (Exit.DONE, "")),
        ("show run", ">&- 2>&-", (Exit.DONE, "")),
        (
            "show --help",
            "> /dev/full",
            (
                Exit.RECORD,
                "fellowship: the output can't be written: No space left on device\n",
            ),
        ),
    ],
)
def test_a_reader_that_leaves_or_never_was_is_no_failure_and_a_full_disk_is_one_message(
    tmp_path: Path, verb: str, tail: str, end: tuple[Exit, str]
) -> None:
    written(tmp_path / "run", [row(number) for number in range(1, 9)])
    command = f"cd {tmp_path}; {sys.executable} -m fellowship.cli.main {verb} {tail}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == end


def test_a_narrow_terminal_loses_no_column() -> None:
    rows = [["row", "state", "prompt"], ["1", "order-inconsistent", "word " * 20]]
    for width in (24, 40, 80):
        made = fit_columns(rows, width)
        assert all(cell for line in made for cell in line)
        assert all(sum(map(len, line)) + 9 <= width for line in made)
    assert fit_columns(rows, 20) == []  # nothing can be cut so far: lines are wrapped


def test_control_characters_are_spelled_out() -> None:
    assert sanitize("a\x1b[31mb\r\nc\td") == "a\\x1b[31mb\nc\td"
    assert single_line("two\nlines  here", 8) == "two lin…"


def test_spans_of_time_are_said_as_people_say_them() -> None:
    assert [duration(s) for s in (48, 200, 18_600)] == [
        "48 s",
        "3 min 20 s",
        "5 h 10 min",
    ]


def test_what_others_print_during_a_run_stays_out_of_its_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def chatty(**_: object) -> Any:
        print("(raylet) The node with node id 5e67 is gone")

    asyncio.run(run_with_progress(chatty, ""))
    printed = capsys.readouterr()
    assert (printed.out, "5e67" in printed.err) == ("", True)
