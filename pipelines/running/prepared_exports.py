"""Prepared exports: a run's datasets and votes, taken in row by row as rows end.

It is done while the run waits for its models, so that its end is short. Only where what
decides about a row's part is known with the row, else everything is read from the ledger
at the end. The datasets are the same bytes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from fellowship.errors import FellowshipError
from fellowship.pipelines.agreement.comparison_votes import row_comparisons
from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.dataset_passes import DatasetPasses
from fellowship.pipelines.export.open_run import has_labels
from fellowship.pipelines.labels.people_votes import PeopleVotes, people_votes
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.evaluator_votes import EvaluatorVotes
from fellowship.pipelines.running.prepared_rows import Examples, is_decided_by_rows
from fellowship.pipelines.running.run_texts import count_rows
from fellowship.records import AS_WRITTEN, Outcome
from fellowship.run_folder import read_header
from fellowship.run_outcomes import outcomes


class RowsTakenIn:
    """Datasets and votes of the rows that were taken in."""

    def __init__(self, recipe: Recipe, context: ExportContext) -> None:
        self.passes = DatasetPasses(recipe.export, context)
        self.votes = EvaluatorVotes()
        self._people: PeopleVotes = people_votes(context.into)

    def add(self, outcome: Outcome) -> bool:
        """Take in one row; always possible."""
        self.votes.add_row([*row_comparisons(outcome, self._people)])
        self.passes.add(outcome)
        return True

    def add_prepared(self, row: Examples) -> bool:
        """Take in what was prepared of a row without labels; always possible."""
        self.votes.add_row(row.votes)
        self.passes.add_prepared(row.kinds)
        return True

    def retake(self, rows: Sequence[Outcome]) -> bool:
        """Take in rows as they are now; False where they can't be told from others.

        What was said of their comparisons stands: the rows' ends are what changed.
        """
        return self.passes.retake(rows)


def read_rows(recipe: Recipe, context: ExportContext) -> RowsTakenIn:
    """All rows of a run, read from its ledger and taken in."""
    made = RowsTakenIn(recipe, context)
    try:
        for outcome in outcomes(context.into, AS_WRITTEN):
            made.add(outcome)
    except BaseException:
        made.passes.close()
        raise
    return made


class PreparedExports:
    """What one go has taken in of its rows; `ended` are those that ended before it."""

    def __init__(self, recipe: Recipe, into: Path, ended: AbstractSet[int]) -> None:
        self._recipe = recipe
        self._into = into
        self._ended = ended
        self._again: set[int] = set()
        self._rows = 0
        self._made: RowsTakenIn | None = None
        self._given_up = not is_decided_by_rows(recipe)

    def add(self, outcome: Outcome) -> None:
        """Take in a row that is on record; labelled ones are weighed when all are known."""
        if outcome.labels:
            self.close()
        else:
            self._take(outcome.number, lambda made: made.add(outcome))

    def add_prepared(self, number: int, row: Examples | None) -> None:
        """Take in a row that is on record and was prepared; None: it can't be by itself."""
        if row is None:
            self.close()
        else:
            self._take(number, lambda made: made.add_prepared(row))

    def _take(self, number: int, work: Callable[[RowsTakenIn], bool]) -> None:
        if self._given_up:
            return
        self._rows += 1
        if number in self._ended:
            self._again.add(number)
        self._attempt(work)

    def retake(self, changed: Iterable[Outcome]) -> None:
        """Take in rows that the whole run has changed, as the ledger has them now."""
        earlier, again = self._ended, self._again
        rows = [r for r in changed if r.number not in earlier or r.number in again]
        if rows and self._made is not None:
            self._attempt(lambda made: made.retake(rows))

    def are_all_unlabelled(self) -> bool:
        """Whether every row of the run was taken in, which none with labels is."""
        return not self._given_up and self._rows == count_rows(self._into)

    def finished(self) -> RowsTakenIn | None:
        """All rows of the run, taken in; None where they have to be read."""
        labelled = has_labels(self._into, not self.are_all_unlabelled())
        if self._given_up or self._made is None or labelled:
            self.close()
            return None
        earlier = self._ended - self._again
        if self._rows + len(earlier) != count_rows(self._into):
            self.close()  # a row was recorded as the run broke off
        elif earlier:
            self._attempt(lambda made: self._add_earlier(made, earlier))
        return self._made

    def _add_earlier(self, made: RowsTakenIn, earlier: AbstractSet[int]) -> bool:
        rows = outcomes(self._into, AS_WRITTEN)
        return all(made.add(row) for row in rows if row.number in earlier)

    def _attempt(self, work: Callable[[RowsTakenIn], bool]) -> None:
        """Do it, or leave all to the end, where what is wrong is said.

        `work` gives False where it can't be done.
        """
        try:
            if self._made is None:
                export = self._recipe.export
                header, thinking = read_header(self._into), bool(export.thinking)
                context = ExportContext(self._into, header, thinking=thinking)
                self._made = RowsTakenIn(self._recipe, context)
            if not work(self._made):
                self.close()
        except (FellowshipError, sqlite3.Error):
            self.close()

    def close(self) -> None:
        """Give the disk back; safe to call twice."""
        self._given_up = True
        if self._made is not None:
            self._made.passes.close()
            self._made = None
