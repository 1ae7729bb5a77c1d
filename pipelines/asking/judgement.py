"""Judgement: what an evaluator said of two answers, or of one, in the caller's words.

Nothing is made up: a verdict that could not be read or contradicts itself is `invalid`,
and a cost that nobody knows is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from fellowship.display import judgement_html
from fellowship.errors import RowError
from fellowship.ledger import LedgerReader
from fellowship.pipelines.agreement.juror_state import juror_votes
from fellowship.pipelines.asking.asking import Answered
from fellowship.records import (
    Comparison,
    CriterionScores,
    Decision,
    Finite,
    Outcome,
    Record,
    Scores,
    Session,
    State,
    Verdict,
)
from fellowship.run_folder import LEDGER
from fellowship.teams.criterion_verdicts import candidate_criteria, mean_criteria
from fellowship.teams.decisions import decide
from fellowship.teams.judge_verdicts import by_judge, last_verdicts

Winner = Literal["a", "b", "tie", "invalid"]
WINNERS: Mapping[Decision, Winner] = {
    "first": "a",
    "second": "b",
    "tie": "tie",
    "order-inconsistent": "invalid",
    "invalid": "invalid",
}


class PairScores(Record):
    """The scores of two answers, in points of the evaluator's scale."""

    a: Finite
    b: Finite


class CriterionPair(PairScores):
    """The scores of two answers by one criterion of a rubric, as they were given.

    Of a fault, whose weight is negative, the lower score is the better one.
    """

    weight: Finite

    @property
    def winner(self) -> Winner:
        """The better answer by this criterion."""
        if self.a == self.b:
            return "tie"
        return "a" if (self.a > self.b) == (self.weight > 0) else "b"


BY_CRITERION: Any = Field(
    default_factory=dict,
    description="by each criterion's name, where there is a rubric",
)


class Cost(Record):
    """What the calls of one row cost, when they were made."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None = Field(description="None where a price is not known")


class JurorVote(Record):
    """What one judge, juror or persona said in the end, over all orders and samples."""

    juror: str
    winner: Winner
    scores: PairScores | None = None
    criteria: dict[str, CriterionPair] = BY_CRITERION
    reason: str = Field(default="", description="of its first readable reply")
    verdicts: tuple[Verdict, ...] = Field(
        default=(), description="each reply as it was read, a debate's blind vote first"
    )


class JurorScore(Record):
    """The score that one judge or juror gave, over all samples; None: unreadable."""

    juror: str
    score: Finite | None
    criteria: dict[str, Finite] = BY_CRITERION
    reason: str = ""
    verdicts: tuple[Verdict, ...] = ()


class Judgement(Record):
    """Which of two answers is the better one, who said so and why.

    `winner` is `invalid` where no verdict could be read, or where it changes with the
    order of the answers; `why` says which, in words.
    """

    winner: Winner
    scores: PairScores | None = None
    criteria: dict[str, CriterionPair] = BY_CRITERION
    reason: str = Field(default="", description="of a juror that voted as was decided")
    votes: tuple[JurorVote, ...] = ()
    why: str = Field(default="", description="why there is no winner")
    cost: Cost
    recorded: bool = Field(description="answered from the record: no call was made")
    row: int = Field(description="its number in the run folder")
    sessions: tuple[Session, ...] = Field(default=(), repr=False)

    def _repr_html_(self) -> str:
        facts = f"{self.scores.a:g} : {self.scores.b:g}" if self.scores else self.why
        said = [(vote.juror, vote.winner, vote.reason) for vote in self.votes]
        return judgement_html(f"winner: {self.winner}", facts, said)


class Rating(Record):
    """The score of one answer, who gave it and why; None where none could be read."""

    score: Finite | None
    scale: Finite
    criteria: dict[str, Finite] = BY_CRITERION
    reason: str = ""
    votes: tuple[JurorScore, ...] = ()
    why: str = Field(default="", description="why there is no score")
    cost: Cost
    recorded: bool = Field(description="answered from the record: no call was made")
    row: int = Field(description="its number in the run folder")
    sessions: tuple[Session, ...] = Field(default=(), repr=False)

    def _repr_html_(self) -> str:
        facts = f"of {self.scale:g}" if self.score is not None else self.why
        said = [(v.juror, _points(v.score), v.reason) for v in self.votes]
        return judgement_html(f"score: {_points(self.score)}", facts, said)


def _points(score: float | None) -> str:
    return "unreadable" if score is None else f"{score:g}"


def judgement_of(answered: Answered, folder: Path) -> Judgement:
    """The judgement that a row's outcome holds; `RowError` where the row failed."""
    outcome = completed(answered.outcome)
    comparison = only_comparison(outcome)
    decision: Decision = comparison.outcome if comparison else "tie"
    verdicts = comparison.verdicts if comparison else ()
    votes = tuple(
        JurorVote(
            juror=name,
            winner=WINNERS[vote.winner],
            scores=pair_scores(decide(last_verdicts(own))[1]),
            criteria=criterion_pairs(mean_criteria(last_verdicts(own))),
            reason=first_reason(last_verdicts(own)),
            verdicts=tuple(own),
        )
        for (name, own), vote in zip(
            by_judge(verdicts).items(), juror_votes(verdicts).values(), strict=True
        )
    )
    winner = WINNERS[decision]
    agreed = [vote.reason for vote in votes if vote.winner == winner and vote.reason]
    decided = winner in ("a", "b")
    return Judgement(
        winner=winner,
        scores=pair_scores(comparison.scores) if comparison else None,
        criteria=pooled_pairs(comparison) if comparison else {},
        reason=next(iter(agreed), ""),
        votes=votes,
        why="" if decided else outcome.why,
        cost=cost_of(outcome, folder),
        recorded=answered.recorded,
        row=outcome.number,
        sessions=outcome.sessions,
    )


