"""Choices of a row: which answers may be chosen, and which pairs a matching may take."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fellowship.pipelines.pairing.matching import Option, least_unequal, quantities
from fellowship.pipelines.pairing.pairs import candidate_score, rejectable_candidates
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.records import Candidate, Ranking


def cut_answers(candidates: Sequence[Candidate], rule: Pairs) -> dict[int, str]:
    """The answers that were cut off, which a rule may let be rejected and never chosen."""
    if rule.cut == "drop":  # a run has dropped them before anybody judged
        return {}
    return {
        index: "it was cut off at max_tokens"
        for index, candidate in enumerate(candidates)
        if candidate.finish == "length"
    }


def best_fit(ranking: Ranking, unfit: Collection[int]) -> int | None:
    """The winner, or the best answer that can be chosen where it can't."""
    if ranking.winner is not None and ranking.winner not in unfit:
        return ranking.winner
    fit = [
        (mark, -index)
        for index, mark in enumerate(ranking.scores)
        if mark is not None and index not in unfit
    ]
    return -max(fit)[1] if fit else None


def match_options(
    candidates: Sequence[Candidate],
    ranking: Ranking,
    best: int,
    unfit: Collection[int],
    rule: Pairs,
) -> tuple[Option, ...]:
    """The pairs among which a matching chooses: an answer level with the best over one
    that is worse, by the row's scores and the least gap.
    """
    sizes = quantities(candidates, ranking, rule.match)
    top = candidate_score(ranking, best)
    found = []
    for chosen, mark in enumerate(ranking.scores):
        if mark != top or chosen in unfit:
            continue
        for other in rejectable_candidates(ranking, chosen, rule.rule):
            gap = top - candidate_score(ranking, other)
            more, less = sizes[chosen], sizes[other]
            if gap > 0 and gap >= rule.margin and more is not None and less is not None:
                found.append(Option(more - less, chosen, other))
    return least_unequal(found)
