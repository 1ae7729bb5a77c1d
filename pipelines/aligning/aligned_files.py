"""Files of an alignment: the aligned recipe, its prompt files, the report, the diff.

The report is written last: a folder that has one is complete.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from fellowship.errors import RecipeError
from fellowship.pipelines.aligning.align_report import AlignReport
from fellowship.pipelines.aligning.changes import judge_prompt, prompt_name
from fellowship.pipelines.aligning.gains import Gain
from fellowship.pipelines.recipe.aligned import Aligned, evaluator_digest
from fellowship.pipelines.recipe.evaluator_checks import voters
from fellowship.pipelines.recipe.plain_data import plain_data
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.recipe.recipe_paths import resolve_paths
from fellowship.prompts.library import PromptLibrary
from fellowship.run_folder import atomic_writer

RECIPE: Final = "recipe.yaml"
PROMPTS: Final = "prompts"
REPORT: Final = "alignment.json"
ABOUT: Final = "about.json"
"""What is aligned with which labels: another alignment has another folder."""


def check_about(folder: Path, about: dict[str, Any]) -> None:
    """Write what this folder is for; `RecipeError` where it is for something else."""
    path = folder / ABOUT
    if path.exists():
        known = json.loads(path.read_text("utf-8"))
        changed = [name for name in about if known.get(name) != about[name]]
        if changed:
            raise RecipeError(
                f"{str(folder)!r} holds another alignment ({', '.join(changed)} changed):"
                " give --output another folder, or what it began with"
            )
        return
    with atomic_writer(path) as out:
        json.dump(about, out, indent=2)


def finished_report(folder: Path) -> AlignReport | None:
    """The report of a folder whose alignment is complete."""
    path = folder / REPORT
    if not path.exists():
        return None
    try:
        return AlignReport.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise RecipeError(
            f"{str(path)!r} can't be read by this version: delete it and run the command"
            " again, which asks nothing that is on record"
        ) from error


def write_report(folder: Path, report: AlignReport) -> None:
    """Keep the report: the alignment is complete."""
    with atomic_writer(folder / REPORT) as out:
        out.write(report.model_dump_json(indent=2) + "\n")


def with_record(
    recipe: Recipe,
    changed: tuple[str, ...],
    gain: Gain,
    split: tuple[int, int],
    followed: tuple[str, ...],
) -> Recipe:
    """The aligned recipe with the record of its alignment.

    `split` is how many pairs it learnt from, and the seed; `followed` what labels follow.
    """
    learnt_on, seed = split
    digests = PromptLibrary(recipe.prompts).digests()
    difference = gain.difference
    found = Aligned(
        changed=changed,
        learnt_on=learnt_on,
        tested_on=gain.pairs,
        seed=seed,
        kappa_before=gain.kappa_before.value,
        kappa_after=gain.kappa_after.value,
        difference=difference.value,
        low=difference.low,
        high=difference.high,
        labels_follow=followed,
        evaluator=evaluator_digest(recipe.model_dump(mode="json"), digests),
    )
    return recipe.model_copy(update={"aligned": found})


def write_recipe(recipe: Recipe, folder: Path) -> Path:
    """Write the recipe beside its prompts; other paths in it are absolute."""
    data = plain_data(recipe)
    resolve_paths(data, Path.cwd())
    if recipe.prompts == (folder / PROMPTS).resolve():
        data["prompts"] = PROMPTS
    path = folder / RECIPE
    with atomic_writer(path) as out:
        out.write(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100))
    return path


def recipe_diff(old: Recipe, new: Recipe) -> tuple[str, ...]:
    """What changed in the evaluator and in its prompts, as lines of a unified diff."""
    lines = list(text_diff(evaluate_text(old), evaluate_text(new), "evaluate"))
    libraries = PromptLibrary(old.prompts), PromptLibrary(new.prompts)
    seen = set()
    for (_, before), (_, after) in zip(
        voters(old.evaluate), voters(new.evaluate), strict=True
    ):
        if prompt_name(after) in seen:
            continue
        seen.add(prompt_name(after))
        texts = (judge_prompt(before, libraries[0]), judge_prompt(after, libraries[1]))
        lines += text_diff(*texts, f"{prompt_name(after)}.md")
    return tuple(lines)


def evaluate_text(recipe: Recipe) -> str:
    """The evaluator's part of a recipe as it is written, texts in lines of their own."""
    return yaml.dump(
        plain_data(recipe.evaluate),
        Dumper=LineDumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )


class LineDumper(yaml.SafeDumper):
    """YAML in which a text of several lines has them."""


def lines_of_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """A text of several lines as a block."""
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


LineDumper.add_representer(str, lines_of_text)


def text_diff(old: str, new: str, name: str) -> Iterator[str]:
    """The lines of a unified diff of two texts; none where they are the same."""
    yield from difflib.unified_diff(
        old.splitlines(),
        new.splitlines(),
        f"before/{name}",
        f"after/{name}",
        "",
        "",
        1,
        "",
    )
