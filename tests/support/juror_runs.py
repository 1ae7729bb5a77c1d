"""Imported runs of jurors whose every vote is given, with people's labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fellowship.majority import majority
from fellowship.pipelines.imports.run_writer import write_import
from fellowship.records import Comparison, Outcome, Ranking, State, Winner
from fellowship.stats.codes import Codes
from tests.support.outcomes import answer, asked, verdict

NAMES = ("ann", "bob", "cat", "dan", "eve", "fay")
SPELT: dict[int, Winner] = {1: "first", 0: "tie", -1: "second", 2: "invalid"}


def juror_run(folder: Path, labels: Codes, votes: Codes, spare: bool = False) -> Path:
    """A run of votes (n, m), 2 unreadable and 9 not asked, decided by majority.

    With `spare` whoever was not asked stands in the row as spared.
    """
    rows = [
        juror_row(n, SPELT[int(label)], row, spare)
        for n, (label, row) in enumerate(zip(labels, votes, strict=True), 1)
    ]
    write_import(rows, folder / "run", "jurors", [], folder)
    return folder / "run"


def juror_row(number: int, label: Winner, votes: Codes, spare: bool) -> Outcome:
    """One row: a verdict of each juror that was asked."""
    given = [
        verdict(SPELT[int(vote)], who=name)
        for name, vote in zip(NAMES, votes, strict=False)
        if vote != 9
    ]
    idle = tuple(NAMES[int(j)] for j in np.flatnonzero(votes == 9)) if spare else ()
    met = Comparison(
        first=0,
        second=1,
        outcome=majority(v.winner for v in given),
        verdicts=tuple(given),
        spared=idle,
    )
    return Outcome(
        number=number,
        item=f"i{number}",
        id=f"r{number}",
        state=State.TIE,
        conversation=asked(f"question {number}"),
        candidates=(answer(f"left {number}"), answer(f"right {number}")),
        ranking=Ranking(scores=(1, 1), winner=None, comparisons=(met,)),
        labels=(label,),
    )
