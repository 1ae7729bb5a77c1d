"""Which two candidates of a ranking make a pair; `row_state` says what a row ends in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, pstdev
from typing import get_args

from fellowship.agents.case import interleave_answers
from fellowship.pipelines.recipe.pair_settings import PairRule
from fellowship.records import (
    Candidate,
    Conversation,
    Item,
    PreferencePair,
    Ranking,
)
from fellowship.registry_check import check_registry


def rejectable_candidates(ranking: Ranking, best: int, rule: str) -> list[int]:
    """Who may be rejected in favour of `best`, by the rule."""
    fit = [
        i
        for i, mark in enumerate(ranking.scores)
        if i != best and mark is not None and not is_contested(ranking, best, i)
    ]
    return PARTNERS[rule](ranking, fit)


def near_two_sigma(ranking: Ranking, fit: Sequence[int]) -> list[int]:
    """The one whose score is nearest to the mean minus two standard deviations.

    Of all the row's scores, the best one's too; the deviation is the population's. Of two
    as near the lower one, then the earlier. Below six answers that is always the worst,
    for no score can be more than sqrt(n - 1) deviations from the mean of n. After Xiao et
    al. (2025), "Finding the sweet spot: preference data construction for scaling
    preference optimization", ACL.
    """
    scores = [score for score in ranking.scores if score is not None]
    if not scores or not fit:
        return []
    aim = fmean(scores) - 2 * pstdev(scores)
    apart = {i: candidate_score(ranking, i) for i in fit}
    return [min(fit, key=lambda i: (abs(apart[i] - aim), apart[i], i))]


def worst(ranking: Ranking, fit: Sequence[int]) -> list[int]:
    """The one with the lowest score, the earlier of two."""
    return sorted(fit, key=lambda i: (candidate_score(ranking, i), i))[:1]


PARTNERS: Mapping[str, Callable[[Ranking, Sequence[int]], list[int]]] = {
    "best-vs-worst": worst,
    "best-vs-first": lambda ranking, fit: [i for i in fit if i == 0],
    "all": lambda ranking, fit: list(fit),
    "mu-2sigma": near_two_sigma,
    "length-matched": lambda ranking, fit: list(fit),  # the whole run chooses of these
    "by-system": lambda ranking, fit: [],  # goes by no ranking: `system_pairs`
}
"""`pairs.rule` -> which of the candidates `fit` to be rejected are."""
check_registry("pair rule", get_args(PairRule), PARTNERS)


def is_contested(ranking: Ranking, one: int, other: int) -> bool:
    """Whether these two met and nothing valid came of it."""
    return any(
        {comparison.first, comparison.second} == {one, other}
        and comparison.outcome in ("invalid", "order-inconsistent")
        for comparison in ranking.comparisons
    )


def candidate_score(ranking: Ranking, index: int) -> float:
    """A candidate's score; it must have one."""
    mark = ranking.scores[index]
    assert mark is not None
    return mark


def make_pair(
    item: Item,
    candidates: Sequence[Candidate],
    ranking: Ranking,
    best: int,
    other: int,
    scores: tuple[float, float] | None = None,
) -> PreferencePair:
    """The pair, with the conversation both of its sides continue.

    `scores` are those of the ranking, unless given.

    Answers to several turns go on after the turns that they share: the prompt has those
    with their answers, then the user's turns that each side has answered in its own way.
    """
    chosen, rejected = candidates[best], candidates[other]
    marks = scores or tuple(candidate_score(ranking, i) for i in (best, other))
    return PreferencePair(
        item=item.key,
        number=item.number,
        prompt=shared_conversation(item.conversation, chosen, rejected),
        chosen=chosen,
        rejected=rejected,
        chosen_score=marks[0],
        rejected_score=marks[1],
    )


def shared_conversation(
    conversation: Conversation, one: Candidate, other: Candidate
) -> Conversation:
    """A conversation with the answers that two candidates both gave, up to the first
    that differs.
    """
    if not one.turns:
        return conversation
    turns = len(one.turns)
    same = next(
        (
            n
            for n, (a, b) in enumerate(zip(one.turns, other.turns, strict=False))
            if a != b
        ),
        turns - 1,
    )
    whole = interleave_answers(conversation, one.turns)
    own = [n for n, m in enumerate(whole) if m.role == "assistant"][-turns:][same:]
    kept = [message for n, message in enumerate(whole) if n not in own]
    return Conversation(messages=tuple(kept))
