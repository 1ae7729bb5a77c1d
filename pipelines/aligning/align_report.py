"""Report of an alignment: what was tried, what it gained on the test rows, what changed."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from fellowship.pipelines.aligning.alignment import Alignment
from fellowship.pipelines.aligning.gains import (
    Figure,
    Gain,
    gain,
    kappa_figure,
    right_figure,
)
from fellowship.pipelines.aligning.policies import Policy, band_policy, policies
from fellowship.pipelines.aligning.said import compare
from fellowship.pipelines.aligning.steps import StepResult
from fellowship.records import Record
from fellowship.stats.intervals import Resampling


class Training(Record):
    """The judge as it was, on the training pairs: nothing was fitted to it."""

    pairs: int
    prompts: int
    kappa: Figure | None
    right: Figure | None


class AlignReport(Record):
    """An alignment as it is printed, and as `alignment.json` keeps it.

    `gain` is None where nothing was changed: the test rows were not asked about. `recipe`
    is then empty: the old one stays. `cautions` say what labels follow that is no quality.
    """

    output: str
    recipe: str
    prompts: tuple[str, ...]
    writer: str
    seed: int
    split: str
    training: Training
    steps: tuple[StepResult, ...]
    changed: tuple[str, ...]
    gain: Gain | None
    policies: tuple[Policy, ...]
    learnt: tuple[str, ...]
    cautions: tuple[str, ...] = ()
    diff: tuple[str, ...]
    notes: tuple[str, ...]
    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float
    unpriced: int
    maybe_paid_twice: int
    finished: bool = Field(default=True, description="false: stopped early")

    @property
    def verdict(self) -> str:
        """What the test says, in a sentence without its full stop."""
        if self.gain is None:
            return "nothing is better than the recipe as it is: it stays"
        if self.gain.difference.is_positive:
            return "the aligned evaluator agrees better with people on the test pairs"
        if self.gain.difference.is_negative:
            return (
                "the aligned evaluator agrees WORSE with people on the test pairs: stay"
                " with the recipe as it is"
            )
        return (
            "the test pairs don't show a gain: what looked better on the training folds"
            " may be chance"
        )


def training_figures(found: Alignment, plan: Resampling) -> Training:
    """The judge as it was, on the training pairs."""
    pairs = found.split.train
    own = compare(pairs, found.train, found.train)
    return Training(
        pairs=len(pairs),
        prompts=len({pair.prompt for pair in pairs}),
        kappa=kappa_figure(own, own.before, plan) if own else None,
        right=right_figure(own, own.before, plan) if own else None,
    )


def gain_on_test(found: Alignment, plan: Resampling) -> Gain | None:
    """The gain on the test pairs; None where nothing was changed."""
    return gain(found.split.test, found.before, found.after, plan)


def learnt_policies(
    found: Alignment, plan: Resampling
) -> tuple[tuple[Policy, ...], tuple[str, ...]]:
    """All policies on the test pairs, and those learnt in words, the tie band's first."""
    test = found.split.test
    every = policies(test, found.before, found.after, plan)
    band = found.change.tie_band
    words = [band_policy(test, found.after, band, plan)] if band and found.after else []
    words += [one.text for one in every if one.learnt]
    return every, tuple(words)


def cautions(followed: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each rule that labels follow, by `rules_followed`."""
    return tuple(
        f"people side with {rule} in {share} of the labelled pairs that they decide, so a"
        " judge that goes by this alone agrees as well: a gain on such labels is no sign"
        " that it has learnt quality"
        for rule, share in followed.items()
    )
