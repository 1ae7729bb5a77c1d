"""Voter: one evaluator with a name, asked for verdicts in the orders wanted.

Judges, jurors and personas are all asked here, so that order, samples and the way back
to the case's own order are the same for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, get_args

from fellowship.agents.agent import RoleAgent
from fellowship.agents.case import Case
from fellowship.agents.custom_roles import make_role
from fellowship.agents.logprob_scores import TOP_LOGPROBS
from fellowship.agents.role import Line
from fellowship.agents.roles import (
    ONE_TITLE,
    STRATEGIES,
    TWO_TITLES,
    Judge,
)
from fellowship.agents.rubric import Rubric
from fellowship.agents.scorer import Scorer
from fellowship.models.config import Sampling
from fellowship.records import (
    Candidate,
    Choice,
    CriterionScores,
    Item,
    Mark,
    Order,
    Phase,
    Scores,
    Verdict,
)
from fellowship.registry_check import check_registry
from fellowship.speaker_names import name_in_order, name_of_rating
from fellowship.teams.decisions import decide, swap_winner
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import AskedOrder, VoterSettings
from fellowship.teams.vote_counting import Vote, score_bounds, vote_of
from fellowship.verdict_words import join_reasons

VALID = {"note": "", "unreadable": ""}
"""What a verdict that was read says of its problems."""


class Rating(NamedTuple):
    """One voter's marks of one candidate, one a sample; None where it can't be read."""

    marks: tuple[Mark | None, ...]
    base: Verdict
    problem: str


class Voter:
    """One model asked one way, under one name."""

    def __init__(
        self, name: str, settings: VoterSettings, order: AskedOrder, view: str = ""
    ) -> None:
        self.name = name
        self.settings = settings
        self.order = order
        self.view = view
        """Whose point of view it takes, in words that follow its criteria."""

    async def verdicts(self, case: Case, seats: SessionContext) -> list[Verdict]:
        """Its verdicts on two candidates, in every order the settings ask for."""
        if STRATEGIES[self.settings.strategy].alone:
            places = ("first", "second")
            one, other = await self.rate(case, places, seats)
            return verdicts_from_ratings(one, other)
        forward = self.make_agents(case, "forward", seats)
        plan = ORDER_PLANS[self.order]
        if plan.at_once:
            back = self.make_agents(case, "swapped", seats)
            await seats.ask(*forward, *back)
            return self.verdicts_of(forward, "forward") + self.verdicts_of(
                back, "swapped"
            )
        await seats.ask(*forward)
        verdicts = self.verdicts_of(forward, "forward")
        if plan.asks_again(verdicts, self.settings.scale):
            back = self.make_agents(case, "swapped", seats)
            await seats.ask(*back)
            verdicts += self.verdicts_of(back, "swapped")
        return verdicts

    def make_agents(
        self,
        case: Case,
        order: Order,
        seats: SessionContext,
        *,
        phase: str = "",
        lines: Sequence[Line] = (),
    ) -> list[RoleAgent]:
        """A fresh agent a sample, that reads the case in this order after `lines`."""
        case_as_read = case if order == "forward" else case.swapped()
        agents = []
        for sample in range(self.settings.samples):
            name = name_in_order(self.name, order, phase, sample)
            agent = seats.add_agent(name, self.role(seats, TWO_TITLES), case_as_read)
            agent.add_lines(lines)
            agents.append(agent)
        return agents

    def role(self, seats: SessionContext, titles: tuple[str, ...]) -> Judge:
        """The judge its settings describe; one of another kind for a model of scores."""
        asking = self.settings
        numbers = seats.client(asking.model).scores
        if numbers is not None:
            return Scorer(
                model=asking.model,
                strategy=asking.strategy,
                scale=asking.scale,
                library=seats.library,
                titles=titles,
                range=numbers,
            )
        return make_role(
            Judge,
            asking.role,
            model=asking.model,
            strategy=asking.strategy,
            scale=asking.scale,
            **criteria_fields(asking.criteria, self.view),
            **logprob_settings(asking),
            prompt=asking.prompt,
            library=seats.library,
            titles=titles,
        )

    def verdicts_of(
        self, agents: Sequence[RoleAgent], order: Order, phase: Phase = "final"
    ) -> list[Verdict]:
        """The agents' verdicts, turned back to the order of the case."""
        verdicts = []
        for sample, agent in enumerate(agents):
            known = {"order": order, "phase": phase, "sample": sample}
            known |= verdict_fields(agent.value, order)
            verdicts.append(Verdict(**self._invalid(agent) | known))
        return verdicts

    def invalid_verdict(self, agent: RoleAgent) -> Verdict:
        """An invalid verdict with its evaluator, its call and why it can't be read."""
        return Verdict(**self._invalid(agent))

    def _invalid(self, agent: RoleAgent) -> dict[str, Any]:
        """The fields of an invalid verdict."""
        turn = agent.turn
        return {
            "winner": "invalid",
            "evaluator": self.name,
            "model": turn.model if turn else "",
            "strategy": self.settings.strategy,
            "scale": self.settings.scale,
            "tie_band": self.settings.tie_band,
            "call": turn.call if turn else "",
            "verdict_first": turn is not None and "verdict-first" in turn.remarks,
            "note": agent.problem,
            "unreadable": agent.unreadable,
        }

    async def rate(
        self, case: Case, places: Sequence[str], seats: SessionContext
    ) -> list[Rating]:
        """Each candidate of the case scored alone; there is no order to swap."""
        role, samples = self.role(seats, ONE_TITLE), range(self.settings.samples)
        groups = [
            [
                seats.add_agent(
                    name_of_rating(self.name, place, sample),
                    role,
                    replace(case, candidates=(candidate,)),
                )
                for sample in samples
            ]
            for place, candidate in zip(places, case.candidates, strict=True)
        ]
        await seats.ask(*(agent for agents in groups for agent in agents))
        return [self._rating(agents) for agents in groups]

    def _rating(self, agents: Sequence[RoleAgent]) -> Rating:
        values = [agent.value for agent in agents]
        marks = tuple(value if isinstance(value, Mark) else None for value in values)
        problem = "; ".join(agent.problem for agent in agents if agent.problem)
        kinds = [agent.unreadable for agent in agents if agent.unreadable]
        base = self.invalid_verdict(agents[0])
        base = base.model_copy(update={"unreadable": "".join(kinds[:1])})
        return Rating(marks, base, problem)

    def vote(self, verdicts: Sequence[Verdict], weight: float = 1.0) -> Vote:
        """The vote that its verdicts on one pair amount to."""
        bounds = score_bounds(self.settings.strategy, self.settings.scale)
        return vote_of(self.name, verdicts, bounds, weight)


