"""Pairs by system: a stronger system's answer over a weaker one's, a sample of it judged.

The recipe says which system is the stronger one, and every row's pair goes by that. The
evaluator reads only a sample of the rows, drawn by their content and the seed, so it is
the same in any order, on resume and in a replay. Its verdicts change no pair: they say
how often it confirms them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fellowship.hashing import digest
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.records import Candidate, Ranking

NOT_JUDGED: Final = "not-judged"
"""The flag of a row whose pair no evaluator has read."""
STRONGER: Final = 1.0
WEAKER: Final = 0.0
"""Scores of every pair by system: what the recipe claims, and no evaluator's."""
BITS: Final = 64


def is_sampled(item: str, seed: int, share: float) -> bool:
    """Whether a row is one of those that are judged, by its key and the run's seed."""
    drawn = int(digest(["pairs.sample", seed, item], BITS // 8), 16)
    return drawn < share * float(1 << BITS)


def system_answer(candidates: Sequence[Candidate], system: str | None) -> int | None:
    """The answer that stands for a system: its last draft of its first sample."""
    own = [
        (-candidate.draft, candidate.sample, index)
        for index, candidate in enumerate(candidates)
        if candidate.system == system
    ]
    return min(own)[2] if own else None


def system_answers(
    candidates: Sequence[Candidate], pairs: Pairs
) -> tuple[int | None, int | None]:
    """The answers of the stronger and of the weaker system; None where it has none."""
    return (
        system_answer(candidates, pairs.stronger),
        system_answer(candidates, pairs.weaker),
    )


def unjudged_ranking(candidates: Sequence[Candidate], pairs: Pairs) -> Ranking:
    """The ranking of a row that nobody judged: the recipe's claim, without a comparison."""
    strong, weak = system_answers(candidates, pairs)
    claimed = {strong: STRONGER, weak: WEAKER}
    scores = tuple(claimed.get(index) for index in range(len(candidates)))
    return Ranking(scores=scores, winner=strong)
