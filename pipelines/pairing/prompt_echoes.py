"""Echoes of role prompts: answers that say nothing but what Fellowship told its models.

A small model that is asked to improve its answer may give back the request itself. A text
is an echo if nearly all of its words stand in runs of four in the role prompts, the ready
rubrics, the forms of answers, or in what stood beside them (the user's turns, the reviews).
A fence, the line with which Fellowship opens and closes what an evaluator reads, makes a
text an echo wherever it stands: nobody writes 16 letters of it by chance. What the user's
own turns hold is the user's, so a prompt about prompts is safe.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final, get_args

import yaml

from fellowship.agents.role import Role
from fellowship.agents.roles import Judge, Reviewer
from fellowship.agents.rubric import ready_rubrics
from fellowship.agents.rubric_forms import RUBRIC_FORMS
from fellowship.pipelines.pairing.text_similarity import words
from fellowship.prompts.library import SLOT, PromptLibrary
from fellowship.records import Candidate, Conversation, Strategy

RUN: Final = 4
"""Words in a row by which a text is known."""
LEAST: Final = 6
"""Words of ours under which a text may have come to them by itself."""
FENCE: Final = re.compile(r"\b(?:BEGIN|END) [\w -]{1,60}? [0-9a-f]{16}\b")
"""A line of `Case.fence`, its signs of equality or not."""
FENCE_WORDS: Final = ("BEGIN ", "END ")
"""Of what `FENCE` finds in a text, each begins with one of these."""
NEARLY_ALL: Final = 0.85
"""Share of a text's words from which nothing is its own: filled slots are the rest."""

Grams = frozenset[tuple[str, ...]]


def grams(texts: Iterable[str]) -> Grams:
    """Every run of RUN words of the texts; none goes over from one to the next."""
    return frozenset(run for text in texts for run in runs(words(text)))


def runs(given: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """Every run of RUN words, in order."""
    return zip(*(given[at:] for at in range(RUN)), strict=False)


def prompt_grams(library: PromptLibrary) -> Grams:
    """The words that Fellowship itself puts into the conversations of a run."""
    told = (part for text in library.texts() for part in parts(text))
    return grams(told) | form_grams()


@functools.cache
def form_grams() -> Grams:
    """The words of ready rubrics and of the forms that answers are asked for in."""
    roles: list[Role] = [
        Reviewer(model=""),
        *(Judge(model="", strategy=name) for name in get_args(Strategy)),
    ]
    forms = [role.form(structured) for role in roles for structured in (True, False)]
    asked = [form.asks for form in RUBRIC_FORMS.values()]
    rubrics = yaml.safe_dump(ready_rubrics(), width=10**6).splitlines()
    return grams([*forms, *asked, *rubrics])


def parts(template: str) -> list[str]:
    """What of a prompt's text stands between its slots."""
    return SLOT.sub("\0", template).split("\0")


def find_echoes(
    conversation: Conversation,
    candidates: Sequence[Candidate],
    told: Grams,
    reviews: Iterable[str] = (),
) -> Collection[int]:
    """The indices of the candidates that only echo `told`, with what stood beside it, or
    hold a fence.
    """
    fenced = {n for n, one in enumerate(candidates) if holds_fence(one, conversation)}
    found = {n: words(candidate.text) for n, candidate in enumerate(candidates)}
    some = {n: own for n, own in found.items() if count_known(own, told) >= LEAST}
    if not some:
        return fenced
    asked = grams(message.content for message in conversation.messages)
    ours, beside = told - asked, told | asked | grams(reviews)
    return fenced | {
        n
        for n, own in some.items()
        if count_known(own, ours) >= LEAST
        and count_known(own, beside) >= NEARLY_ALL * len(own)
    }


def holds_fence(candidate: Candidate, conversation: Conversation) -> bool:
    """Whether a text holds a fence that the user's turns don't."""
    if not any(word in candidate.text for word in FENCE_WORDS):
        return False
    said = FENCE.findall(candidate.text)
    asked = "\n".join(message.content for message in conversation.messages)
    return any(fence not in asked for fence in said)


def count_known(given: Sequence[str], known: Grams) -> int:
    """How many of the words stand in a run that is known."""
    if known.isdisjoint(runs(given)):
        return 0
    marks = bytearray(len(given))
    for at, run in enumerate(runs(given)):
        if run in known:
            marks[at : at + RUN] = b"\1" * RUN
    return sum(marks)
