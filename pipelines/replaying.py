"""A session is a function of its recorded calls: without one changed, it is the same.

Replaying runs a row's teams again over the ledger and compares what comes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

<<<<<<< HEAD
from fellowship.errors import InputError
from fellowship.ledger import LedgerReader
=======
from pydantic import ValidationError

from fellowship.errors import InputError, RecipeError
from fellowship.hashing import digest
from fellowship.ledger import CallRow, LedgerReader, read_outcome
from fellowship.models.client import EDITED
from fellowship.models.house import House
from fellowship.models.office import Call, LedgerOffice, Office
>>>>>>> main
from fellowship.models.remembered import Archive, remembered
from fellowship.pipelines.recorded_rows import item_of, recipe_of, rejudged, row_of
from fellowship.pipelines.rows import Crew, Row
from fellowship.pipelines.settling import anew, known_of_the_whole
from fellowship.prompts.library import Library
from fellowship.records import Outcome
from fellowship.run_folder import LEDGER, differing
from fellowship.waiting import waited


@dataclass(frozen=True)
class Replayed:
    """A row had again: what came out now, and where that differs from the record."""

    outcome: Outcome
    calls: int
    differences: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """Whether everything came out as it is on record."""
        return not self.differences


<<<<<<< HEAD
=======
def recipe_of(run: Path) -> Recipe:
    """The recipe in a run's header; the code it names is looked for from here.

    `RecipeError` where there is none, as in a run of imported verdicts.
    """
    said = read_header(run).get("recipe")
    if not isinstance(said, dict) or "models" not in said:
        raise RecipeError(
            f"{str(run)!r} was not made by a recipe: nothing to run again"
        )
    at_home(Path.cwd())
    try:
        return Recipe.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise RecipeError(
            f"the recipe in {str(run / 'run.json')!r} can't be read by this version:"
            f" {where}: {first['msg']}"
        ) from error


def row_of(reader: LedgerReader, row: str) -> Outcome:
    """The finished row with this number, id or key; `InputError` where there is none."""
    if row.isdecimal() and (text := reader.outcome(int(row))) is not None:
        return read_outcome(text)
    for text in reader.outcomes():
        outcome = read_outcome(text)
        if row in (outcome.id, outcome.item):
            return outcome
    raise InputError(f"no finished row {row!r} in this run: list them with show RUN")


def item_of(outcome: Outcome, recipe: Recipe) -> Item:
    """The input row an outcome came of. `InputError` for a row that was no prompt."""
    if outcome.conversation is None:
        raise InputError(f"row {outcome.number} was no prompt: {outcome.why}")
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


def rejudged(run: Path) -> bool:
    """Whether a run's candidates are another run's."""
    origin = read_header(run).get("identity", {}).get("origin", {})
    return "candidates_of" in origin


def turns_of(outcome: Outcome) -> list[Turn]:
    """Every message of a row's sessions, in the order it is shown in."""
    return [turn for session in outcome.sessions for turn in session.turns]


>>>>>>> main
async def replay_row(run: Path, row: str) -> Replayed:
    """A row's sessions from the ledger, without a model.

    Raises `LedgerError` when a call is missing.
    """
    recipe = recipe_of(run)
    library = Library(recipe.prompts)
    with LedgerReader(run / LEDGER) as reader:
        known = row_of(reader, row)
        archive = Archive(reader)
        models = remembered(recipe.models, reader, archive)
        item = item_of(known, recipe)
        if rejudged(run) and not known.sessions:
            raise InputError(f"row {known.number} was never judged: nothing to replay")
        made = await Row(item, Crew(recipe, library, models)).work()
    made = anew(made, *known_of_the_whole(recipe, run), recipe.pairs)
    return Replayed(made, archive.replayed, tuple(unlike(known, made)))


def unlike(known: Outcome, made: Outcome) -> list[str]:
    """Where two outcomes of one row differ, but for what is added to a run later."""
    later = {"flags", "reference", "labels"}
    return differing(
        known.model_dump(mode="json", exclude=later),
        made.model_dump(mode="json", exclude=later),
    )


def replay(run: Path | str, row: str | int) -> Replayed:
    """`replay_row`, waited for."""
    return waited(replay_row(Path(run), str(row)))
