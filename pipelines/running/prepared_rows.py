"""Prepared rows: what a run's end wants of a row, found out by whoever has worked on it.

Plain values, so that they can come of another process: a cluster's coordinator puts them
down and need not read the row. They are what the row itself, taken in, would have given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from fellowship.errors import FellowshipError
from fellowship.pipelines.agreement.comparison_votes import (
    ComparisonVotes,
    row_comparisons,
)
from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.prepared_examples import (
    PreparedExample,
    as_prepared,
    preparations,
)
from fellowship.pipelines.labels.people_votes import PeopleVotes
from fellowship.pipelines.pairing.constant_answers import AnswerRows
from fellowship.pipelines.recipe.pair_settings import WHOLE_SET
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.run_texts import row_texts, wants_texts
from fellowship.records import Outcome, State
from fellowship.teams.settings import JurySettings
from fellowship.teams.voting_rules import rule_named

OF_TURNS = "multi-agent"
"""Kinds of dataset whose rows are read from the ledger's calls begin so."""

VOTES = [field.name for field in fields(ComparisonVotes)]
TUPLES = ("pair", "spared", "recused")


class Examples(NamedTuple):
    """A row's part in the datasets: its examples by kind, and its evaluator's votes."""

    kinds: Sequence[Sequence[PreparedExample]]
    votes: Sequence[ComparisonVotes]


class PreparedRow(NamedTuple):
    """What is known of a row by itself.

    `texts` are None where no answers are compared or it has none, `examples` where the
    datasets are made of the whole run.
    """

    texts: AnswerRows | None
    examples: Examples | None


class EndedRow(NamedTuple):
    """A row that has ended elsewhere: its record as the ledger keeps it, unread.

    `prepared` is None where it has to be made of the record.
    """

    number: int
    item: str
    state: State
    record: str
    prepared: PreparedRow | None


class RowPreparation:
    """Preparation of a run's rows, in a process that need not have its folder."""

    def __init__(self, recipe: Recipe, header: Mapping[str, Any], into: Path) -> None:
        thinking = bool(recipe.export.thinking)
        self._context = ExportContext(into, header, thinking=thinking)
        self._texts = wants_texts(header, recipe.pairs)
        decided = is_decided_by_rows(recipe)
        self._kinds = preparations(recipe.export, self._context) if decided else None

    def prepare(self, outcome: Outcome) -> PreparedRow | None:
        """What the run's end wants of this row; None where only the whole run can say."""
        if outcome.labels:
            return None
        try:
            return PreparedRow(
                row_texts(outcome) if self._texts else None, self._examples(outcome)
            )
        except FellowshipError:
            return None  # it is said where the row is taken in, from its record

    def _examples(self, outcome: Outcome) -> Examples | None:
        if self._kinds is None:
            return None
        kinds = [
            [made for _, made in kind.of_row(outcome, self._context)]
            for kind in self._kinds
        ]
        return Examples(kinds, [*row_comparisons(outcome, PeopleVotes())])


def is_decided_by_rows(recipe: Recipe) -> bool:
    """Whether what a row gives to the datasets is known when it ends.

    Not where pairs are matched over the whole set, weighed by a sample of it or by people's
    labels, where votes are weighed over the whole run, or rows are compared in order.
    """
    pairs, jury, export = recipe.pairs, recipe.evaluate, recipe.export
    whole_run = isinstance(jury, JurySettings) and rule_named(jury.rule).whole_run
    filters = export.filters
    return not (
        whole_run
        or pairs.rule in WHOLE_SET
        or pairs.by_system
        or export.labels is not None
        or filters.duplicate_settings is not None
        or filters.probability is not None
        or filters.contamination  # files, which may be others by the end
        or any(kind.startswith(OF_TURNS) for kind in export.kinds)
    )


# -- across processes ------------------------------------------------------------------


def to_json_values(row: PreparedRow) -> list[Any]:
    """A prepared row as what JSON can hold."""
    texts = examples = None
    if row.texts is not None:
        texts = [[v.hex() if type(v) is bytes else v for v in a] for a in row.texts]
    if row.examples is not None:
        votes = [[getattr(v, name) for name in VOTES] for v in row.examples.votes]
        examples = [row.examples.kinds, votes]
    return [texts, examples]


def from_json_values(values: Sequence[Any]) -> PreparedRow:
    """The prepared row again."""
    texts, examples = values
    if texts is not None:
        texts = [[*a[:5], *map(bytes.fromhex, a[5:7]), a[7]] for a in texts]
    if examples is not None:
        kinds = [[as_prepared(one) for one in kind] for kind in examples[0]]
        examples = Examples(kinds, [as_votes(one) for one in examples[1]])
    return PreparedRow(texts, examples)


def as_votes(values: Sequence[Any]) -> ComparisonVotes:
    """The votes on one comparison that have been JSON."""
    named = dict(zip(VOTES, values, strict=True))
    return ComparisonVotes(**{**named, **{n: tuple(named[n]) for n in TUPLES}})
