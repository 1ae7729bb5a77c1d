"""Verdicts of a release in three readings, as codes.

Three readings of one row: *stored* is the sign of the stored scores, a stored -1 among
them; *corrected* takes our reading where the stored one is a -1 or contradicts its text,
and keeps the stored where the text says nothing; *strict* is our reading alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fellowship.pipelines.labels.label_rows import LabelRow
from fellowship.pipelines.paper.release import VerdictFile, read_rows
from fellowship.pipelines.paper.release_verdicts import ReleasedVerdict, read_row
from fellowship.stats.codes import Codes, Floats, encode


@dataclass(frozen=True)
class JudgeReadings:
    """One judge's rows in the three readings, codes (n,), with its margins (n,)."""

    name: str
    stored: Codes
    corrected: Codes
    strict: Codes
    margin: Floats
    changed: int
    invalid: int
    differing: int


@dataclass(frozen=True)
class PeopleLabels:
    """Labels (n,), annotators (n, k) and which rows were judged on the right turn."""

    labels: Codes
    annotators: Codes | None
    shown: np.ndarray[tuple[int], np.dtype[np.bool_]]


def read_judge(file: VerdictFile) -> JudgeReadings:
    """One file of verdicts, read."""
    return readings_of(
        file.judge, [read_row(row, file) for row in read_rows(file.path)]
    )


def readings_of(name: str, rows: Sequence[ReleasedVerdict]) -> JudgeReadings:
    """Rows as codes."""
    fixed = [
        r.verdict.winner if r.state in ("recovered", "differing") else r.stored
        for r in rows
    ]
    stored = encode([r.stored for r in rows])
    corrected = encode(fixed)
    scores = [r.verdict.scores for r in rows]
    margin = [np.nan if s is None else abs(s.first - s.second) for s in scores]
    return JudgeReadings(
        name=name,
        stored=stored,
        corrected=corrected,
        strict=encode([r.verdict.winner for r in rows]),
        margin=np.array(margin, dtype=np.float64),
        changed=int((stored != corrected).sum()),
        invalid=sum(r.state == "invalid" for r in rows),
        differing=sum(r.state == "differing" for r in rows),
    )


def encode_labels(rows: Sequence[LabelRow]) -> PeopleLabels | None:
    """The labels of a dataset as codes; None where there are none."""
    if not rows:
        return None
    votes = {len(row.votes) for row in rows}
    several = votes.pop() if len(votes) == 1 else 0
    each = None
    if several > 1:
        each = np.stack([encode(row.votes) for row in rows])
    shown = np.array([row.turn == 1 for row in rows])
    return PeopleLabels(encode([row.label for row in rows]), each, shown)