def rating_of(answered: Answered, folder: Path, scale: float) -> Rating:
    """The rating that a row's outcome holds; `RowError` where the row failed."""
    outcome = completed(answered.outcome)
    comparison = only_comparison(outcome)
    verdicts = comparison.verdicts if comparison else ()
    votes = []
    for name, own in by_judge(verdicts).items():
        scores = decide(own)[1]
        given = scores.first if scores and any(v.scores for v in own) else None
        reason = first_reason(own)
        by_name = {one.name: one.first for one in mean_criteria(own)}
        votes.append(
            JurorScore(
                juror=name,
                score=given,
                criteria=by_name,
                reason=reason,
                verdicts=tuple(own),
            )
        )
    score = answer_score(outcome)
    return Rating(
        score=score,
        scale=scale,
        criteria={
            mark.name: mark.score
            for mark in candidate_criteria([comparison] if comparison else [], 0)
        },
        reason=next((vote.reason for vote in votes if vote.reason), ""),
        votes=tuple(votes),
        why=reason_for_no_score(outcome) if score is None else "",
        cost=cost_of(outcome, folder),
        recorded=answered.recorded,
        row=outcome.number,
        sessions=outcome.sessions,
    )


def answer_score(outcome: Outcome) -> float | None:
    """The one answer's score; None where the evaluator gave none.

    What is made of a winner without scores is a share of wins, and one answer wins
    against nobody.
    """
    ranking = outcome.ranking
    if ranking is None or not any(map(are_scored, ranking.comparisons)):
        return None
    return ranking.scores[0]


def reason_for_no_score(outcome: Outcome) -> str:
    """Why there is none; of an answer that the evaluator did read, that it gave none."""
    read = outcome.state == State.TIE
    return "the evaluator gave no score" if read else outcome.why


def are_scored(comparison: Comparison) -> bool:
    """Whether its scores are the evaluator's, not made of its verdicts' winners."""
    verdicts = comparison.verdicts
    if any(verdict.scores for verdict in verdicts):
        return True
    return comparison.scores not in (None, decide(verdicts)[1])


def completed(outcome: Outcome) -> Outcome:
    """The outcome; `RowError` where the evaluator could not be asked."""
    if outcome.state in (State.FAILED, State.REFUSED, State.TRUNCATED):
        raise RowError(outcome.why)
    return outcome


def only_comparison(outcome: Outcome) -> Comparison | None:
    """The one comparison of a row; None where the two answers are one text."""
    comparisons = outcome.ranking.comparisons if outcome.ranking else ()
    return comparisons[0] if comparisons else None


def pair_scores(scores: Scores | None) -> PairScores | None:
    """Scores by the names the caller has for the answers."""
    return PairScores(a=scores.first, b=scores.second) if scores else None


def criterion_pairs(given: Sequence[CriterionScores]) -> dict[str, CriterionPair]:
    """Scores by criterion by the names the caller has for the answers."""
    return {
        one.name: CriterionPair(a=one.first, b=one.second, weight=one.weight)
        for one in given
    }


def pooled_pairs(comparison: Comparison) -> dict[str, CriterionPair]:
    """The mean scores by each criterion over the judges that gave one."""
    sides = [candidate_criteria([comparison], at) for at in (0, 1)]
    return {
        a.name: CriterionPair(a=a.score, b=b.score, weight=a.weight)
        for a, b in zip(*sides, strict=True)
    }


def first_reason(verdicts: Sequence[Verdict]) -> str:
    """The reason of the first reply that gives one."""
    return next((v.reason for v in verdicts if v.winner != "invalid" and v.reason), "")


def cost_of(outcome: Outcome, folder: Path) -> Cost:
    """The cost of a row's calls, by the ledger."""
    keys = {turn.call for session in outcome.sessions for turn in session.turns} - {""}
    with LedgerReader(folder / LEDGER) as reader:
        calls = [call for key in sorted(keys) if (call := reader.call(key))]
    usd = [call.usd for call in calls]
    return Cost(
        calls=len(calls),
        prompt_tokens=sum(call.prompt_tokens for call in calls),
        completion_tokens=sum(call.completion_tokens for call in calls),
        usd=None if None in usd else sum(each or 0.0 for each in usd),
    )
