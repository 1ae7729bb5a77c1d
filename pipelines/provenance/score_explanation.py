"""Explanation of scores: every step from the verdicts to the margin.

A score is a sum somebody can check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fellowship.number_format import MINUS, counted, difference, score, scores
from fellowship.pipelines.provenance.voting_rule import DecidingRule
from fellowship.records import (
    Candidate,
    Comparison,
    Outcome,
    PreferencePair,
    Ranking,
    Scores,
    Verdict,
)
from fellowship.teams.criterion_verdicts import mean_criteria
from fellowship.teams.decisions import decide
from fellowship.teams.judge_verdicts import last_by_judge, last_decisions
from fellowship.teams.list_ranking import LISTWISE
from fellowship.teams.meetings import MEETINGS
from fellowship.teams.vote_counting import SIDES
from fellowship.verdict_words import criteria_words, verdict_order
from fellowship.wording import decision_word

ORDERS = ("forward", "swapped")
VOID = ("invalid", "order-inconsistent")
NO_RULE = DecidingRule()


def comparison_sum(
    comparison: Comparison, rule: DecidingRule = NO_RULE
) -> tuple[str, ...]:
    """One line an evaluator, then what the rule makes of them."""
    own = last_by_judge(comparison.verdicts)
    comparisons = []
    for name, verdicts in own.items():
        comparisons.append(evaluator_sum(name, verdicts))
        if any(verdict.criteria for verdict in verdicts):
            comparisons.append(criteria_sum(name, verdicts))
    if len(own) > 1:
        ended = decision_word(comparison.outcome)
        who = deciding_vote(comparison, rule)
        comparisons.append(f"{who}: {ended}{score_pair(comparison.scores)}")
    if comparison.blind is not None:
        comparisons.append(f"blind vote: {decision_word(comparison.blind)}")
    if comparison.equal is not None:
        comparisons.append(f"vote of equal cost: {decision_word(comparison.equal)}")
    if comparison.recused:
        who = ", ".join(comparison.recused)
        comparisons.append(
            f"abstained, an answer is by a model of its own family: {who}"
        )
    if comparison.spared:
        comparisons.append(f"not asked: {', '.join(comparison.spared)}")
    return tuple(comparisons)


def deciding_vote(comparison: Comparison, rule: DecidingRule) -> str:
    """Who decided a comparison: the voters by the rule, or the judge they escalate to."""
    votes = last_decisions(comparison.verdicts)
    if rule.escalate not in votes:
        return f"{rule.name or 'vote'} of {len(votes)}"
    names = [name for name in votes if name != rule.escalate]
    jurors = [votes[name] for name in names]
    disagree = len(set(jurors)) > 1 or not set(jurors) <= {*SIDES}
    if len(names) == 1 or (rule.sure_from and not disagree):
        unsure = names[0] if len(names) == 1 else "jurors"
        return f"{unsure} unsure; decided by {rule.escalate} alone"
    where = "" if disagree else " on another comparison"
    return f"jurors disagree{where}; decided by {rule.escalate} alone"


def evaluator_sum(name: str, verdicts: Sequence[Verdict]) -> str:
    """judge: A first 7 : 2, B first 4 : 6, mean 5.5 : 4, so A."""
    parts = []
    for order in ORDERS:
        for verdict in verdicts:
            if verdict.order == order:
                note = f" ({verdict.problem})" if verdict.note else ""
                text = score_pair(verdict.scores) or f" {decision_word(verdict.winner)}"
                colon = ":" * (verdict.strategy == LISTWISE)
                parts.append(f"{verdict_order(verdict)}{colon}{text}{note}")
    outcome, scores = decide(verdicts)
    mean = f", mean{score_pair(scores)}" if len(verdicts) > 1 and scores else ""
    band = max((verdict.tie_band for verdict in verdicts), default=0.0)
    mean += f", gaps up to {score(band)} are a tie" if band else ""
    so = decision_word(outcome)
    return f"{name or 'evaluator'}: {', '.join(parts)}{mean}, so {so}"


def criteria_sum(name: str, verdicts: Sequence[Verdict]) -> str:
    """judge by criteria: accuracy 9 : 4 (weight 2), rambling (fault) 2 : 5 (weight -1)."""
    parts = [
        f"{criteria_words([one])} (weight {score(one.weight)})"
        for one in mean_criteria(verdicts)
    ]
    return f"{name or 'evaluator'} by criteria: {', '.join(parts)}"


def candidate_place(outcome: Outcome, candidate: Candidate) -> int:
    """A candidate's place among its row's, from 0; -1 where it is not one of them."""
    text = candidate.text  # most differ in it, and it is looked at sooner than all
    for place, known in enumerate(outcome.candidates):
        if known.text == text and (known is candidate or known == candidate):
            return place
    return -1


def pair_sums(
    ranking: Ranking | None,
    pair: PreferencePair,
    places: tuple[int, int],
    recipe: Mapping[str, Any],
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The comparisons a pair's scores depend on, and the sums behind its score gap."""
    comparisons = ranking.comparisons if ranking else ()
    averaged = is_averaged(recipe)
    used: dict[int, None] = {}
    lines: list[str] = []
    for place in places:
        through, line = (
            mean_sum(comparisons, place)
            if averaged
            else knockout_sum(comparisons, place)
        )
        used |= dict.fromkeys(through)
        lines += [line] if line else []
    lines.append(f"score gap = {difference(pair.chosen_score, pair.rejected_score)}")
    return tuple(sorted(used)), tuple(lines)


