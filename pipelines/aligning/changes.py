"""Changes to a judge: criteria, examples and a tie band, and the recipe that has them.

A change is a value; applied to a recipe it gives another recipe, and prompt files where the
prompt itself is changed. The user's own prompt files are copied beside them, for a recipe
names one folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from fellowship.agents.roles import Judge
from fellowship.agents.rubric import Rubric
from fellowship.faults import Place
from fellowship.pipelines.aligning.example_texts import examples_text
from fellowship.pipelines.aligning.labelled_pairs import LabelledPair
from fellowship.pipelines.recipe.evaluator_checks import EVALUATE, voters
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.prompts.library import PromptLibrary
from fellowship.run_folder import atomic_writer
from fellowship.teams.settings import EvaluateSettings, JurySettings, VoterSettings

ALIGNED: Final = "_aligned"
"""What is added to the name of a prompt file that is changed."""
SLOT = re.compile(r"(?m)^.*(?<!\$)\$criteria")
SETTINGS: TypeAdapter[EvaluateSettings] = TypeAdapter(EvaluateSettings)
FORM = re.compile(r"(?m)^.*(?<!\$)\$format")


@dataclass(frozen=True)
class Change:
    """What is different from the recipe's judge; nothing where all is empty."""

    criteria: str | Rubric | None = None
    examples: tuple[LabelledPair, ...] = ()
    tie_band: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What is changed, by name."""
        given = {
            "criteria": self.criteria is not None,
            "examples": bool(self.examples),
            "tie band": self.tie_band is not None,
        }
        return tuple(name for name, changed in given.items() if changed)


def judge_prompt(voter: VoterSettings, library: PromptLibrary) -> str:
    """The text of a voter's prompt file, slots and all."""
    return library.get(prompt_name(voter), ("scale", "criteria", "format")).text


def prompt_name(voter: VoterSettings) -> str:
    """The name of a voter's prompt file."""
    role = Judge(model="", strategy=voter.strategy, prompt=voter.prompt)
    return role.prompt_name


def with_change(recipe: Recipe, change: Change, prompts: Path) -> Recipe:
    """The recipe with the change; prompt files are written into `prompts` if needed."""
    library = PromptLibrary(recipe.prompts)
    files: dict[str, str] = {}
    changed = {
        place: with_voter_change(voter, change, library, files)
        for place, voter in voters(recipe.evaluate)
    }
    made = with_voters(recipe.evaluate, changed)
    new = recipe.model_copy(update={"evaluate": made})
    if not files:
        return new
    write_prompts(files, recipe.prompts, prompts)
    return new.model_copy(update={"prompts": prompts.resolve()})


def with_voters(
    settings: EvaluateSettings, changed: Mapping[Place, VoterSettings]
) -> EvaluateSettings:
    """An evaluator with its voters, by their places, replaced."""
    if not isinstance(settings, JurySettings):
        return SETTINGS.validate_python(changed[EVALUATE])
    jurors = (changed[*EVALUATE, "jurors", n] for n in range(len(settings.jurors)))
    strong = changed.get((*EVALUATE, "escalate"))
    update = {"jurors": tuple(jurors)} | ({"escalate": strong} if strong else {})
    return settings.model_copy(update=update)


def with_voter_change(
    voter: VoterSettings, change: Change, library: PromptLibrary, files: dict[str, str]
) -> VoterSettings:
    """One voter with the change; a prompt file it needs is added to `files`."""
    update: dict[str, Any] = {}
    if change.criteria is not None:
        update["criteria"] = change.criteria
    if change.tie_band is not None:
        update["tie_band"] = change.tie_band
    old = judge_prompt(voter, library)
    new = changed_prompt(old, change)
    if new != old:
        name = prompt_name(voter).removesuffix(ALIGNED) + ALIGNED
        files[name] = new
        update["prompt"] = name
    return voter.model_copy(update=update)


def changed_prompt(text: str, change: Change) -> str:
    """A judge's prompt with the examples, and with a place for criteria if it needs one."""
    if change.criteria is not None and not SLOT.search(text):
        text = put_before(text, FORM, "$criteria")
    if not change.examples:
        return text
    block = examples_text(change.examples).replace("$", "$$")
    return put_before(text, SLOT if SLOT.search(text) else FORM, block)


def put_before(text: str, mark: re.Pattern[str], block: str) -> str:
    """A text with a block before the line of a mark, or at its end where it has none."""
    found = mark.search(text)
    at = found.start() if found else len(text)
    head, tail = text[:at].rstrip(), text[at:]
    return f"{head}\n\n{block}\n{tail}" if tail else f"{head}\n\n{block}"


def write_prompts(files: Mapping[str, str], own: Path | None, into: Path) -> None:
    """Write prompt files, beside copies of the user's own."""
    into.mkdir(parents=True, exist_ok=True)
    kept = (
        {p.stem: p.read_text("utf-8") for p in sorted(own.glob("*.md"))} if own else {}
    )
    for name, text in {**kept, **files}.items():
        with atomic_writer(into / f"{name}.md") as out:
            out.write(text.rstrip() + "\n")
