"""One row, from its prompt to its outcome. Whatever happens to it, it ends in one state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fellowship.errors import FellowshipError, RowError
from fellowship.models.client import Client
from fellowship.models.record.tracing import row_span, session_span, set_outcome
from fellowship.pipelines.pairing.prompt_echoes import (
    Grams,
    find_echoes,
    prompt_grams,
)
from fellowship.pipelines.pairing.ranking import TOURNAMENTS, pointwise
from fellowship.pipelines.pairing.row_state import RowEnd, RowFacts, row_state
from fellowship.pipelines.pairing.system_pairs import (
    NOT_JUDGED,
    is_sampled,
    system_answers,
    unjudged_ranking,
)
from fellowship.pipelines.pairing.unusable_answers import (
    is_empty,
    unusable_answers,
    with_faults,
)
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.prompts.library import PromptLibrary
from fellowship.records import (
    Candidate,
    Comparison,
    Item,
    Outcome,
    Ranking,
    Turn,
)
from fellowship.session_names import ALONE, LISTED, pair_session
from fellowship.teams.autogen_systems import AutogenSystem
from fellowship.teams.custom_teams import CustomEvaluator, CustomSystem
from fellowship.teams.debate import DebateTeam
from fellowship.teams.feedback import FeedbackSystem
from fellowship.teams.gathering import gather_or_cancel
from fellowship.teams.judge import Evaluator, JudgeTeam, is_related
from fellowship.teams.jury import JuryTeam
from fellowship.teams.kinds import EVALUATOR_KINDS, SYSTEM_KINDS, check_kinds
from fellowship.teams.meetings import MEETINGS
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import (
    AutogenSettings,
    CustomEvaluateSettings,
    CustomSettings,
    DebateSettings,
    EvaluateSettings,
    FeedbackSettings,
    JudgeSettings,
    JurySettings,
    SingleSettings,
    SystemSettings,
)
from fellowship.teams.systems import SingleSystem, System

Listen = Callable[[Item, str, Turn], None]
"""Called with every turn as it comes, with its row and its team."""


@dataclass
class RunContext:
    """What every row of a run shares."""

    recipe: Recipe
    library: PromptLibrary
    models: Mapping[str, Client]
    listen: Listen = lambda item, team, turn: None
    systems: dict[str, System] = field(init=False)
    evaluator: Evaluator = field(init=False)

    def __post_init__(self) -> None:
        self.systems = {s.name: make_system(s) for s in self.recipe.systems}
        self.evaluator = make_evaluator(self.recipe.evaluate)

    @cached_property
    def prompt_grams(self) -> Grams:
        """What the models of this run are told, as runs of words."""
        return prompt_grams(self.library)

    def new_session(self, team: str, item: Item) -> SessionContext:
        """A table for one session of this run."""
        return SessionContext(
            team,
            item,
            self.models,
            self.library,
            seed=self.recipe.seed,
            deadline=self.recipe.row_deadline,
            listen=lambda turn: self.listen(item, team, turn),
            reader=self.recipe.reader,
        )


SYSTEMS: Mapping[type, Callable[[Any], System]] = {
    SingleSettings: SingleSystem,
    FeedbackSettings: FeedbackSystem,
    AutogenSettings: AutogenSystem,
    CustomSettings: CustomSystem,
}
EVALUATORS: Mapping[type, Callable[[Any], Evaluator]] = {
    JudgeSettings: JudgeTeam,
    JurySettings: JuryTeam,
    DebateSettings: DebateTeam,
    CustomEvaluateSettings: CustomEvaluator,
}
check_kinds("system that writes", SYSTEM_KINDS, SYSTEMS)
check_kinds("evaluator", EVALUATOR_KINDS, EVALUATORS)


def make_system(settings: SystemSettings) -> System:
    """The team that a recipe's entry describes."""
    return SYSTEMS[type(settings)](settings)


def make_evaluator(settings: EvaluateSettings) -> Evaluator:
    """The team that a recipe's `evaluate` describes."""
    return EVALUATORS[type(settings)](settings)


