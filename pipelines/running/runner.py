"""`run_recipe`: the one call that starts a run, resumes it, or leaves it alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from fellowship.agents.parsing.revisions import FIRST
from fellowship.given_folders import folder_path
from fellowship.ledger import adopt_calls
from fellowship.models.registry import ModelRegistry
from fellowship.pipelines.export.recipe_checks import check_exports
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.loading import as_recipe
from fellowship.pipelines.recipe.new_run_checks import check_new_run
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.credentials import check_credentials
from fellowship.pipelines.running.engines import Engine, Origin, local_engine
from fellowship.pipelines.running.finalize_run import RunAtStart, finalize_run
from fellowship.pipelines.running.given_rows import (
    ROWS,
    GivenRows,
    check_given,
    with_rows,
)
from fellowship.pipelines.running.header import make_header, upgraded_identity
from fellowship.pipelines.running.last_go import begin_go
from fellowship.pipelines.running.moved_paths import with_moved_paths
from fellowship.pipelines.running.progress import Watch
from fellowship.pipelines.running.row_runner import Runner
from fellowship.pipelines.running.rows_done import items_done
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.sources.source_columns import (
    AS_WRITTEN,
    COLUMNS_RULE,
    COLUMNS_VERSION,
    SourceColumns,
    source_columns,
)
from fellowship.prompts.library import PromptLibrary
from fellowship.relaxed_gc import relaxed_gc
from fellowship.run_folder import HEADER, RunFolder, read_header
from fellowship.run_sync import run_sync
from fellowship.scratch_errors import scratch_errors


async def run_recipe(
    recipe: Recipe,
    into: Path,
    *,
    limit: int | None = None,
    fork: Path | None = None,
    watch: Watch | None = None,
    stop: asyncio.Event | None = None,
    engine: Engine = local_engine,
    copies: int = 1,
    origin: Origin | None = None,
    picked: Collection[int] | None = None,
    skip_done: Sequence[Path] = (),
    held: RunFolder | None = None,
) -> RunReport:
    """Run `recipe` into the folder `into`, or go on where it was left.

    Raises `RecipeError` before the first call where the recipe can't be run, and
    `LedgerError` when the folder can't be used. Everything else ends in a row's state.
    `copies`: processes in which `engine` works, each with its own embedded models.
    `picked`: work on the rows of these numbers only; the others stay pending.
    `skip_done`: leave out the rows that these other runs have done.
    `held`: the folder, where the caller has it open.
    """
    check_recipe(recipe, own_rows=origin is None)
    if origin is None:  # else the recipe is another run's, which may go on as it is
        check_new_run(recipe, into)
        check_exports(recipe, into)
    # Of a new run before there is a folder; of one that is over, never.
    begun = holds_run(into)
    columns = None if begun else run_columns(recipe, into, origin)
    done = items_done(skip_done, into)
    library = PromptLibrary(recipe.prompts)
    if engine is local_engine:
        check_credentials(recipe, into)
    registry = None if begun else ModelRegistry(recipe.models)
    try:
        with (
            nullcontext(held) if held else RunFolder(into) as folder,
            relaxed_gc(),
            scratch_errors(),
        ):
            run_header = make_header(recipe, library)
            if origin is not None:
                run_header["identity"]["origin"] = origin.header_fields
            wanted = run_header["identity"]
            folder.write_or_check_header(
                run_header, "identity", partial(identity_here, wanted, library, into)
            )
            recipe = recipe.read_by(read_header(into).get("reader", FIRST))
            if fork is not None:
                adopt_calls(fork, folder.ledger)
            runner = Runner(
                recipe,
                folder,
                limit=limit,
                watch=watch,
                stop=stop,
                origin=origin,
                picked=picked,
                done=done,
            )
            try:
                opened = RunAtStart.look(recipe, runner, into)
                if not opened.over:
                    runner.columns = columns or run_columns(recipe, into, origin)
                    begin_go(runner)
                    registry = registry or ModelRegistry(recipe.models)
                    broker = registry.broker(runner.ledger, runner.meter, copies)
                    async with engine(recipe, library, registry, broker) as work:
                        await runner.run(work)
                return await finalize_run(recipe, runner, into, opened)
            finally:
                runner.close()
    finally:
        if registry is not None:
            await registry.close()


def identity_here(
    wanted: dict[str, Any], library: PromptLibrary, into: Path, old: dict[str, Any]
) -> dict[str, Any]:
    """The identity in an old header as it would be written here and now."""
    known = upgraded_identity(old, library)
    moved: dict[str, Any] = with_moved_paths(known, wanted, into / ROWS)
    return moved


def holds_run(into: Path) -> bool:
    """Whether a folder is one of a run that was begun."""
    return os.path.exists(into / HEADER)


def run_columns(recipe: Recipe, into: Path, origin: Origin | None) -> SourceColumns:
    """How a run, new or begun, reads the columns of its source: it looks at their values.

    Rows of another run, and of runs older than this rule, are taken as they stand.
    """
    version = COLUMNS_VERSION
    if holds_run(into):
        version = int((read_header(into).get("rules") or {}).get(COLUMNS_RULE, 0))
    if origin is not None or not version:
        return AS_WRITTEN
    return source_columns(recipe.source, version)


def run(
    recipe: Recipe | Path | str | Mapping[str, Any],
    into: Path | str,
    *,
    rows: GivenRows | None = None,
    limit: int | None = None,
    fork: Path | None = None,
    watch: Watch | None = None,
    skip_done: Sequence[Path | str] = (),
) -> RunReport:
    """`run_recipe` for code that is not asynchronous.

    `recipe` may also be a recipe file's path, or its keys as a mapping. `rows` stand in
    place of its source: mappings from columns to values, a pandas or polars data frame,
    or a split of a `datasets.Dataset`; they are kept in the folder.
    """
    folder, made = folder_path(into), as_recipe(recipe, own_rows=rows is None)
    if rows is not None:
        check_given(made, folder, own_rows=False)
    others = [folder_path(run, "skip_done") for run in skip_done]
    with with_rows(made, rows, folder) as (made, held):
        work = run_recipe(
            made,
            folder,
            limit=limit,
            fork=fork,
            watch=watch,
            skip_done=others,
            held=held,
        )
        return run_sync(work)
