"""Call counts of a team, before it makes any.

`fellowship plan` multiplies what stands here; a test holds the teams to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from fellowship.agents.roles import STRATEGIES
from fellowship.teams.jury import first_juror_count
from fellowship.teams.kinds import EVALUATOR_KINDS, SYSTEM_KINDS, check_kinds
from fellowship.teams.meetings import MEETINGS
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
    VoterSettings,
)
from fellowship.teams.voter import ORDER_PLANS


class Span(NamedTuple):
    """From `low` to `high`, both included."""

    low: int
    high: int

    def __add__(self, other: object) -> Span:
        """The span of a sum."""
        if not isinstance(other, Span):
            return NotImplemented
        return Span(self.low + other.low, self.high + other.high)


NOTHING = Span(0, 0)


class SystemCalls(NamedTuple):
    """What one system does with one prompt.

    `each_reviewer` counts one reviewer's calls, `candidates` the different answers that
    come out of it, `sessions` how often an unanswered earlier user turn is answered.
    """

    generator: Span
    each_reviewer: Span
    candidates: Span
    sessions: int


def single_calls(system: SingleSettings) -> SystemCalls:
    """A call a sample."""
    samples = Span(system.samples, system.samples)
    return SystemCalls(samples, NOTHING, Span(1, system.samples), system.samples)


def feedback_calls(system: FeedbackSettings) -> SystemCalls:
    """A feedback loop's calls: nobody reviews the last draft.

    It ends early at a draft equal to the one before it (so after two at the soonest) or,
    if told so, at a falling score. A stop rule of the user's own may end it after one.
    """
    drafts, fewest = system.drafts, 2 if system.stop is None else 1
    return SystemCalls(Span(fewest, drafts), Span(1, drafts - 1), Span(1, drafts), 1)


SYSTEM_CALLS: Mapping[type, Callable[[Any], SystemCalls | None]] = {
    SingleSettings: single_calls,
    FeedbackSettings: feedback_calls,
    AutogenSettings: lambda system: None,
    CustomSettings: lambda system: None,
}
check_kinds("count of a system's calls", SYSTEM_KINDS, SYSTEM_CALLS)


def system_calls(system: SystemSettings) -> SystemCalls | None:
    """The calls one prompt costs in one system; None for a team of the user's own."""
    return SYSTEM_CALLS[type(system)](system)


def count_comparisons(meet: str, candidates: int) -> int:
    """Pairs that are put to an evaluator; pointwise none is, but each candidate once.

    n - 1 in a knockout, n (n - 1) / 2 in a round robin, one two-way.
    """
    return MEETINGS[meet].asked(candidates) if candidates > 1 else 0


class ModelCalls(NamedTuple):
    """Calls to one model for one prompt: how many answers and how much talk each reads."""

    model: str
    calls: Span
    answers: int = 2
    turns_read: int = 0
    writes: Literal["verdict", "review"] = "verdict"


def evaluator_calls(
    settings: EvaluateSettings,
    candidates: Span,
    same_family: frozenset[str] = frozenset(),
) -> list[ModelCalls]:
    """An evaluator's calls for one prompt, without repair turns, by model.

    None are known of an evaluator of the user's own. `same_family` are models
    of a candidate's family: jurors among them may have to abstain.
    """
    each = EVALUATOR_CALLS[type(settings)](settings, same_family)
    low, high = (count_comparisons(settings.meet, count) for count in candidates)
    if MEETINGS[settings.meet].listed:
        each = [calls._replace(answers=candidates.high) for calls in each]
    return [
        calls._replace(calls=Span(low * calls.calls.low, high * calls.calls.high))
        for calls in each
    ]


def voter_calls(
    voter: VoterSettings, asked: JudgeSettings | JurySettings
) -> ModelCalls:
    """One voter's calls for one comparison, or one candidate alone, or all together."""
    plan, alone = ORDER_PLANS[asked.order], STRATEGIES[voter.strategy].alone
    few, many = plan.fewest, plan.most
    if MEETINGS[asked.meet].listed:
        few = many = asked.shuffles
    elif alone:
        few = many = 1 if MEETINGS[asked.meet].alone else 2
    answers = 1 if alone else 2
    calls = Span(few * voter.samples, many * voter.samples)
    return ModelCalls(voter.model, calls, answers)


def jury_calls(
    jury: JurySettings, same_family: frozenset[str] = frozenset()
) -> list[ModelCalls]:
    """A jury's calls for one comparison: at least its first jurors', at most everyone's."""
    pairwise = MEETINGS[jury.meet].pairwise
    sure = first_juror_count(jury) if pairwise else len(jury.jurors)
    others = sum(juror.model not in same_family for juror in jury.jurors)
    if not jury.recuse or others < 2:
        same_family = frozenset()
    counts = []
    for n, juror in enumerate(jury.jurors):
        calls = voter_calls(juror, jury)
        asked_for_sure = n < sure and juror.model not in same_family
        counts.append(calls if asked_for_sure else optional(calls))
    if jury.escalate is not None:
        counts.append(optional(voter_calls(jury.escalate, jury)))
    return counts


def optional(calls: ModelCalls) -> ModelCalls:
    """The same calls, which may not be made at all."""
    return calls._replace(calls=Span(0, calls.calls.high))


def debate_calls(debate: DebateSettings) -> list[ModelCalls]:
    """A debate's calls for one comparison: the blind vote, and at most all the rest."""
    orders = 2 if debate.order == "both" else 1
    low = 0 if debate.stop_when_unanimous else 1
    talk_turns = debate.rounds * len(debate.personas)
    counts = []
    for persona in debate.personas:
        model = debate.model_of(persona)
        blind, talk = orders * debate.blind_samples, orders * debate.rounds
        more = orders * debate.further_samples
        counts += [
            ModelCalls(model, Span(blind, blind)),
            ModelCalls(model, Span(low * more, more)),
            ModelCalls(model, Span(low * talk, talk), 2, talk_turns // 2, "review"),
            ModelCalls(model, Span(low * orders, orders), 2, talk_turns),
        ]
    return counts


def judge_calls(judge: JudgeSettings) -> list[ModelCalls]:
    """A judge's calls for one comparison, any of which its substitute may have to make."""
    calls = voter_calls(judge, judge)
    if judge.stand_in is None:
        return [calls]
    return [optional(calls), optional(calls)._replace(model=judge.stand_in)]


EVALUATOR_CALLS: Mapping[type, Callable[[Any, frozenset[str]], list[ModelCalls]]] = {
    JudgeSettings: lambda judge, related: judge_calls(judge),
    JurySettings: jury_calls,
    DebateSettings: lambda debate, related: debate_calls(debate),
    CustomEvaluateSettings: lambda custom, related: [],
}
check_kinds("count of an evaluator's calls", EVALUATOR_KINDS, EVALUATOR_CALLS)
