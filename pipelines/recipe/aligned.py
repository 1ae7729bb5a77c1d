"""Record of an alignment in a recipe: what its judge learnt from people, and its gain.

The figures speak of one evaluator with one prompt. A digest of both is kept with them, so
that a recipe that was edited since says so instead of repeating them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, ValidationError

from fellowship.field_types import Finite, Whole
from fellowship.hashing import digest
from fellowship.number_format import counted, figure, limits
from fellowship.settings import Settings

CHANGED_SINCE = "; the evaluator was changed since, so these figures are not its own"

FOLLOWS = "the labels follow {}, so it may have learnt that alone and no quality"


class Aligned(Settings):
    """What `fellowship align` did to the evaluator, as `aligned` in a recipe."""

    changed: tuple[str, ...] = Field(description="criteria, examples, tie band")
    learnt_on: Whole = Field(description="labelled pairs that it learnt from")
    tested_on: Whole = Field(description="other labelled pairs, on which it was tested")
    seed: Whole = Field(description="seed of the split")
    kappa_before: Finite | None = Field(description="on the test pairs")
    kappa_after: Finite | None = Field(description="on the test pairs")
    difference: Finite | None = Field(description="after minus before")
    low: Finite | None = Field(description="lower limit of the difference, 95 %")
    high: Finite | None = Field(description="upper limit of the difference, 95 %")
    evaluator: str = Field(description="digest of the evaluator that was aligned")
    labels_follow: tuple[str, ...] = Field(
        default=(), description="rules without reading that the labels follow"
    )


def evaluator_digest(recipe: Mapping[str, Any], prompts: Mapping[str, str]) -> str:
    """16 hex letters of what an evaluator is told and who it is.

    `recipe` as JSON, `prompts` the digests of its prompt files by name. New settings of
    later versions don't change it.
    """
    evaluate = recipe.get("evaluate") or {}
    models = recipe.get("models") or {}
    parts = [
        [
            str((models.get(voter.get("model")) or {}).get("model", "")),
            voter.get("strategy"),
            voter.get("scale"),
            voter.get("criteria"),
            voter.get("tie_band") or 0,
            prompts.get(voter.get("prompt") or f"judge_{voter.get('strategy')}"),
        ]
        for voter in voters_of(evaluate)
    ]
    return digest([evaluate.get("team"), parts], 8)


def voters_of(evaluate: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The entries of an evaluator, as JSON, that are asked for verdicts."""
    if evaluate.get("team") == "jury":
        yield from evaluate.get("jurors") or ()
        if evaluate.get("escalate"):
            yield evaluate["escalate"]
    else:
        yield evaluate


def alignment_note(header: Mapping[str, Any]) -> str:
    """What a run's reader is to know of its evaluator's alignment; '' where it has none."""
    recipe = header.get("recipe") or {}
    if not recipe.get("aligned"):
        return ""
    try:
        found = Aligned.model_validate(recipe["aligned"])
    except ValidationError:
        return "the recipe has a record of an alignment that this version can't read"
    prompts = (header.get("identity") or {}).get("prompts") or {}
    same = evaluator_digest(recipe, prompts) == found.evaluator
    return describe_alignment(found) + CHANGED_SINCE * (not same)


def describe_alignment(found: Aligned) -> str:
    """The alignment in a sentence without its full stop."""
    total = found.learnt_on + found.tested_on
    return (
        f"the evaluator's {' and '.join(found.changed)} were aligned with people on"
        f" {found.learnt_on:,} of {counted(total, 'labelled pair')}; on the other"
        f" {found.tested_on:,} kappa was {figure(found.kappa_before)} before and"
        f" {figure(found.kappa_after)} after, a difference of"
        f" {figure(found.difference, sign=True)}"
        f" {limits(found.low, found.high, sign=True)}".rstrip()
        + "; agreement on the pairs that it learnt from says nothing"
        + "".join(f"; {FOLLOWS.format(rule)}" for rule in found.labels_follow)
    )
