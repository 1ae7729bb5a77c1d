"""Rows of one answer, scored alone: the work of a run that only scores.

The score is kept as a comparison of the answer with itself, so that verdicts are read as
those of any run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from fellowship.models.record.call_broker import CallBroker
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.pairing.row_state import RowEnd, RowFacts, row_state
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.engines import Work
from fellowship.pipelines.running.rows import Row, RunContext
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Comparison, Ranking, State, Turn, value_fields
from fellowship.session_names import ALONE

SCORED = "one answer, scored alone"


class RatedRow(Row):
    """The work on one item with one answer."""

    async def end(self) -> RowEnd:
        """Score it; there is nothing to pair it with."""
        self.ranking = await self.rank(1)
        end = row_state(RowFacts(self.item, self.candidates, self.ranking))
        return end._replace(why=SCORED) if end.state == State.TIE else end

    async def rank(self, n: int) -> Ranking:
        """The answer's score."""
        session = self.context.new_session(ALONE, self.item)
        at = len(self.sessions)
        self.sessions.append((session, (), ()))
        rated = await self.context.evaluator.rate(self.item, self.candidates, session)
        comparison = with_reasons(rated(0, 0), session.turns)
        self.sessions[at] = (session, (), (comparison,))
        scores = comparison.scores
        return Ranking(
            scores=(scores.first if scores else None,),
            winner=0 if scores else None,
            comparisons=(comparison,),
        )


def with_reasons(comparison: Comparison, turns: Sequence[Turn]) -> Comparison:
    """The comparison with each verdict's own reason, which two ratings would share."""
    reasons: Mapping[str, str] = {
        turn.call: str(value_fields(turn.value).get("reason", ""))
        for turn in turns
        if turn.value
    }
    verdicts = tuple(
        verdict.model_copy(update={"reason": reasons.get(verdict.call, verdict.reason)})
        for verdict in comparison.verdicts
    )
    return comparison.model_copy(update={"verdicts": verdicts})


@asynccontextmanager
async def rating_engine(
    recipe: Recipe, library: PromptLibrary, registry: ModelRegistry, broker: CallBroker
) -> AsyncIterator[Work]:
    """Rows are scored in this process."""
    context = RunContext(recipe, library, registry.recorded_clients(broker))
    yield lambda item: RatedRow(item, context).work()
