"""Judges of an alignment in this process: a rule with noise, and a writer with one idea."""

from __future__ import annotations

import random
from collections.abc import Sequence

from fellowship.pipelines.aligning.changes import Change
from fellowship.pipelines.aligning.labelled_pairs import (
    LabelledPair,
    make_item,
)
from fellowship.pipelines.aligning.rewriting import Disagreement
from fellowship.pipelines.aligning.said import Said, Sayings
from fellowship.pipelines.labels.text_match import prompt_group
from fellowship.records import (
    Candidate,
    Conversation,
    Message,
    Scores,
    Verdict,
    Winner,
)
from fellowship.teams.decisions import decide

IDEA = "Prefer the shorter response of the two."


def pairs(
    prompts: int, seed: int = 0, *, shuffled: bool = False, tie_below: int = 0
) -> list[LabelledPair]:
    """People side with the shorter answer, or call a tie where the lengths are close."""
    rng = random.Random(seed)
    found, labels = [], list[Winner]()
    for n in range(prompts):
        asked = Conversation(messages=(Message(role="user", content=f"Question {n}?"),))
        one, two = rng.sample(range(20, 200), 2)
        both = (
            Candidate(text="a" * one, system="first"),
            Candidate(text="b" * two, system="second"),
        )
        found.append(make_item(n + 1, None, asked, both, None))
        close = abs(one - two) < tie_below
        labels.append("tie" if close else ("first" if one < two else "second"))
    if shuffled:
        rng.shuffle(labels)
    return [
        LabelledPair(item, label, prompt_group(item.conversation))
        for item, label in zip(found, labels, strict=True)
    ]


class Simulated:
    """A judge that likes the longer answer, until its criteria say otherwise.

    `wrong` is the share of its verdicts that are turned round by chance, drawn anew for
    each thing it is asked; `asked` are the names of what it was asked.
    """

    def __init__(
        self, seed: int = 0, wrong: float = 0.1, idea: str | None = IDEA
    ) -> None:
        self._rng = random.Random(seed)
        self._wrong = wrong
        self._idea = idea
        self.asked: list[str] = []
        self.shown: set[str] = set()

    async def votes(
        self, name: str, change: Change, pairs: Sequence[LabelledPair]
    ) -> Sayings:
        """Scores by length: a point more for every twenty characters."""
        self.asked.append(name)
        told = change.criteria == IDEA
        return {
            pair.item.key: said(
                pair, told != (self._rng.random() < self._wrong), change.tie_band or 0
            )
            for pair in pairs
        }

    async def criteria(self, name: str, found: Disagreement) -> str | None:
        """The one idea, whatever is shown; what was shown is kept."""
        self.asked.append(name)
        self.shown |= {pair.prompt for pair in found.pairs}
        return self._idea


def said(pair: LabelledPair, shorter: bool, band: float) -> Said:
    """A verdict for the shorter or the longer answer."""
    one, two = pair.lengths
    gap = min(8, abs(one - two) / 20)
    first = (one < two) == shorter
    scores = Scores(first=1 + gap * first, second=1 + gap * (not first))
    verdict = Verdict(winner=scores.winner, scores=scores, tie_band=band)
    decision, settled = decide([verdict])
    return Said(decision, (verdict,), settled)
