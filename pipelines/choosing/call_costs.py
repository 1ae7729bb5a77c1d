"""Costs of a row's calls by judge, order and sample, read off its transcripts.

Dollars, tokens and calls; a repair turn is part of what the verdict cost. Imported
transcripts have no tokens: there the calls are their turns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from fellowship.records import Outcome, Session, Turn
from fellowship.session_names import ALONE, answers_of_session
from fellowship.speaker_names import Speaker, speaker_among, take_apart
from fellowship.stats.codes import Floats
from fellowship.teams.judge_verdicts import judge_name

Pair = tuple[int, int]
Place = tuple[str, str, int, str]
"""Judge, order, sample and phase of a call."""


@dataclass(frozen=True)
class RowCosts:
    """Costs (3,) of one comparison, dollars, tokens and calls, by judge and place."""

    calls: Mapping[Place, Floats] = field(default_factory=dict)

    def of(self, name: str, order: str, sample: int) -> Floats:
        """What one verdict cost; a call where the record has no turn of it."""
        keys = [k for k in self.calls if k[:3] == (name, order, sample)]
        if not keys:
            return np.array([0.0, 0.0, 1.0])
        return sum_of([self.calls[key] for key in keys])

    def of_judge(self, name: str) -> Floats:
        """What all calls of one judge cost."""
        return sum_of([v for k, v in self.calls.items() if k[0] == name])

    def of_debate(self) -> Floats:
        """What a debate cost, without the vote of equal cost that is beside it."""
        return sum_of([v for k, v in self.calls.items() if k[3] != "equal-cost"])


def sum_of(costs: list[Floats]) -> Floats:
    """The sum of costs (3,); nothing of nothing."""
    return np.asarray(np.sum(costs, axis=0)) if costs else np.zeros(3)


def row_costs(outcome: Outcome) -> dict[Pair, RowCosts]:
    """The costs of each comparison of a row, by its two candidates."""
    found = {}
    for one in outcome.ranking.comparisons if outcome.ranking else ():
        calls: dict[Place, Floats] = defaultdict(lambda: np.zeros(3))
        names = [*dict.fromkeys(judge_name(v) for v in one.verdicts)]
        pair = one.first, one.second
        for session in outcome.sessions:
            for turn in session.turns:
                place = place_of(turn, session, names, pair)
                if place is not None:
                    calls[place] += turn_cost(turn)
        found[pair] = RowCosts(dict(calls))
    return found


def place_of(
    turn: Turn, session: Session, names: list[str], pair: Pair
) -> Place | None:
    """Whose call a turn is, in which order, sample and phase; None: of another pair.

    An imported judge's session is called as the judge is.
    """
    if session.team in names:
        return session.team, "forward", 0, "final"
    alone = session.team == ALONE
    if not alone and answers_of_session(session.team) != pair:
        return None
    who = take_apart(turn.source, alone=alone, names=names)
    if who is None:
        name = speaker_among(turn.source, names)
        return (name, "forward", 0, "final") if name else None
    if alone and int(who.place) - 1 not in pair:
        return None
    return who.name, who.order or "forward", sample_of(who), who.phase or "final"


def sample_of(who: Speaker) -> int:
    """A speaker's sample, counted from 0."""
    return int(who.sample) - 1 if who.sample else 0


def turn_cost(turn: Turn) -> Floats:
    """One turn in dollars, tokens and calls."""
    return np.array([turn.usd, float(turn.prompt_tokens + turn.completion_tokens), 1.0])