class Row:
    """The work on one item, and what is known of it so far."""

    def __init__(self, item: Item, context: RunContext) -> None:
        self.item = item
        self.context = context
        self.sessions: list[
            tuple[SessionContext, Sequence[Candidate], Sequence[Comparison]]
        ] = []
        self.candidates: list[Candidate] = list(item.candidates)
        self.ranking: Ranking | None = None
        self.judged = True

    async def work(self) -> Outcome:
        """The row's outcome. Only what stops a whole run is raised."""
        item = self.item
        with row_span(item.number, item.key, item.id) as span:
            outcome = await self._work()
            set_outcome(span, outcome)
        return outcome

    async def _work(self) -> Outcome:
        try:
            end = await self.end()
        except RowError as error:
            end = row_state(RowFacts(error=error))
        except SystemExit as error:  # a rule of the user's own, say
            end = row_state(RowFacts(error=RowError(f"your own code raised {error!r}")))
        except FellowshipError:
            raise
        except (asyncio.CancelledError, MemoryError):
            raise
        except Exception as error:  # a team of the user's own may raise anything
            end = row_state(RowFacts(error=error))
        return self._outcome(end)

    async def write_candidates(self) -> None:
        """Have every system of the recipe write its candidates."""
        writing = [self._run_system(*system) for system in self.context.systems.items()]
        # One needs no gathering, which would cost a task.
        alone = len(writing) == 1
        for candidates in (
            [await writing[0]] if alone else await gather_or_cancel(*writing)
        ):
            self.candidates += candidates

    async def end(self) -> RowEnd:
        """Write, rank, and choose the pairs."""
        await self.write_candidates()
        pairs = self.context.recipe.pairs
        usable = distinct_candidates(self.candidates, cut=pairs.cut == "rejected")
        if len(usable) < 2 or all(map(is_cut, usable)):
            thought = frozenset(self._calls_with_thinking())
            return row_state(RowFacts(self.item, self.candidates, thought=thought))
        self.candidates = usable
        self.ranking = await self.rank_or_claim(pairs)
        language = not pairs.allow_gibberish
        talk, echoes = self.item.conversation, self.find_echoes(usable)
        found = unusable_answers(talk, usable, echoes=echoes, language=language)
        self.candidates = list(with_faults(usable, found))
        why = {index: one.why for index, one in found.items()}
        facts = RowFacts(self.item, self.candidates, self.ranking, why)
        return row_state(facts, pairs)

    def find_echoes(self, usable: Sequence[Candidate]) -> Collection[int]:
        """The candidates that only repeat what the run's models were told."""
        turns = (turn for session, _, _ in self.sessions for turn in session.turns)
        reviews = (turn.text for turn in turns if turn.role == "reviewer")
        told = self.context.prompt_grams
        return find_echoes(self.item.conversation, usable, told, reviews)

    async def rank_or_claim(self, pairs: Pairs) -> Ranking:
        """The evaluator's ranking; by system the recipe's claim, of rows not sampled."""
        if pairs.by_system:
            both = None not in system_answers(self.candidates, pairs)
            seed = self.context.recipe.seed
            if not both or not is_sampled(self.item.key, seed, pairs.sample):
                self.judged = False
                return unjudged_ranking(self.candidates, pairs)
        return await self.rank(len(self.candidates))

    def _calls_with_thinking(self) -> Iterator[str]:
        """The calls in which a model thought, by the ledger's key."""
        for session, _, _ in self.sessions:
            for turn in session.turns:
                if turn.thinking or turn.thinking_tokens:
                    yield turn.call

    async def _run_system(self, name: str, team: System) -> Sequence[Candidate]:
        session = self.context.new_session(name, self.item)
        at = len(self.sessions)
        self.sessions.append((session, (), ()))
        with session_span(name, session.session):
            candidates = await team.run(self.item, session)
        self.sessions[at] = (session, candidates, ())
        return candidates

    async def rank(self, n: int) -> Ranking:
        """The first `n` candidates in the evaluator's eyes."""
        meet = self.context.recipe.evaluate.meet
        meeting = MEETINGS[meet]
        if meeting.pairwise:
            return await TOURNAMENTS[meet](n, self._compare)
        team = LISTED if meeting.listed else ALONE
        session = self.context.new_session(team, self.item)
        at = len(self.sessions)
        self.sessions.append((session, (), ()))
        with session_span(session.team, session.session):
            rated = await self.context.evaluator.rate(
                self.item, self.candidates, session
            )
        ranking = pointwise(n, rated)
        self.sessions[at] = (session, (), ranking.comparisons)
        return ranking

    async def _compare(self, first: int, second: int) -> Comparison:
        session = self.context.new_session(pair_session(first, second), self.item)
        at = len(self.sessions)
        self.sessions.append((session, (), ()))
        candidates = tuple(self.candidates)
        with session_span(session.team, session.session):
            comparison = await self.context.evaluator.compare(
                self.item, candidates, (first, second), session
            )
        self.sessions[at] = (session, (), (comparison,))
        return comparison

    def _outcome(self, end: RowEnd) -> Outcome:
        sessions = tuple(
            session.record(candidates, [v for c in comparisons for v in c.verdicts])
            for session, candidates, comparisons in self.sessions
        )
        return Outcome(
            number=self.item.number,
            item=self.item.key,
            id=self.item.id,
            state=end.state,
            why=end.why,
            conversation=self.item.conversation,
            candidates=tuple(self.candidates),
            ranking=self.ranking,
            pairs=end.pairs,
            sessions=sessions,
            reference=self.item.reference,
            labels=self.item.labels,
            flags=self._flags(),
            place=self.item.place,
        )

    def _flags(self) -> tuple[str, ...]:
        """What whoever uses the row should know: a judge of a candidate's own family, or
        that nobody judged it.
        """
        comparisons = self.ranking.comparisons if self.ranking else ()
        families = next((session.families for session, _, _ in self.sessions), {})
        same = any(
            is_related(verdict.model, self.candidates, families)
            for comparison in comparisons
            for verdict in comparison.verdicts
        )
        marks = {"same_family": same, NOT_JUDGED: not self.judged}
        return tuple(name for name, holds in marks.items() if holds)


def is_cut(candidate: Candidate) -> bool:
    """Whether an answer was cut off at `max_tokens`."""
    return candidate.finish == "length"


def distinct_candidates(
    candidates: Sequence[Candidate], *, cut: bool = False
) -> list[Candidate]:
    """The candidates that are whole, not empty, and each once, in one fixed order.

    `cut` keeps those that were cut off, too. Of a conversation with several turns to judge
    all turns count, not the last alone.
    """
    seen: dict[tuple[str, ...], Candidate] = {}
    for candidate in candidates:
        if not is_empty(candidate.text) and (cut or not is_cut(candidate)):
            turns = candidate.turns or (candidate.text,)
            seen.setdefault(tuple(text.strip() for text in turns), candidate)
    return list(seen.values())
