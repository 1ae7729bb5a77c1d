"""Outcomes and pairs of a run, read from its ledger one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from fellowship.given_folders import folder_path
from fellowship.ledger import LedgerReader, read_outcome
from fellowship.records import Outcome, PreferencePair
from fellowship.run_folder import LEDGER


def outcomes(
    into: Path | str, values: Mapping[str, str] | None = None
) -> Iterator[Outcome]:
    """What became of each row of a run, in the source's order, one at a time.

    With `AS_WRITTEN` for `values` those of its turns stay mappings, as `read_outcome` has
    it.
    """
    with LedgerReader(folder_path(into, "run") / LEDGER) as reader:
        for text in reader.outcomes():
            yield read_outcome(text, values)


def pairs(into: Path | str) -> Iterator[PreferencePair]:
    """The preference pairs of a run."""
    return (pair for outcome in outcomes(into) for pair in outcome.pairs)
