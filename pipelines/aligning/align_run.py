"""`align_recipe`: the call that aligns a recipe, resumes that, or only reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fellowship.hashing import digest
from fellowship.models.record.meter import Limits
from fellowship.pipelines.aligning.align_report import (
    AlignReport,
    cautions,
    gain_on_test,
    learnt_policies,
    training_figures,
)
from fellowship.pipelines.aligning.alignable import (
    require_alignable,
    steps_for,
    writer_of,
)
from fellowship.pipelines.aligning.aligned_files import (
    PROMPTS,
    check_about,
    finished_report,
    recipe_diff,
    with_record,
    write_recipe,
    write_report,
)
from fellowship.pipelines.aligning.alignment import Alignment, align
from fellowship.pipelines.aligning.changes import with_change
from fellowship.pipelines.aligning.labelled_pairs import LabelledPairs
from fellowship.pipelines.aligning.policies import rules_followed
from fellowship.pipelines.aligning.recorded_judges import RecordedJudges
from fellowship.pipelines.aligning.split import Split, describe_split, split_pairs
from fellowship.pipelines.aligning.steps import StepName
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.credentials import check_credentials
from fellowship.pipelines.running.progress import Watch
from fellowship.prompts.library import PromptLibrary
from fellowship.stats.intervals import Resampling


@dataclass(frozen=True)
class Aligning:
    """What is aligned with which labels, and how; made by `prepare`."""

    recipe: Recipe
    asked: Recipe
    writer: str
    labels: LabelledPairs
    split: Split
    steps: tuple[StepName, ...]
    output: Path
    test: float
    seed: int
    limits: Limits = field(default_factory=Limits)

    @property
    def about(self) -> dict[str, object]:
        """What must not change between two goes at one alignment."""
        library = PromptLibrary(self.asked.prompts)
        kept = self.asked.model_dump(
            mode="json", include={"models", "evaluate", "seed"}
        )
        return {
            "labels": self.labels.digest,
            "recipe": digest(kept, 8),
            "prompts": digest(library.digests(), 8),
            "writer": self.writer,
            "steps": list(self.steps),
            "test": self.test,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class AlignOptions:
    """How to align: the share of prompts to test on, the seed, the writer, the steps."""

    test: float = 0.5
    seed: int = 0
    writer: str | None = None
    steps: Sequence[StepName] = ()
    limits: Limits = field(default_factory=Limits)


def prepare(
    recipe: Recipe, labels: LabelledPairs, output: Path, options: AlignOptions
) -> Aligning:
    """Everything that is known before a model is asked.

    Raises `RecipeError` for an evaluator that can't be aligned, `InputError` for labels
    that are too few.
    """
    check_recipe(recipe, own_rows=False)
    require_alignable(recipe)
    steps = steps_for(recipe, options.steps)
    asked, writer = writer_of(recipe, options.writer)
    split = split_pairs(labels.pairs, options.test, options.seed)
    return Aligning(
        recipe=recipe,
        asked=asked,
        writer=writer,
        labels=labels,
        split=split,
        steps=steps,
        output=output,
        test=options.test,
        seed=options.seed,
        limits=options.limits,
    )


async def align_recipe(
    wanted: Aligning,
    plan: Resampling,
    *,
    watch: Watch | None = None,
    stop: asyncio.Event | None = None,
    tell: Callable[[str], None] = lambda name: None,
) -> AlignReport:
    """Align a recipe into its output folder; what is complete there is only read.

    Raises `AlignmentStopped` at a limit or a signal: the same call goes on.
    """
    check_about(wanted.output, wanted.about)
    if (known := finished_report(wanted.output)) is not None:
        return known
    check_credentials(wanted.asked, wanted.output)
    judges = RecordedJudges(
        wanted.asked,
        wanted.writer,
        wanted.labels.pairs,
        wanted.output.resolve(),
        wanted.limits,
        watch,
        stop,
        tell,
    )
    found = await align(judges, wanted.split, wanted.steps, wanted.seed)
    report = make_report(wanted, found, judges, plan)
    write_report(wanted.output, report)
    return report


def make_report(
    wanted: Aligning, found: Alignment, judges: RecordedJudges, plan: Resampling
) -> AlignReport:
    """The report of a complete alignment; the aligned recipe is written if there is one."""
    folder, gain = wanted.output, gain_on_test(found, plan)
    every, learnt = learnt_policies(found, plan)
    followed = rules_followed(wanted.labels.pairs, plan)
    recipe, diff, prompts = "", tuple[str, ...](), tuple[str, ...]()
    if gain is not None:
        prompts_folder = folder.resolve() / PROMPTS
        new = with_change(wanted.recipe, found.change, prompts_folder)
        split = len(wanted.split.train), wanted.seed
        record = with_record(new, found.change.names, gain, split, tuple(followed))
        recipe = str(write_recipe(record, folder))
        diff = recipe_diff(wanted.recipe, new)
        prompts = tuple(sorted(path.name for path in prompts_folder.glob("*.md")))
    spent = list(judges.reports.values())
    return AlignReport(
        output=str(folder),
        recipe=recipe,
        prompts=prompts,
        writer=wanted.writer,
        seed=wanted.seed,
        split=describe_split(wanted.split, wanted.seed),
        training=training_figures(found, plan),
        steps=found.steps,
        changed=found.change.names,
        gain=gain,
        policies=every,
        learnt=learnt,
        cautions=cautions(followed),
        diff=diff,
        notes=wanted.labels.notes,
        calls=sum(one.calls for one in spent),
        prompt_tokens=sum(one.prompt_tokens for one in spent),
        completion_tokens=sum(one.completion_tokens for one in spent),
        usd=sum(one.usd for one in spent),
        unpriced=sum(one.unpriced for one in spent),
        maybe_paid_twice=sum(one.maybe_paid_twice for one in spent),
    )
