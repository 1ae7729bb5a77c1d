"""Listwise ranking: one voter ranks all candidates in each of several shuffles.

In every shuffle a candidate's score goes by its place (Borda), from the voter's scale at
the first to 1 at the last; over the shuffles scores are averaged, so that the mean rank
decides and equal mean ranks tie. Shuffles turn one random order round, so that each
candidate stands in every place equally often where there are as many shuffles as
candidates: what a judge likes of a place is averaged out.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from fellowship.agents.agent import RoleAgent
from fellowship.agents.case import Case
from fellowship.agents.list_judge import ListJudge, ListRanking, list_titles
from fellowship.records import Scores, Verdict
from fellowship.speaker_names import name_of_shuffle
from fellowship.teams.session import SessionContext
from fellowship.teams.voter import VALID, Voter

LISTWISE = "listwise"
"""The strategy that verdicts of a list name."""

PairVerdicts = Callable[[int, int], list[Verdict]]
Order = tuple[int, ...]


def shuffled_orders(count: int, shuffles: int, seed: str) -> list[Order]:
    """So many orders of candidates by index: turns of random ones, `count` of each."""
    orders: list[Order] = []
    while len(orders) < shuffles:
        base = list(range(count))
        random.Random(f"{seed}/{len(orders)}").shuffle(base)
        many = min(count, shuffles - len(orders))
        steps = [turn * count // many for turn in range(many)]
        orders += [tuple(base[step:] + base[:step]) for step in steps]
    return orders


async def rank_list(
    voter: Voter, case: Case, shuffles: int, seats: SessionContext
) -> PairVerdicts:
    """One voter's rankings of all candidates, as verdicts on any two of them by index."""
    count = len(case.candidates)
    orders = shuffled_orders(count, shuffles, seats.session)
    criteria = voter.settings.criteria
    role = ListJudge(
        model=voter.settings.model,
        library=seats.library,
        titles=list_titles(count),
        count=count,
        criteria=criteria if isinstance(criteria, str) else "",
    )
    agents = [
        seats.add_agent(
            name_of_shuffle(voter.name, shuffle),
            role,
            replace(case, candidates=tuple(case.candidates[i] for i in order)),
        )
        for shuffle, order in enumerate(orders)
    ]
    await seats.ask(*agents)
    scale = voter.settings.scale
    marks = [
        marks_of(agent.value, order, scale)
        for agent, order in zip(agents, orders, strict=True)
    ]

    def verdicts(a: int, b: int) -> list[Verdict]:
        return [
            list_verdict(voter, agent, shuffle, (mark[a], mark[b]) if mark else None)
            for shuffle, (agent, mark) in enumerate(zip(agents, marks, strict=True))
        ]

    return verdicts


def marks_of(value: object, order: Order, scale: float) -> list[float] | None:
    """Each candidate's score by its place in one ranking; None where it can't be read.

    The step is a dyadic fraction, so that equal sums of places are equal to the last bit.
    """
    if not isinstance(value, ListRanking):
        return None
    count = len(order)
    step = int((scale - 1) / max(1, count - 1) * 2**30) / 2**30
    marks = [0.0] * count
    for place, number in enumerate(value.ranking):
        marks[order[number - 1]] = 1 + step * (count - 1 - place)
    return marks


def list_verdict(
    voter: Voter, agent: RoleAgent, shuffle: int, marks: tuple[float, float] | None
) -> Verdict:
    """What one shuffle's ranking says of two candidates."""
    base = voter.invalid_verdict(agent)
    known = {"strategy": LISTWISE, "sample": shuffle}
    if marks is None:
        return base.model_copy(update=known)
    scores = Scores(first=marks[0], second=marks[1])
    value = agent.value
    reason = value.reason if isinstance(value, ListRanking) else ""
    known |= {"winner": scores.winner, "scores": scores, "reason": reason}
    return base.model_copy(update=known | VALID)