def criteria_fields(criteria: str | Rubric, view: str = "") -> dict[str, Any]:
    """Fields of a judge with these criteria and a point of view."""
    if isinstance(criteria, str):
        return {"criteria": "\n\n".join(filter(None, (criteria, view)))}
    return {"criteria": view, "rubric": criteria}


def logprob_settings(settings: VoterSettings) -> dict[str, Any]:
    """Fields of a judge whose scores are to be expectations; none otherwise."""
    if not settings.expected:
        return {}
    sampling = Sampling(logprobs=True, top_logprobs=TOP_LOGPROBS)
    return {"expected": True, "sampling": sampling}


def verdict_fields(value: object, order: Order) -> dict[str, Any]:
    """The fields of a verdict that come from its text; none where it can't be read."""
    if not isinstance(value, Choice):
        return {}
    back = order == "swapped"
    scores = value.scores.swapped() if value.scores and back else value.scores
    winner = swap_winner(value.winner) if back else value.winner
    known: dict[str, Any] = {
        "winner": winner,
        "scores": scores,
        "reason": value.reason,
    } | VALID
    if value.criteria:
        given = value.criteria
        known["criteria"] = tuple(one.swapped() for one in given) if back else given
    return known


def verdicts_from_ratings(one: Rating, other: Rating) -> list[Verdict]:
    """Two ratings as verdicts on the pair, one for each sample."""
    made = []
    for sample, (first, second) in enumerate(zip(one.marks, other.marks, strict=True)):
        base = one.base.model_copy(update={"sample": sample})
        if first is None or second is None:
            note = "; ".join(filter(None, (one.problem, other.problem)))
            kind = one.base.unreadable or other.base.unreadable
            made.append(base.model_copy(update={"note": note, "unreadable": kind}))
            continue
        scores = Scores(first=first.score, second=second.score)
        known = {
            "winner": scores.winner,
            "scores": scores,
            "reason": join_reasons(first.reason, second.reason),
            "criteria": paired_marks(first, second),
        } | VALID
        made.append(base.model_copy(update=known))
    return made


def paired_marks(first: Mark, second: Mark) -> tuple[CriterionScores, ...]:
    """Two responses' marks by each criterion side by side."""
    return tuple(
        CriterionScores(
            name=one.name, weight=one.weight, first=one.score, second=other.score
        )
        for one, other in zip(first.criteria, second.criteria, strict=True)
    )


def is_close(verdicts: Sequence[Verdict], scale: float) -> bool:
    """Whether one order's margin is small enough to ask the other: a point of ten."""
    _, scores = decide(verdicts)
    if scores is None:
        return False
    return abs(scores.first - scores.second) <= max(1.0, scale / 10)


class OrderPlan(NamedTuple):
    """In which orders a judge is asked: how often at least and at most, and when.

    `at_once`: in both together; else A first, and then B first where `asks_again` says so
    of the verdicts and their scale.
    """

    fewest: int
    most: int
    at_once: bool
    asks_again: Callable[[Sequence[Verdict], float], bool]


def never(verdicts: Sequence[Verdict], scale: float) -> bool:
    """Whatever was said, it is not asked again."""
    return False


ORDER_PLANS: Mapping[str, OrderPlan] = {
    "both": OrderPlan(2, 2, True, never),
    "adaptive": OrderPlan(1, 2, False, is_close),
    "first": OrderPlan(1, 1, False, never),
}
check_registry("order to ask in", get_args(AskedOrder), ORDER_PLANS)


def case_of(item: Item, candidates: Sequence[Candidate]) -> Case:
    """The item with these candidates before a voter."""
    return Case(item.conversation, tuple(candidates), item.reference)
