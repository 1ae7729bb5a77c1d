"""Units that people label: two candidates of a row, with all that judges said of them.

A row that sets several pairs against one another has a unit for each, and a label speaks
of one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fellowship.records import Candidate, Outcome, Verdict, Winner
from fellowship.run_outcomes import outcomes
from fellowship.suggestions import select_name

AnnotatorVotes = Mapping[str, Winner]
"""Annotator -> vote on one unit."""

SWAPPED: Mapping[Winner, Winner] = {"first": "second", "second": "first"}


@dataclass(frozen=True)
class Unit:
    """Two candidates of one row, by index, and all that judges said of them."""

    outcome: Outcome
    pair: tuple[int, int]
    verdicts: tuple[Verdict, ...]

    @property
    def name(self) -> str:
        """The row's id or number; with the candidates' where they aren't the first two."""
        row = self.outcome.id or str(self.outcome.number)
        first, second = self.pair
        return row if self.pair == (0, 1) else f"{row}:{first + 1}-{second + 1}"


def units(rows: Iterable[Outcome], unjudged: bool = False) -> list[Unit]:
    """Every two candidates that a judge was asked about, in the order of the rows.

    With `unjudged` also the first two candidates of rows where nobody was asked.
    """
    found = []
    for outcome in rows:
        by_pair: dict[tuple[int, int], list[Verdict]] = defaultdict(list)
        for one in outcome.ranking.comparisons if outcome.ranking else ():
            by_pair[one.first, one.second].extend(one.verdicts)
        judged = [Unit(outcome, p, tuple(v)) for p, v in by_pair.items() if v]
        if unjudged and not judged and len(outcome.candidates) > 1:
            judged = [Unit(outcome, (0, 1), ())]
        found += judged
    return found


def dataset_named(run: Path, only: str | None) -> str | None:
    """The dataset of an import that `only` means; `InputError` where none or several do.

    A dataset is what stands before a slash in the ids of its rows.
    """
    if only is None:
        return None
    ids = [parts for o in outcomes(run) if len(parts := (o.id or "").split("/")) > 1]
    known = {"/".join(parts[:n]) for parts in ids for n in range(1, len(parts))}
    return select_name(only, known, f"dataset in {str(run)!r} called")


def is_in_dataset(outcome: Outcome, only: str | None) -> bool:
    """Whether a row's id lies under a dataset's name; any row where none is named."""
    return only is None or (outcome.id or "").startswith(f"{only}/")


def candidates_of(unit: Unit) -> tuple[Candidate, Candidate]:
    """The two candidates; blank ones where the row keeps no texts."""
    there = unit.outcome.candidates
    blank = Candidate(text="", system="")
    first, second = (there[at] if at < len(there) else blank for at in unit.pair)
    return first, second
