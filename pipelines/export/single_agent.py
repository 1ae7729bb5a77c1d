"""Single-agent improvement data: a model's best answer over its own worst.

Single-agent improvement makes one generator better. A pair is comparable when both
answers are drafts of the same model for the same conversation, both hold a valid score
of the same ranking, and no comparison of exactly these two was unreadable or
contradicted itself. Answers of different models are not: for
either of them half of the pair would be foreign text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.pairing.pairs import candidate_score, is_contested, make_pair
from fellowship.records import Candidate, Item, Outcome, PreferencePair, Ranking


def generator_pairs(
    outcome: Outcome, context: ExportContext
) -> Iterator[PreferencePair]:
    """For each model the best of its answers over the worst, if they lie apart."""
    ranking = outcome.ranking
    if ranking is None or outcome.conversation is None:
        return
    writers = dict.fromkeys(c.model for c in outcome.candidates if c.model)
    for writer in writers:
        found = best_and_worst(outcome.candidates, ranking, writer, context.margin)
        if found is not None:
            item = Item(
                key=outcome.item,
                number=outcome.number,
                conversation=outcome.conversation,
            )
            yield make_pair(item, outcome.candidates, ranking, *found)


def best_and_worst(
    candidates: Sequence[Candidate], ranking: Ranking, writer: str, margin: float
) -> tuple[int, int] | None:
    """The places of a writer's best and worst comparable answers; None if there are none.

    Of equal scores the earlier answer counts as the better one, as in the ranking.
    """
    own = [
        i
        for i, mark in enumerate(ranking.scores[: len(candidates)])
        if mark is not None and candidates[i].model == writer
    ]
    if len(own) < 2:
        return None
    best = min(own, key=lambda i: (-candidate_score(ranking, i), i))
    below = [
        i
        for i in own
        if candidate_score(ranking, i) < candidate_score(ranking, best)
        and candidate_score(ranking, best) - candidate_score(ranking, i) >= margin
        and not is_contested(ranking, best, i)
    ]
    return (
        (best, min(below, key=lambda i: (candidate_score(ranking, i), i)))
        if below
        else None
    )
