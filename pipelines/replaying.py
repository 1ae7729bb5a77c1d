"""A session is a function of its recorded calls: without one changed, it is the same.

Replaying runs a row's teams again over the ledger and compares what comes out. A branch
does the same with one message replaced, and goes on live where the requests differ from
those on record; it is a run of its own, with everything a run has.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from fellowship.errors import InputError, RecipeError
from fellowship.hashing import digest
from fellowship.ledger import CallRow, LedgerReader, read_outcome
from fellowship.models.client import EDITED
from fellowship.models.house import House
from fellowship.models.office import Call, LedgerOffice, Office
from fellowship.models.remembered import Archive, remembered
from fellowship.named import at_home
from fellowship.pipelines.recipe import Recipe
from fellowship.pipelines.rows import Crew, Row
from fellowship.pipelines.runner import Origin, RunReport, Watch, Work, run_recipe
from fellowship.pipelines.settling import anew, known_of_the_whole
from fellowship.prompts.library import Library
from fellowship.records import Item, Outcome, Turn
from fellowship.run_folder import LEDGER, differing, read_header
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


@dataclass(frozen=True)
class Edit:
    """One message of one row, and the text that is to stand in its place."""

    row: str
    message: int
    text: str


async def branch_row(
    run: Path,
    edit: Edit,
    into: Path,
    *,
    watch: Watch | None = None,
    stop: asyncio.Event | None = None,
) -> RunReport:
    """One row of `run` from its ledger, with one message edited, and live from there.

    The branch is a run in the folder `into`. Replies that still apply are taken over;
    the edited one is recorded as a call of the model `edit`. Raises `InputError` for a
    message that is not there or was not a model's.
    """
    recipe = recipe_of(run)
    with LedgerReader(run / LEDGER) as reader:
        known = row_of(reader, edit.row)
        old = edited_call(reader, known, edit.message)
        new = replaced(old, edit.text)

        @asynccontextmanager
        async def engine(
            recipe: Recipe, library: Library, house: House, office: Office
        ) -> AsyncIterator[Work]:
            assert isinstance(office, LedgerOffice)
            archived = Branching(office, reader, new)
            crew = Crew(recipe, library, house.recorded(archived))
            yield lambda item: Row(item, crew).work()

        item = item_of(known, recipe)
        said = {
            "branch_of": run_digest(run),
            "row": known.number,
            "message": edit.message,
            "call": old.key,
            "text": digest(edit.text, 8),
        }
        origin = Origin(said, 1, lambda: [item])
        return await run_recipe(
            recipe, into, watch=watch, stop=stop, engine=engine, origin=origin
        )


def edited_call(reader: LedgerReader, outcome: Outcome, message: int) -> CallRow:
    """The call whose reply is the row's message of this number, from 1."""
    turns = turns_of(outcome)
    if not 1 <= message <= len(turns):
        raise InputError(
            f"row {outcome.number} has no message {message}: they are 1 to {len(turns)};"
            " replay RUN ROW lists them"
        )
    key = turns[message - 1].call
    found = reader.call(key) if key else None
    if found is None:
        raise InputError(f"message {message} is no reply of a model: edit another one")
    return found


def replaced(row: CallRow, text: str) -> CallRow:
    """The call with a person's text for its reply. It cost nothing and took no time."""
    reply = {"provider": EDITED, "instead_of": row.text, "of": row.model}
    return row._replace(
        model=EDITED,
        reply=json.dumps(reply, ensure_ascii=False),
        text=text,
        finish="stop",
        prompt_tokens=0,
        completion_tokens=0,
        cached_tokens=0,
        usd=0.0,
        started=time.time(),
        seconds=0.0,
        tries=1,
    )


def run_digest(run: Path) -> str:
    """What tells one run from another: its header."""
    return digest(read_header(run), 8)


class Branching:
    """The office of a branch: what is on record next door is taken over, once needed."""

    def __init__(self, office: LedgerOffice, old: LedgerReader, new: CallRow) -> None:
        self._office = office
        self._old = old
        self._new = new
        self.record = office.record
        self.fail = office.fail
        self.drop = office.drop

    async def open(self, call: Call) -> CallRow | None:
        """As the run's own office, with the old run's replies in its ledger."""
        ledger = self._office.ledger
        if ledger.find(call.key) is None:
            known = self._new if call.key == self._new.key else self._old.call(call.key)
            if known is not None:
                await ledger.record(known)
        return await self._office.open(call)


def replay(run: Path | str, row: str | int) -> Replayed:
    """`replay_row`, waited for."""
    return waited(replay_row(Path(run), str(row)))


def branch(run: Path | str, edit: Edit, into: Path | str) -> RunReport:
    """`branch_row`, waited for."""
    return waited(branch_row(Path(run), edit, Path(into)))
