"""Rewriting of criteria: the request to the writer, and what it may not answer.

The writer is shown training pairs alone. Criteria that repeat a run of words of any
labelled pair, shown or not, would be an answer sheet: they are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fellowship.agents.case import conversation_text
from fellowship.agents.rubric import Rubric
from fellowship.pipelines.aligning.changes import Change, judge_prompt
from fellowship.pipelines.aligning.example_texts import (
    disagreements_text,
    summary_text,
)
from fellowship.pipelines.aligning.labelled_pairs import LabelledPair
from fellowship.pipelines.aligning.said import Sayings
from fellowship.pipelines.aligning.written_criteria import (
    criteria_as_told,
    form_problem,
)
from fellowship.pipelines.recipe.evaluator_checks import voters
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.prompts.library import PromptLibrary

RUN: Final = 12
"""Words in a row that nobody writes twice by chance."""
WORD = re.compile(r"\w+")
SLOTS = ("judge", "criteria", "summary", "pairs")


@dataclass(frozen=True)
class Disagreement:
    """What a writer is to learn from: training pairs, and what the judge said of them."""

    current: Change
    pairs: Sequence[LabelledPair]
    said: Sayings
    seed: int

    @property
    def is_any(self) -> bool:
        """Whether the judge is wrong anywhere."""
        known = (p for p in self.pairs if p.item.key in self.said)
        return any(not self.said[pair.item.key].right(pair) for pair in known)


def request_text(recipe: Recipe, found: Disagreement) -> str:
    """What the writer is asked, without the form of its answer."""
    library = PromptLibrary(recipe.prompts)
    _, voter = next(iter(voters(recipe.evaluate)))
    told = judge_prompt(voter, library)
    filled = {
        "judge": without_slots(told),
        "criteria": criteria_as_told(current_criteria(recipe, found.current)),
        "summary": summary_text(found.pairs, found.said),
        "pairs": disagreements_text(found.pairs, found.said, found.seed),
    }
    return library.get("align_criteria", SLOTS).fill(filled)


def current_criteria(recipe: Recipe, change: Change) -> str | Rubric:
    """The criteria that a judge has with a change: the first voter's speak for all."""
    _, voter = next(iter(voters(recipe.evaluate)))
    return voter.criteria if change.criteria is None else change.criteria


def checks_of(pairs: Iterable[LabelledPair], old: str | Rubric) -> Callable[[str], str]:
    """A check of what a writer wrote: its form, then that it copies nothing."""
    form, copies = form_problem(old), copies_none_of(pairs)
    return lambda text: form(text) or copies(text)


def without_slots(prompt: str) -> str:
    """A judge's prompt as prose: its slots are for others to fill."""
    text = re.sub(r"\$(criteria|format)", "", prompt)
    return text.replace("$scale", "N").replace("$$", "$").strip()


def copies_none_of(pairs: Iterable[LabelledPair]) -> Callable[[str], str]:
    """A check of criteria: why they are refused, or nothing."""
    known = {run for pair in pairs for text in texts_of(pair) for run in runs(text)}

    def problem(criteria: str) -> str:
        if known.isdisjoint(runs(criteria)):
            return ""
        return (
            f"the criteria repeat {RUN} words in a row of a pair that they are to be"
            " judged on: write rules for any prompt, and quote nothing"
        )

    return problem


def texts_of(pair: LabelledPair) -> Iterator[str]:
    """All texts of a pair."""
    yield conversation_text(pair.item.conversation.messages)
    yield pair.item.reference or ""
    for candidate in pair.item.candidates:
        yield from (candidate.text, *candidate.turns)


def runs(text: str) -> set[int]:
    """Every run of so many words, whatever their case and punctuation, as a hash."""
    words = WORD.findall(text.casefold())
    return {hash(tuple(words[at : at + RUN])) for at in range(len(words) - RUN + 1)}
