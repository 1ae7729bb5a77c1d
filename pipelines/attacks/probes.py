"""Bias probes: place, length, markup, family and repetition.

A judge is probed by what can't matter: the place, padding, markup, its own name, luck.
Each probe asks the recipe's own judges about the user's own rows, in both orders. Two
answers of a row are compared twice, the first answer with itself made longer, and with
itself without its markup: whoever prefers one of those prefers it for nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fellowship.pipelines.attacks.trials import Kind, Trials, Two
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.new_run_checks import check_new_run
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.records import Candidate, Item
from fellowship.teams.settings import DebateSettings, JudgeSettings, JurySettings

FILLER = (
    "To say it once more and in other words, what stands above is what is meant here.",
    "It may help to read the lines before this one again, and to take them as they are.",
    "Nothing further follows from this, and nothing that was said is taken back by it.",
    "That is the whole of it, stated at the length that a matter like this may deserve.",
)
MARKUP = re.compile(
    r"^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+|(?:[-*_][ \t]*){3,}$)"
    r"|\*\*|__|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|```\w*\n?|`+",
    re.MULTILINE,
)
LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")


def strip_markdown(text: str) -> str:
    """The text without its Markdown: marks go, words, numbers and line breaks stay."""
    return MARKUP.sub("", LINK.sub(r"\1", text)).strip()


def pad(text: str) -> str:
    """The text, then sentences that say nothing, to twice its length and more."""
    added = [FILLER[0]]
    while len(" ".join(added)) < len(text):
        added.append(FILLER[len(added) % len(FILLER)])
    return f"{text}\n\n{' '.join(added)}"


def two_answers(item: Item, given: Sequence[Candidate]) -> Two | str:
    """The row's first two different answers, as they are."""
    if len(given) < 2:
        return f"two different answers are needed, there are {len(given)}"
    return given[0], given[1]


def longer_answer(item: Item, given: Sequence[Candidate]) -> Two | str:
    """The first answer, and the same made longer."""
    if not given:
        return "there is no usable answer: all were empty or cut off"
    return given[0], with_text(given[0], pad(given[0].text))


def plain_answer(item: Item, given: Sequence[Candidate]) -> Two | str:
    """The first answer that has any markup, and the same without."""
    for one in given:
        bare = strip_markdown(one.text)
        if bare and bare != one.text.strip():
            return one, with_text(one, bare)
    return "no answer has any Markdown"


def with_text(candidate: Candidate, text: str) -> Candidate:
    """The candidate with another last text."""
    turns = (*candidate.turns[:-1], text) if candidate.turns else ()
    return candidate.model_copy(update={"text": text, "turns": turns})


PROBES = (
    Kind("pair", two_answers, labels=True),
    Kind("again", two_answers),
    Kind("length", longer_answer),
    Kind("style", plain_answer),
)


def probe_trials(recipe: Recipe, rows: int) -> Trials:
    """The recipe's judges, all of them and in both orders, on so many rows.

    `RecipeError` where the recipe could not be run.
    """
    check_recipe(recipe)
    check_new_run(recipe, None)
    settings = recipe.evaluate
    update: dict[str, Any] = {}
    if isinstance(settings, JudgeSettings):
        update = {"order": "both", "stand_in": None}
    elif isinstance(settings, DebateSettings):
        update = {"order": "both"}
    elif isinstance(settings, JurySettings):
        strong = (settings.escalate,) if settings.escalate else ()
        update = {
            "jurors": (*settings.jurors, *strong),
            **{"escalate": None, "early_stop": False, "recuse": False},
            **{"order": "both", "rule": "majority"},
        }
    evaluate = settings.model_copy(update=update)
    return Trials(recipe.model_copy(update={"evaluate": evaluate}), PROBES, rows, 2)
