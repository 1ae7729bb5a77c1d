"""Judges asked for real: every question is a run in a folder of its own, with a ledger.

Run again, the same questions find their runs, and nothing is paid for twice. One budget
spans them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from fellowship.agents.rubric import Rubric
from fellowship.errors import FellowshipError, InputError
from fellowship.ledger import LedgerReader, read_outcome
from fellowship.models.record.meter import Limits
from fellowship.number_format import counted
from fellowship.pipelines.aligning.changes import Change, with_change
from fellowship.pipelines.aligning.labelled_pairs import LabelledPair
from fellowship.pipelines.aligning.rewriting import (
    Disagreement,
    checks_of,
    current_criteria,
    request_text,
)
from fellowship.pipelines.aligning.said import Said, Sayings
from fellowship.pipelines.aligning.writer_row import writer_engine, written_criteria
from fellowship.pipelines.aligning.written_criteria import criteria_as_judged
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.pipelines.recipe.recipe import Recipe, Source
from fellowship.pipelines.running.engines import Engine, Origin, local_engine
from fellowship.pipelines.running.progress import Watch
from fellowship.pipelines.running.run_report import RunReport, with_spending
from fellowship.pipelines.running.runner import run_recipe
from fellowship.pipelines.running.shared_limits import SharedLimits
from fellowship.records import Conversation, Item, Message, Outcome, State
from fellowship.run_folder import LEDGER

RUNS: Final = "runs"
"""The folder of the runs, in the alignment's."""
MOST_FAILED: Final = 0.1
"""The share of failed rows from which nothing is decided."""


class AlignmentStopped(FellowshipError):
    """A run of the alignment stopped before its last row: run it again to go on."""

    def __init__(self, report: RunReport, name: str) -> None:
        super().__init__(f"stopped in {name!r}: {report.stopped or 'rows are left'}")
        self.report = report


@dataclass
class RecordedJudges:
    """The recipe's evaluator and a writer, recorded under `folder`.

    `pairs` are all labelled pairs: no criteria may repeat their texts. `tell` is called
    with each question's name before it is asked.
    """

    recipe: Recipe
    writer: str
    pairs: Sequence[LabelledPair]
    folder: Path
    limits: Limits = field(default_factory=Limits)
    watch: Watch | None = None
    stop: asyncio.Event | None = None
    tell: Callable[[str], None] = lambda name: None
    reports: dict[str, RunReport] = field(default_factory=dict)
    asked: list[tuple[Change, dict[str, Said]]] = field(default_factory=list)
    """What each change said so far: two steps may come to the same one."""

    async def votes(
        self, name: str, change: Change, pairs: Sequence[LabelledPair]
    ) -> Sayings:
        """What the evaluator so changed says of the pairs; failed rows are not there.

        Raises `AlignmentStopped` where a limit or a signal ended the run, `InputError`
        where too many rows failed to decide anything.
        """
        known = next((said for one, said in self.asked if one == change), None)
        if known is None:
            known = {}
            self.asked.append((change, known))
        keys = {pair.item.key for pair in pairs}
        left = [pair.item for pair in pairs if pair.item.key not in known]
        found = await self._judged(name, change, left) if left else []
        known.update({o.item: s for o in found if (s := said_of(o)) is not None})
        said = {key: known[key] for key in keys & known.keys()}
        failed = len(keys) - len(said)
        if failed > MOST_FAILED * len(pairs):
            why = next((o.why for o in found if o.state == State.FAILED), "no verdict")
            raise InputError(
                f"{failed:,} of {counted(len(pairs), 'pair')} of {name!r} failed, too many"
                f" to decide anything ({why}): mend that and run the command again, which"
                " asks for those alone"
            )
        return said

    async def _judged(
        self, name: str, change: Change, items: Sequence[Item]
    ) -> list[Outcome]:
        """The outcomes of a run by the evaluator so changed."""
        folder = self.folder / RUNS / f"{name}-prompts"
        changed = with_change(self.recipe, change, folder)
        return await self._outcomes(name, changed, items)

    async def criteria(self, name: str, found: Disagreement) -> str | Rubric | None:
        """New criteria by the writer; None where they can't be used."""
        old = current_criteria(self.recipe, found.current)
        asked = Message(role="user", content=request_text(self.recipe, found))
        talk = Conversation(messages=(asked,))
        item = Item(key=talk.key, number=1, id=name, conversation=talk)
        engine = partial(writer_engine, self.writer, checks_of(self.pairs, old))
        outcomes = await self._outcomes(name, self.recipe, [item], engine)
        text = next(map(written_criteria, outcomes), None)
        return criteria_as_judged(text, old) if text else None

    async def _outcomes(
        self,
        name: str,
        recipe: Recipe,
        items: Sequence[Item],
        engine: Engine = local_engine,
    ) -> list[Outcome]:
        """The outcomes of a run over these items, made, resumed or only read."""
        into = self.folder / RUNS / name
        self.tell(name)
        report = await run_recipe(
            asking_recipe(recipe, self.limits),
            into,
            watch=self.watch,
            stop=self.stop,
            engine=engine,
            origin=Origin(
                {"aligning": name}, len(items), lambda: items, False, self._shared()
            ),
        )
        self.reports[name] = report
        if report.stopped or report.pending:
            raise AlignmentStopped(self._whole(report), name)
        with LedgerReader(into / LEDGER) as reader:
            return [read_outcome(text) for text in reader.outcomes()]

    def _shared(self) -> SharedLimits:
        """One budget, of all runs of the alignment."""
        every = tuple((self.folder / RUNS).glob("*"))
        return SharedLimits(runs=every, day=every)

    def _whole(self, last: RunReport) -> RunReport:
        """The report of the run that stopped, with what all of them spent."""
        return with_spending(last, self.reports.values())


def asking_recipe(recipe: Recipe, limits: Limits) -> Recipe:
    """The recipe of a run over given pairs: two answers meet, nothing is exported."""
    two = recipe.evaluate.model_copy(update={"meet": "two-way"})
    return recipe.model_copy(
        update={
            "source": Source(candidates=("first", "second")),
            "systems": (),
            "evaluate": two,
            "pairs": Pairs(allow_constant=True, allow_gibberish=True),
            "export": Export(kinds=()),
            "limits": limits,
            "aligned": None,
        }
    )


def said_of(outcome: Outcome) -> Said | None:
    """What a row's evaluator said; None where the row failed."""
    comparisons = outcome.ranking.comparisons if outcome.ranking else ()
    return Said.of(comparisons[-1]) if comparisons else None
