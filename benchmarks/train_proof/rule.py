"""The rule of the proof: exactly two sentences, finished. An evaluator without a model.

A candidate that keeps the rule scores 1, any other 0. What is measured after training is
the same function, so the proof asks whether pairs teach what their evaluator wants, and
nothing about whether two sentences are good.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from fellowship import Comparison, Scores, Verdict
from fellowship.teams.judge import comparison_of

END = re.compile(r"""[.!?]+["'”’)\]]*(?=\s|$)""")
NO_END = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|approx|Dr|Mr|Mrs|Ms|St|Prof|U\.S|a\.m|p\.m|No)\.$", re.I
)
LIST_LINE = re.compile(r"^\s*(?:[-*•]|\d+[.)]|[#>|])", re.M)
SENTENCES = 2


def sentence_ends(text: str) -> list[int]:
    """Where sentences end: after a full stop, question or exclamation mark that closes a
    word and is no abbreviation's.
    """
    ends = [found.end() for found in END.finditer(text)]
    return [end for end in ends if not NO_END.search(text[:end])]


def is_finished(text: str) -> bool:
    """Whether a text ends where a sentence does."""
    ends = sentence_ends(text.rstrip())
    return bool(ends) and ends[-1] == len(text.rstrip())


def keeps_rule(text: str) -> bool:
    """Whether a text is exactly two sentences, finished, and no list."""
    whole = text.strip()
    return (
        is_finished(whole)
        and len(sentence_ends(whole)) == SENTENCES
        and not LIST_LINE.search(whole)
    )


class TwoSentences:
    """The rule in the judge's seat: `team: benchmarks.train_proof.rule:TwoSentences`."""

    async def rate(
        self, item: Any, candidates: Sequence[Any], seats: Any
    ) -> Callable[[int, int], Comparison]:
        """Every candidate scored alone: 1 where it keeps the rule, else 0."""
        marks = [float(keeps_rule(candidate.text)) for candidate in candidates]

        def met(i: int, j: int) -> Comparison:
            scores = Scores(first=marks[i], second=marks[j])
            verdict = Verdict(
                winner=scores.winner, scores=scores, evaluator="two-sentences"
            )
            return comparison_of((i, j), [verdict])

        return met