ALIKE = 3
"""Equal scores that are written out one by one; a list gives one in every comparison."""


def comparisons_used(
    ranking: Ranking | None, places: tuple[int, int], recipe: Mapping[str, Any]
) -> tuple[int, ...]:
    """The comparisons that the scores of two candidates depend on."""
    comparisons = ranking.comparisons if ranking else ()
    used = mean_used if is_averaged(recipe) else knockout_used
    return tuple(sorted({at for place in places for at in used(comparisons, place)}))


def is_averaged(recipe: Mapping[str, Any]) -> bool:
    """Whether a candidate's score is the mean over its comparisons."""
    meeting = MEETINGS.get((recipe.get("evaluate") or {}).get("meet", ""))
    return meeting is not None and meeting.averaged


def mean_used(comparisons: Sequence[Comparison], place: int) -> list[int]:
    """The comparisons with scores that a candidate is in."""
    return [
        i
        for i, c in enumerate(comparisons)
        if place in (c.first, c.second) and c.scores
    ]


def knockout_used(comparisons: Sequence[Comparison], place: int) -> list[int]:
    """The last comparison of a candidate, and those of who won it until its last."""
    own = [
        i
        for i, c in enumerate(comparisons)
        if place in (c.first, c.second) and c.outcome not in VOID and c.scores
    ]
    if not own:
        return []
    last = own[-1]
    won = knockout_winner(comparisons[last])
    if won == place:
        return [last]
    after = knockout_used(comparisons[last + 1 :], won)
    return [last, *(last + 1 + i for i in after)]


def mean_sum(comparisons: Sequence[Comparison], place: int) -> tuple[list[int], str]:
    """A candidate's mean over its comparisons."""
    at = mean_used(comparisons, place)
    given = [score_in_comparison(comparisons[i], place) for i in at]
    if not given:
        return [], ""
    total = sum(given) / len(given)
    if len(given) > ALIKE and len({*given}) == 1:
        each = f"{score(given[0])} in each of {counted(len(given), 'comparison')}"
        return at, f"answer {place + 1} = {each}"
    text = ", ".join(map(score, given))
    return at, f"answer {place + 1} = mean of {text} = {score(total)}"


def knockout_sum(
    comparisons: Sequence[Comparison], place: int
) -> tuple[list[int], str]:
    """A knockout's score: of the last comparison for the survivor, below it for others."""
    through = knockout_used(comparisons, place)
    if not through:
        return [], ""
    last = comparisons[through[0]]
    won, given = knockout_winner(last), score_in_comparison(last, place)
    if won == place:
        return through, f"answer {place + 1} = {score(given)} in its last comparison"
    gap = score_in_comparison(last, won) - given
    return through, f"answer {place + 1} = answer {won + 1} {MINUS} {score(gap)}"


def knockout_winner(comparison: Comparison) -> int:
    """Who stays in a knockout: the first unless the second won."""
    won = comparison.outcome == "second"
    return comparison.second if won else comparison.first


def score_in_comparison(comparison: Comparison, place: int) -> float:
    """What a comparison gave one of its candidates."""
    assert comparison.scores is not None
    first = comparison.first == place
    return comparison.scores.first if first else comparison.scores.second


def score_pair(given: Scores | None) -> str:
    """Two scores with a colon between them; nothing where there are none."""
    return "" if given is None else f" {scores(given.first, given.second)}"
