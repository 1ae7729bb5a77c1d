"""Judges of an alignment: who can be asked for verdicts and for criteria.

What is decided from their answers knows nothing of models, money or folders: it takes
anything of this shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fellowship.agents.rubric import Rubric
from fellowship.pipelines.aligning.changes import Change
from fellowship.pipelines.aligning.labelled_pairs import LabelledPair
from fellowship.pipelines.aligning.rewriting import Disagreement
from fellowship.pipelines.aligning.said import Sayings


class Judges(Protocol):
    """The evaluator with a change, and the writer of criteria. Names are of the record."""

    async def votes(
        self, name: str, change: Change, pairs: Sequence[LabelledPair]
    ) -> Sayings:
        """What the evaluator so changed says of the pairs."""
        ...

    async def criteria(self, name: str, found: Disagreement) -> str | Rubric | None:
        """New criteria; None where the writer wrote none that can be used."""
        ...
