"""Verdicts by one criterion of a rubric, and the means that a judge gave by each.

By a criterion a verdict is one that had been asked for it alone: a fault's scores are
turned round on the scale, so that the higher score is the better one as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fellowship.records import (
    Comparison,
    CriterionMark,
    CriterionScores,
    Outcome,
    Scores,
    Verdict,
)
from fellowship.teams.decisions import decide, mean
from fellowship.teams.judge_verdicts import by_judge, last_by_judge
from fellowship.teams.vote_counting import mean_scores, score_bounds, vote_of


def criterion_names(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """The criteria that verdicts have scores by, in the order they are met."""
    return tuple(dict.fromkeys(one.name for v in verdicts for one in v.criteria))


def oriented(given: CriterionScores, bounds: tuple[float, float]) -> Scores:
    """The scores by a criterion, of which the higher is the better one, faults too."""
    if given.weight > 0:
        return Scores(first=given.first, second=given.second)
    ends = sum(bounds)
    return Scores(first=ends - given.first, second=ends - given.second)


def verdict_by_criterion(verdict: Verdict, name: str) -> Verdict | None:
    """The verdict by one criterion alone; None where its rubric has no such criterion.

    One that could not be read is invalid by each of them, too.
    """
    bare = {"criteria": (), "tie_band": 0.0, "preference": None, "stored": None}
    if verdict.winner == "invalid":
        return verdict.model_copy(update=bare)
    for one in verdict.criteria:
        if one.name == name:
            scores = oriented(one, score_bounds(verdict.strategy, verdict.scale))
            known = {"scores": scores, "winner": scores.winner, **bare}
            return verdict.model_copy(update=known)
    return None


def comparison_by_criterion(comparison: Comparison, name: str) -> Comparison:
    """The comparison by one criterion: of several judges, by the mean of their scores.

    Judges without the criterion are left out. The mean is on the scale of the widest.
    """
    known = {
        name_of: [one for v in own if (one := verdict_by_criterion(v, name))]
        for name_of, own in by_judge(comparison.verdicts).items()
        if name in criterion_names(own)
    }
    verdicts = tuple(verdict for own in known.values() for verdict in own)
    last = last_by_judge(verdicts)
    if len(last) < 2:
        outcome, scores = decide([v for own in last.values() for v in own])
    else:
        votes = [
            vote_of(who, own, score_bounds(own[0].strategy, own[0].scale), 1.0)
            for who, own in last.items()
        ]
        valid = [vote for vote in votes if vote.is_valid]
        widest = max(vote.high for vote in votes)
        outcome, scores = mean_scores(valid, widest) if valid else ("invalid", None)
    made = {"verdicts": verdicts, "outcome": outcome, "scores": scores}
    return comparison.model_copy(update={**made, "blind": None, "equal": None})


def outcome_by_criterion(outcome: Outcome, name: str) -> Outcome:
    """A row with its comparisons by one criterion; no ranking or pair follows of it."""
    if outcome.ranking is None:
        return outcome
    made = [comparison_by_criterion(c, name) for c in outcome.ranking.comparisons]
    ranking = outcome.ranking.model_copy(update={"comparisons": tuple(made)})
    return outcome.model_copy(update={"ranking": ranking, "pairs": ()})


def mean_criteria(verdicts: Sequence[Verdict]) -> tuple[CriterionScores, ...]:
    """One judge's scores by each criterion, as given: means over orders and samples.

    As the totals are: samples of an order first; what could not be read is left out.
    """
    found = []
    for name in criterion_names(verdicts):
        by_order: dict[str, list[CriterionScores]] = {}
        for verdict in verdicts:
            own = [one for one in verdict.criteria if one.name == name]
            if own:
                by_order.setdefault(verdict.order, []).extend(own)
        sides = [
            (mean([o.first for o in own]), mean([o.second for o in own]))
            for own in by_order.values()
        ]
        sample = next(iter(by_order.values()))[0]
        first, second = (mean([side[at] for side in sides]) for at in (0, 1))
        found.append(sample.model_copy(update={"first": first, "second": second}))
    return tuple(found)


def candidate_criteria(
    comparisons: Iterable[Comparison], place: int
) -> tuple[CriterionMark, ...]:
    """A candidate's score by each criterion, as given: the mean over judges that gave one.

    `comparisons` are those the score rests on. Judges of different scales are put on the
    widest of them.
    """
    given: dict[str, list[tuple[CriterionMark, tuple[float, float]]]] = {}
    for one in comparisons:
        if place not in (one.first, one.second):
            continue
        for own in last_by_judge(one.verdicts).values():
            for scores in mean_criteria(own):
                mark = CriterionMark(
                    name=scores.name,
                    weight=scores.weight,
                    score=scores.first if place == one.first else scores.second,
                )
                bounds = score_bounds(own[0].strategy, own[0].scale)
                given.setdefault(scores.name, []).append((mark, bounds))
    return tuple(mean_mark(marks) for marks in given.values())


def mean_mark(
    given: Sequence[tuple[CriterionMark, tuple[float, float]]],
) -> CriterionMark:
    """The mean of one criterion's marks, each with the bounds of its scale."""
    low, high = max((bounds for _, bounds in given), key=lambda bounds: bounds[1])
    scores = [
        mark.score
        if bounds == (low, high)
        else low + (mark.score - bounds[0]) / (bounds[1] - bounds[0]) * (high - low)
        for mark, bounds in given
    ]
    return given[0][0].model_copy(update={"score": mean(scores)})
