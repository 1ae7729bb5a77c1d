"""Writer's row: the work of a run that asks a model for criteria and compares nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fellowship.agents.case import Case
from fellowship.agents.criteria_writer import Criteria, CriteriaWriter
from fellowship.models.record.call_broker import CallBroker
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.pairing.row_state import RowEnd, RowFacts, row_state
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.engines import Work
from fellowship.pipelines.running.rows import Row, RunContext
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Item, Outcome

SESSION = "criteria"
WRITTEN = "criteria were written, nothing was compared"


class WriterRow(Row):
    """The work on one request."""

    def __init__(self, item: Item, context: RunContext, role: CriteriaWriter) -> None:
        super().__init__(item, context)
        self._role = role

    async def end(self) -> RowEnd:
        """Ask, and once more where the reply can't be used."""
        session = self.context.new_session(SESSION, self.item)
        self.sessions.append((session, (), ()))
        await session.ask(
            session.add_agent("writer", self._role, Case(self.item.conversation))
        )
        return row_state(RowFacts(untried=WRITTEN))._replace(why=WRITTEN)


@asynccontextmanager
async def writer_engine(
    model: str,
    problem: Callable[[str], str],
    recipe: Recipe,
    library: PromptLibrary,
    registry: ModelRegistry,
    broker: CallBroker,
) -> AsyncIterator[Work]:
    """Requests are answered in this process, by this model."""
    context = RunContext(recipe, library, registry.recorded_clients(broker))
    role = CriteriaWriter(model=model, library=library, problem=problem)
    yield lambda item: WriterRow(item, context, role).work()


def written_criteria(outcome: Outcome) -> str | None:
    """The criteria in a row's last turn; None where it has none that can be used."""
    turns = [turn for session in outcome.sessions for turn in session.turns]
    value = turns[-1].value if turns else None
    return Criteria.model_validate(value).criteria if value else None
