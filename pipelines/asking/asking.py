"""Rows asked about from code: recorded in a run folder, and asked only once.

The run is a run like any other, but that its rows come with the calls. Calls at the same
time into one folder are worked on together.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from fellowship.errors import BudgetStop, EndpointDown, FellowshipError, RecipeError
from fellowship.faults import faults
from fellowship.given_folders import folder_path
from fellowship.ledger import LedgerReader, read_outcome
from fellowship.models.config import AnyModel
from fellowship.models.record.meter import Limits
from fellowship.models.registry import check_prices
from fellowship.pipelines.asking.rated_rows import rating_engine
from fellowship.pipelines.asking.row_register import (
    items_due,
    items_of,
    register,
    turn,
)
from fellowship.pipelines.asking.waits import Waits
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.pipelines.recipe.recipe import Recipe, Source
from fellowship.pipelines.running.engines import Engine, Origin, local_engine
from fellowship.pipelines.running.given_rows import check_given
from fellowship.pipelines.running.header import make_header, upgraded_identity
from fellowship.pipelines.running.row_runner import AGAIN
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from fellowship.pipelines.running.shared_limits import NOT_SHARED, SharedLimits
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Item, Outcome
from fellowship.run_folder import HEADER, LEDGER, differing_paths, read_header
from fellowship.stop_reasons import StopReason
from fellowship.teams.settings import EvaluateSettings, JurySettings
from fellowship.teams.voting_rules import rule_named

Kind = Literal["compare", "score"]
COLUMNS: Mapping[Kind, tuple[str, ...]] = {"compare": ("a", "b"), "score": ("answer",)}
ENGINES: Mapping[Kind, Engine] = {"compare": local_engine, "score": rating_engine}


@dataclass(frozen=True)
class Asking:
    """What is asked of every row, and by whom it is answered."""

    kind: Kind
    recipe: Recipe
    shared: SharedLimits = NOT_SHARED
    """The folders, in one place, that its limits hold for together."""
    waits: Waits = field(default_factory=Waits)
    """What other calls of the same server wait for: this one does not wait behind them."""

    @classmethod
    def of(
        cls,
        kind: Kind,
        evaluator: tuple[EvaluateSettings, Mapping[str, AnyModel]],
        limits: Limits | None,
        seed: int,
    ) -> Asking:
        """An evaluator with its models, as the recipe of a run."""
        settings, models = evaluator
        if isinstance(settings, JurySettings) and rule_named(settings.rule).whole_run:
            raise RecipeError(
                f"rule {settings.rule!r} weighs the votes of a whole run, not of one call:"
                " give rule='majority', or run a recipe"
            )
        try:
            recipe = Recipe.model_validate(
                {
                    "models": models,
                    "source": Source(candidates=COLUMNS[kind], reference="reference"),
                    "evaluate": settings,
                    # An answer asked about stays what it is, however often it comes.
                    "pairs": Pairs(allow_constant=True, allow_gibberish=True),
                    "limits": limits or Limits(),
                    "seed": seed,
                }
            )
        except ValidationError as error:
            found = faults(error.errors(), {"limits": limits, "seed": seed}, Recipe)
            raise RecipeError("\n".join(found.values())) from error
        return cls(kind, recipe)

    def origin(self, items: Sequence[Item]) -> Origin:
        """Where the rows come from: calls of this kind."""
        return Origin(
            {"asked": self.kind},
            len(items),
            lambda: items,
            whole=False,
            shared=self.shared,
        )

    def check(self, folder: Path) -> None:
        """`RecipeError` where its rows can't be asked about in this folder."""
        check_folder(self, folder)
        check_given(self.recipe, folder, own_rows=False)
        check_prices(self.recipe.models, self.recipe.limits)


@dataclass(frozen=True)
class Answered:
    """A row's outcome, and whether a call was made for it now."""

    outcome: Outcome
    recorded: bool


