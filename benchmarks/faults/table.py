"""Table of faults in Markdown, and the page that holds the long form's last one."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.faults.account import Fault, Form, Result
from benchmarks.faults.runs import ROOT
from fellowship.hashing import digest

HEAD = (
    "| | fault | tries | survived | lost rows | duplicate rows | calls paid twice |"
    " asked for | measured | s |\n|---|---|---|---|---|---|---|---|---|---|"
)
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
REPORTED = 100
"""Lines of a number above it are kinds that people reported, in a table of their own."""
SECTIONS = {
    False: (BEGIN, END),
    True: ("<!-- reported -->", "<!-- end of reported -->"),
}
"""Whether a table is of what people reported -> the marks around it."""


def table_line(fault: Fault, result: Result) -> str:
    """One line of the table."""
    cells = (
        *(str(fault.number), fault.name, f"{result.tries:,}", f"{result.survived:,}"),
        *(str(result.lost), str(result.duplicates), str(result.twice)),
        *(fault.asked, result.measured.replace("|", "/"), f"{result.seconds:.0f}"),
    )
    mark = " **late** |" * result.late if result.is_survived else " **BROKEN** |"
    return "| " + " | ".join(cells) + " |" + mark


def table(found: Sequence[tuple[Fault, Result]]) -> str:
    """All lines below their head."""
    return "\n".join([HEAD, *(table_line(fault, result) for fault, result in found)])


def git_output(*words: str) -> str:
    """What git says of this tree; nothing where it is none."""
    command = ["git", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout


def commit() -> str:
    """The commit that is checked out, marked where files differ from it."""
    return (
        git_output("describe", "--always", "--dirty", "--abbrev=8").strip() or "unknown"
    )


def tree_state() -> str:
    """The same, and of files that differ in what."""
    changed = git_output("diff", "HEAD")
    return commit() + (f"-{digest(changed, 8)}" if changed else "")


def write_page(page: Path, found: Sequence[tuple[Fault, Result]], form: Form) -> None:
    """Put the lines into a page between their marks, with date, commit and command.

    A table none of whose lines was asked for stays as it is.
    """
    text = page.read_text()
    command = "make faults LONG=1" if form.long else "make faults"
    today = datetime.date.today().isoformat()
    said = f"{today}, commit {commit()}, seed {form.seed}: `{command}`"
    for reported, (begin, end) in SECTIONS.items():
        lines = [one for one in found if (one[0].number > REPORTED) is reported]
        if lines:
            before, after = text.split(begin)[0], text.split(end)[1]
            text = f"{before}{begin}\n{said}\n\n{table(lines)}\n{end}{after}"
    page.write_text(text)
