"""Trials of a recipe's evaluator: doctored responses, put to it through a run's ledger.

A row of the source is answered once, whatever is tried on it. Each trial is then a row
like any other: recorded, resumed, budgeted, shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fellowship.hashing import digest
from fellowship.models.record.call_broker import CallBroker
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.attacks.trial_ids import trial_id
from fellowship.pipelines.pairing.row_state import RowEnd, RowFacts, row_state
from fellowship.pipelines.pairing.unusable_answers import unusable_answers
from fellowship.pipelines.planning.call_counts import Span, evaluator_calls
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.engines import Origin, Work
from fellowship.pipelines.running.progress import Watch
from fellowship.pipelines.running.rows import Row, RunContext, distinct_candidates
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from fellowship.pipelines.sources.source import Rejected, read_items
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Candidate, Item, Outcome

Two = tuple[Candidate, Candidate]


@dataclass(frozen=True)
class Kind:
    """One thing to try: `make` turns a row and its answers into two candidates.

    Or it says why it can't be tried there. `said` is what else shapes it, for the
    run's header; `labels` whether people's labels speak of its two candidates.
    """

    name: str
    make: Callable[[Item, Sequence[Candidate]], Two | str]
    settings: Any = None
    labels: bool = False


@dataclass(frozen=True)
class Trials:
    """A recipe, how many of its rows are taken, what is tried, on how many answers."""

    recipe: Recipe
    kinds: tuple[Kind, ...]
    rows: int
    answers: int = 1

    def items(self) -> list[Item | Rejected]:
        """The rows that are tried on."""
        return list(read_items(self.recipe.source, self.rows))

    def cost(self, items: int) -> Span:
        """Calls to judges for so many rows, without repair turns; answers come on top."""
        each = evaluator_calls(self.trial_recipe().evaluate, Span(2, 2))
        many = items * len(self.kinds)
        low, high = (sum(a.calls[at] for a in each) for at in (0, 1))
        return Span(many * low, many * high)

    def trial_recipe(self) -> Recipe:
        """The recipe of the run: two candidates meet, nothing is exported."""
        recipe = self.recipe
        source = recipe.source.model_copy(update={"limit": None})
        two = recipe.evaluate.model_copy(update={"meet": "two-way"})
        changed = {"source": source, "evaluate": two, "pairs": Pairs()}
        return recipe.model_copy(update={**changed, "export": Export(kinds=())})


class Answers:
    """The answers to each row, its own or its recipe's systems', written once."""

    def __init__(self, context: RunContext, wanted: int) -> None:
        self._context = context
        self._wanted = wanted
        self._tasks: dict[int, asyncio.Task[list[Candidate]]] = {}

    async def answers_to(self, item: Item) -> list[Candidate]:
        """Different, whole and not empty; raises as a row's own work would."""
        if item.number not in self._tasks:
            task = asyncio.create_task(self._write(item))
            self._tasks[item.number] = task
        return await asyncio.shield(self._tasks[item.number])

    async def close(self) -> None:
        """Leave off writing what nobody waits for any more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _write(self, item: Item) -> list[Candidate]:
        row = Row(item, self._context)
        if self._wanted == 1 and not row.candidates and item.reference:
            row.candidates = [Candidate(text=item.reference, system="reference")]
        if len(distinct_candidates(row.candidates)) < self._wanted:
            await row.write_candidates()
        return distinct_candidates(row.candidates)


class Trial(Row):
    """A row whose two candidates are made for the occasion."""

    def __init__(
        self,
        item: Item,
        context: RunContext,
        kind: Kind,
        origin: Item,
        answers: Answers,
    ) -> None:
        super().__init__(item, context)
        self._kind = kind
        self._origin = origin
        self._answers = answers
        self.candidates = []

    async def end(self) -> RowEnd:
        """What came of it; where it can't be tried there is no ranking."""
        made = self._kind.make(
            self._origin, await self._answers.answers_to(self._origin)
        )
        if isinstance(made, str):
            return row_state(RowFacts(untried=made))
        self.candidates = list(made)
        self.ranking = await self.rank(2)
        found = unusable_answers(self.item.conversation, made)
        why = {index: one.why for index, one in found.items()}
        return row_state(RowFacts(self.item, made, self.ranking, why))


def trial_entries(
    taken: Sequence[Item | Rejected], kinds: Sequence[Kind]
) -> Iterator[Item | Rejected]:
    """A row a trial, named ROW/KIND and numbered through."""
    for one in taken:
        first = (one.number - 1) * len(kinds) + 1
        if isinstance(one, Rejected):
            yield one.model_copy(update={"number": first})
            continue
        for at, kind in enumerate(kinds):
            changed: dict[str, Any] = {
                "number": first + at,
                "id": trial_id(str(one.id or one.number), kind.name),
                "candidates": (),
                "labels": one.labels if kind.labels else (),
            }
            yield one.model_copy(update=changed)


async def run_trials(
    trials: Trials,
    into: Path,
    *,
    watch: Watch | None = None,
    stop: asyncio.Event | None = None,
) -> RunReport:
    """Run every trial into a folder, or go on where it was left. Raises as a run does."""
    kinds, taken = trials.kinds, trials.items()
    by_number = {one.number: one for one in taken if isinstance(one, Item)}

    @asynccontextmanager
    async def engine(
        recipe: Recipe,
        library: PromptLibrary,
        registry: ModelRegistry,
        broker: CallBroker,
    ) -> AsyncIterator[Work]:
        models = registry.recorded_clients(broker)
        systems = recipe.systems[: 1 if trials.answers == 1 else None]
        writing = recipe.model_copy(update={"systems": systems})
        answers = Answers(RunContext(writing, library, models), trials.answers)
        judging = RunContext(recipe.model_copy(update={"systems": ()}), library, models)

        async def work(item: Item) -> Outcome:
            row, at = divmod(item.number - 1, len(kinds))
            origin = by_number[row + 1]
            return await Trial(item, judging, kinds[at], origin, answers).work()

        try:
            yield work
        finally:
            await answers.close()

    identity = {"trials": [kind.name for kind in kinds]}
    identity["of"] = [digest([kind.settings for kind in kinds], 8)]
    rows = list(trial_entries(taken, kinds))
    origin = Origin(identity, len(rows), lambda: rows)
    return await run_recipe(
        trials.trial_recipe(),
        into,
        watch=watch,
        stop=stop,
        engine=engine,
        origin=origin,
    )
