"""A voter is one evaluator with a name: it reads a case in the orders asked for.

Judges, jurors and personas are all asked here, so that order, samples and the way back
to the case's own order are the same for each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple

from fellowship.agents.agent import RoleAgent
from fellowship.agents.case import Case
from fellowship.agents.custom_roles import agent_for_role
from fellowship.agents.logprob_scores import LIKELIEST
from fellowship.agents.role import Line
from fellowship.agents.roles import ONE, TWO, Choice, Judge, Mark
from fellowship.models.config import Sampling
from fellowship.records import Candidate, Item, Order, Phase, Scores, Verdict
from fellowship.teams.decisions import decide, swapped
from fellowship.teams.session import SessionContext
from fellowship.teams.settings import AskedOrder, Asking
from fellowship.teams.vote_counting import Vote


class Rating(NamedTuple):
    """What a voter gave one candidate: a mark a sample, None where it can't be read."""

    marks: tuple[Mark | None, ...]
    base: Verdict
    problem: str


class Voter:
    """One model asked one way, under one name."""

    def __init__(self, name: str, asking: Asking, order: AskedOrder) -> None:
        self.name = name
        self.asking = asking
        self.order = order

    async def verdicts(self, case: Case, seats: SessionContext) -> list[Verdict]:
        """Its verdicts on two candidates, in every order the settings ask for."""
        if self.asking.strategy == "independent":
            places = ("first", "second")
            one, other = await self.rate(case, places, seats)
            return compared(one, other)
        forward = self.sit(case, "forward", seats)
        if self.order == "both":
            back = self.sit(case, "swapped", seats)
            await seats.ask(*forward, *back)
            return self.said(forward, "forward") + self.said(back, "swapped")
        await seats.ask(*forward)
        made = self.said(forward, "forward")
        if self.order == "adaptive" and close(made, self.asking.scale):
            back = self.sit(case, "swapped", seats)
            await seats.ask(*back)
            made += self.said(back, "swapped")
        return made

    def sit(
        self,
        case: Case,
        order: Order,
        seats: SessionContext,
        *,
        phase: str = "",
        heard: Sequence[Line] = (),
    ) -> list[RoleAgent]:
        """A fresh agent a sample, who reads the case in this order and knows `heard`."""
        shown = case if order == "forward" else case.swapped()
        phase = phase.replace("-", "_")
        made = []
        for sample in range(self.asking.samples):
            seat = "_".join(filter(None, (self.name, order, phase, again(sample))))
            agent = seats.seat(seat, self.role(seats, TWO), shown)
            agent.hear(heard)
            made.append(agent)
        return made

    def role(self, seats: SessionContext, titles: tuple[str, ...]) -> Judge:
        """The judge its settings describe."""
        asking = self.asking
        return agent_for_role(
            Judge,
            asking.role,
            model=asking.model,
            strategy=asking.strategy,
            scale=asking.scale,
            criteria=asking.criteria,
            **chances(asking),
            prompt=asking.prompt,
            library=seats.library,
            titles=titles,
        )

    def said(
        self, agents: Sequence[RoleAgent], order: Order, phase: Phase = "final"
    ) -> list[Verdict]:
        """What agents said, turned back to the order of the case."""
        made = []
        for sample, agent in enumerate(agents):
            known = {"order": order, "phase": phase, "sample": sample}
            known |= read(agent.value, order)
            made.append(self.base(agent).model_copy(update=known))
        return made

    def base(self, agent: RoleAgent) -> Verdict:
        """An invalid verdict that says who gave it and why it is none."""
        turn = agent.turn
        return Verdict(
            winner="invalid",
            evaluator=self.name,
            model=turn.model if turn else "",
            strategy=self.asking.strategy,
            scale=self.asking.scale,
            call=turn.call if turn else "",
            note=agent.problem,
        )

    async def rate(
        self, case: Case, places: Sequence[str], seats: SessionContext
    ) -> list[Rating]:
        """Each candidate of the case scored alone; there is no order to swap."""
        role, samples = self.role(seats, ONE), range(self.asking.samples)
        sitting = [
            [
                seats.seat(
                    "_".join(filter(None, (self.name, place, again(sample)))),
                    role,
                    Case(case.conversation, (candidate,), case.reference),
                )
                for sample in samples
            ]
            for place, candidate in zip(places, case.candidates, strict=True)
        ]
        await seats.ask(*(agent for agents in sitting for agent in agents))
        return [self._rating(agents) for agents in sitting]

    def _rating(self, agents: Sequence[RoleAgent]) -> Rating:
        values = [agent.value for agent in agents]
        marks = tuple(value if isinstance(value, Mark) else None for value in values)
        problem = "; ".join(agent.problem for agent in agents if agent.problem)
        return Rating(marks, self.base(agents[0]), problem)

    def vote(self, verdicts: Sequence[Verdict], weight: float = 1.0) -> Vote:
        """What its verdicts on one pair amount to."""
        decision, scores = decide(verdicts)
        low, high = 1.0, self.asking.scale
        if self.asking.strategy == "direct":
            low, high = 0.0, 1.0
        return Vote(decision, scores, weight, low, high)


def chances(asking: Asking) -> dict[str, Any]:
    """What a judge's seat is told where scores are to be expectations."""
    if not asking.expected:
        return {}
    sampling = Sampling(logprobs=True, top_logprobs=LIKELIEST)
    return {"expected": True, "sampling": sampling}


def again(sample: int) -> str:
    """What a seat's name adds for a further sample."""
    return str(sample + 1) if sample else ""


def read(value: object, order: Order) -> dict[str, Any]:
    """The fields of a verdict that come from its text; none where it can't be read."""
    if not isinstance(value, Choice):
        return {}
    back = order == "swapped"
    scores = value.scores.swapped() if value.scores and back else value.scores
    winner = swapped(value.winner) if back else value.winner
    return {"winner": winner, "scores": scores, "reason": value.reason, "note": ""}


def compared(one: Rating, other: Rating) -> list[Verdict]:
    """Two ratings as verdicts on the pair, one a sample."""
    made = []
    for sample, (first, second) in enumerate(zip(one.marks, other.marks, strict=True)):
        base = one.base.model_copy(update={"sample": sample})
        if first is None or second is None:
            note = "; ".join(filter(None, (one.problem, other.problem)))
            made.append(base.model_copy(update={"note": note}))
            continue
        scores = Scores(first=first.score, second=second.score)
        known = {
            "winner": scores.winner,
            "scores": scores,
            "reason": f"first: {first.reason} second: {second.reason}",
            "note": "",
        }
        made.append(base.model_copy(update=known))
    return made


def close(verdicts: Sequence[Verdict], scale: float) -> bool:
    """Whether one order's margin is small enough to ask the other: a point of ten."""
    _, scores = decide(verdicts)
    if scores is None:
        return False
    return abs(scores.first - scores.second) <= max(1.0, scale / 10)


def case_of(item: Item, candidates: Sequence[Candidate]) -> Case:
    """The item with these candidates before a voter."""
    return Case(item.conversation, tuple(candidates), item.reference)


async def together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """The results of all, at the same time; when one fails none of them goes on."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