@asynccontextmanager
async def run_folder(into: Path | str | None) -> AsyncIterator[Path]:
    """The folder named, or one that goes when its answers are read."""
    if into is not None:
        yield folder_path(into)
        return
    with tempfile.TemporaryDirectory(prefix="fellowship-") as folder:
        yield Path(folder)


async def ask(
    asking: Asking, rows: Sequence[Mapping[str, Any]], folder: Path
) -> list[Answered]:
    """What came of each row, in the order given; answered from the record where it is.

    Raises `InputError` for a row that can't be asked about, `RecipeError` before anything
    is asked, `BudgetStop` and `EndpointDown` where a row was left for that.
    """
    if not items_of(rows, asking.recipe.source):
        return []
    asking.check(folder)
    items = register(folder, rows, asking.recipe.source)
    numbers = {item.number for item in items}  # one text may come several times
    first = recorded_outcomes(folder, items)
    if numbers <= first.keys():
        return [Answered(first[item.number], True) for item in items]
    async with AsyncExitStack() as turns:
        for place in (folder.parent,) * bool(asking.shared.runs) + (folder,):
            waiting = turn(place, asking.waits.require_endpoints)
            await turns.enter_async_context(waiting)
        known = recorded_outcomes(folder, items)
        report = None
        if not numbers <= known.keys():
            report = await work_on(asking, folder, items)
            known = recorded_outcomes(folder, items, failed=True)
    for item in items:
        if item.number not in known:
            raise row_left_error(report)
    return [Answered(known[i.number], i.number in first) for i in items]


def check_folder(asking: Asking, folder: Path) -> None:
    """`RecipeError` where the folder's rows were asked of another evaluator."""
    if not (folder / HEADER).exists():
        return
    library = PromptLibrary(asking.recipe.prompts)
    mine = make_header(asking.recipe, library)["identity"]
    mine["origin"] = asking.origin(()).header_fields
    there = upgraded_identity(read_header(folder), library)
    if changed := differing_paths(there, mine):
        raise RecipeError(
            f"{folder} holds the answers of another evaluator or of a run:"
            f" {', '.join(changed[:5])} changed; use a folder for each evaluator"
        )


async def work_on(asking: Asking, folder: Path, wanted: Sequence[Item]) -> RunReport:
    """Have the wanted rows worked on, and those of other calls that wait."""
    ended = ended_numbers(folder) - {item.number for item in wanted}
    due = items_due(folder, asking.recipe.source, ended)
    engine, origin = ENGINES[asking.kind], asking.origin(due)
    with asking.waits.work() as watch:
        return await run_recipe(
            asking.recipe, folder, engine=engine, origin=origin, watch=watch
        )


def ended_numbers(folder: Path) -> set[int]:
    """The rows that have an outcome, a failure too."""
    if not (folder / LEDGER).exists():
        return set()
    with LedgerReader(folder / LEDGER) as reader:
        return {number for (number,) in reader.rows("SELECT number FROM outcomes")}


def recorded_outcomes(
    folder: Path, items: Sequence[Item], *, failed: bool = False
) -> dict[int, Outcome]:
    """The outcomes on record of these rows, by number; `failed` ones too if wanted."""
    if not (folder / LEDGER).exists():
        return {}
    found = {}
    with LedgerReader(folder / LEDGER) as reader:
        for item in items:
            text = reader.outcome(item.number)
            outcome = read_outcome(text) if text is not None else None
            if outcome and (failed or outcome.state not in AGAIN):
                found[item.number] = outcome
    return found


def row_left_error(report: RunReport | None) -> FellowshipError:
    """Why a row has no outcome: a limit, an endpoint, or whoever stopped it."""
    reason = report.stop_reason if report else None
    why = report.stopped if report else "stopped"
    if reason is not None and reason.is_limit:
        return BudgetStop(why, reason)
    if reason == StopReason.ENDPOINT_DOWN:
        return EndpointDown(why)
    return FellowshipError(f"the row has no outcome: {why}")
