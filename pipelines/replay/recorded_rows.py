"""Recorded rows of a run and the recipe in its header.

Its recipe stands in the header, its prompt and candidates in its outcome: neither the
source nor a server is needed to know what was asked.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from fellowship.agents.parsing.revisions import FIRST
from fellowship.custom_code import add_import_folders
from fellowship.errors import InputError, RecipeError
from fellowship.faults import first_fault
from fellowship.hashing import digest
from fellowship.ledger import LedgerReader, read_outcome
from fellowship.models.record.secrets import STARS
from fellowship.number_format import counted
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.replay.moved_prompts import prompts_folder
from fellowship.records import Item, Outcome, Turn
from fellowship.run_folder import read_header


def recorded_recipe(run: Path) -> Recipe:
    """The recipe in a run's header; the code it names is looked for from here.

    `RecipeError` where there is none, as in a run of imported verdicts.
    """
    header = read_header(run)
    recorded = header.get("recipe")
    if not isinstance(recorded, dict) or "evaluate" not in recorded:
        raise RecipeError(
            f"{str(run)!r} was not made by a recipe: it holds imported verdicts, and"
            " nobody to replay or to ask again"
        )
    add_import_folders(Path.cwd())
    try:
        recipe = Recipe.model_validate(recorded)
    except ValidationError as error:
        wrong = first_fault(error, recorded, Recipe, whole="it")
        raise RecipeError(
            f"the recipe in {str(run / 'run.json')!r} can't be read by this version:"
            f" {wrong}"
        ) from error
    digests = (header.get("identity") or {}).get("prompts") or {}
    prompts = prompts_folder(recipe.prompts, digests, run)
    recipe = recipe.model_copy(update={"prompts": prompts})
    return recipe.read_by(header.get("reader", FIRST))


def askable_recipe(recipe: Recipe) -> Recipe:
    """A header's recipe whose models can be asked, not only remembered.

    `RecipeError` where one was configured with a secret, which no header holds.
    """
    for name, config in recipe.models.items():
        if STARS in _texts_in(config.model_dump(mode="json")):
            raise RecipeError(
                f"model {name!r} was configured with a secret, which is not in the run's"
                " header, so it can't be asked again from there: keep secrets in"
                " variables of the environment"
            )
    return recipe


def _texts_in(value: object) -> set[str]:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        return {text for inner in value.values() for text in _texts_in(inner)}
    if isinstance(value, list):
        return {text for inner in value for text in _texts_in(inner)}
    return {value} if isinstance(value, str) else set()


LONG = 19
"""Digits that no row's number has: SQLite's whole numbers end there."""


def find_row(reader: LedgerReader, row: str) -> Outcome:
    """The finished row with this number, id or key; `InputError` where there is none."""
    number = int(row) if row.isdecimal() and len(row) < LONG else 0
    if (text := reader.outcome(number)) is not None:
        return read_outcome(text)
    for text in reader.outcomes():
        outcome = read_outcome(text)
        if row in (outcome.id, outcome.item):
            return outcome
    raise InputError(missing_row(reader, row))


def missing_row(reader: LedgerReader, row: object) -> str:
    """What is said of a row that isn't there, with which there are."""
    sql = "SELECT count(*), min(number), max(number) FROM outcomes"
    ((many, first, last),) = reader.rows(sql)
    if not many:
        return f"no finished row {row!r}: this run has none yet"
    there = f"{counted(many, 'finished row')}, numbered {first:,}"
    there += f" to {last:,}" if many > 1 else ""
    return f"no finished row {row!r}: this run has {there}; `show RUN` lists them"


def recorded_item(outcome: Outcome, recipe: Recipe) -> Item:
    """The input row an outcome came of. `InputError` for a row that was no prompt."""
    if outcome.conversation is None:
        raise InputError(f"row {outcome.number} has no usable prompt: {outcome.why}")
    came = recipe.source.candidates
    written = bool(recipe.systems)
    return Item(
        key=outcome.item,
        number=outcome.number,
        id=outcome.id,
        conversation=outcome.conversation,
        candidates=tuple(
            c for c in outcome.candidates if not written or c.system in came
        ),
        reference=outcome.reference,
        labels=outcome.labels,
    )


def is_rejudged(run: Path) -> bool:
    """Whether a run's candidates are another run's."""
    origin = read_header(run).get("identity", {}).get("origin", {})
    return "candidates_of" in origin


def row_turns(outcome: Outcome) -> list[Turn]:
    """Every message of a row's sessions, in the order it is shown in."""
    return [turn for session in outcome.sessions for turn in session.turns]


def run_digest(run: Path) -> str:
    """What tells one run from another: its header."""
    return digest(read_header(run), 8)
