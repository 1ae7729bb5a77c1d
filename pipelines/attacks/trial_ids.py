"""Ids of trials: a row's id, and the kind of trial that was made of it.

Runs of trials hold the kind nowhere else, so it is written and read here only.
"""

from __future__ import annotations

from fellowship.records import Outcome


def trial_id(row: str, kind: str) -> str:
    """The id of one kind of trial on a row: `row/kind`."""
    return f"{row}/{kind}"


def trial_kind(outcome: Outcome) -> str:
    """Which kind of trial a row is."""
    return (outcome.id or "").rpartition("/")[2]
