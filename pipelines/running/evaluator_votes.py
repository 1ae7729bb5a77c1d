"""Votes of a run's evaluator, as its report counts them.

Comparisons whose votes are alike are one object here, so that one more of them takes
sixteen bytes. What is counted by rows or answers is counted as the rows pass.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace

from fellowship.pipelines.agreement.comparison_votes import ComparisonVotes

NO_PLACE = {"number": 0, "index": 0, "pair": (0, 0)}
"""What votes that many comparisons share say of their place."""


class EvaluatorVotes:
    """The votes on every comparison of a run, without their places.

    `related_rows` are judged by a model of an answer's family; `spared_rows` and
    `spared_answers` are evaluator -> rows and answers that it need not be asked about.
    """

    def __init__(self) -> None:
        self._numbers = array("q")
        self._votes: list[ComparisonVotes] = []
        self.related_rows = 0
        self.spared_rows: Counter[str] = Counter()
        self.spared_answers: Counter[str] = Counter()
        self._known: dict[Hashable, ComparisonVotes] = {}

    def add_row(self, row: Sequence[ComparisonVotes]) -> None:
        """Take in all comparisons of one row."""
        for each in row:
            self._numbers.append(each.number)
            self._votes.append(self._shared(each))
        self.related_rows += any(each.same_family for each in row)
        spared = [(name, each.pair) for each in row for name in each.spared]
        self.spared_rows.update({name for name, _ in spared})
        answers = {(name, answer) for name, pair in spared for answer in pair}
        self.spared_answers.update(name for name, _ in answers)

    @property
    def comparisons(self) -> list[ComparisonVotes]:
        """The votes on every comparison, in the order of the rows."""
        numbers = self._numbers
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        return [self._votes[at] for at in order]

    def _shared(self, each: ComparisonVotes) -> ComparisonVotes:
        decisions = (*each.decisions.items(),)
        votes = (decisions, each.outcome, each.blind, each.equal, each.label)
        key = (*votes, each.spared, each.recused, each.same_family)
        if key not in self._known:
            self._known[key] = replace(each, **NO_PLACE)  # type: ignore[arg-type]
        return self._known[key]
