"""Pilot runs: a few rows of a recipe, spread over its source.

It is recorded, so nothing of it is paid for twice: the whole run goes on in its folder, or
takes its replies over with a fork.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from fellowship.ledger import LedgerReader, read_outcome
from fellowship.pipelines.labels.prompt_groups import group_of
from fellowship.pipelines.planning.forecast import Forecast, Pilot, Use, forecast
from fellowship.pipelines.planning.throughput import measure_pace
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.records import Item, State
from fellowship.run_folder import LEDGER


def spread_rows(numbers: Sequence[int], many: int) -> frozenset[int]:
    """So many of these row numbers, evenly spread; all of them if there are no more."""
    total = len(numbers)
    if many >= total:
        return frozenset(numbers)
    return frozenset(numbers[(2 * n + 1) * total // (2 * many)] for n in range(many))


def prompt_numbers(entries: Iterable[object]) -> list[int]:
    """The numbers of a source's rows that are prompts."""
    return [entry.number for entry in entries if isinstance(entry, Item)]


def forecast_rest(
    recipe: Recipe, into: Path, picked: frozenset[int], rows: int
) -> Forecast:
    """What all `rows` would take, by the rows in `picked` that the run holds.

    `ValueError` where fewer than two of them are finished.
    """
    with LedgerReader(into / LEDGER) as ledger:
        pilot = pilot_of(ledger, picked, recipe.at_once)
    return forecast(pilot, list(recipe.models), rows)


def pilot_of(ledger: LedgerReader, picked: frozenset[int], widest: int) -> Pilot:
    """What the ledger holds of these rows."""
    found = (read_outcome(text) for text in ledger.outcomes())
    outcomes = [outcome for outcome in found if outcome.number in picked]
    row_of = {s.id: at for at, o in enumerate(outcomes) for s in o.sessions}
    uses: list[dict[str, Use]] = [{} for _ in outcomes]
    times, unpriced = [], set()
    sql = (
        "SELECT session, model, prompt_tokens, completion_tokens, cached_tokens, usd,"
        " started, seconds FROM calls"
    )
    if ledger.has_unusable:  # paid for too, and a sign of what is to come
        sql += (
            " UNION ALL SELECT session, model, prompt_tokens, completion_tokens,"
            " cached_tokens, usd, started, 0.0 FROM unusable_replies"
        )
    for session, model, prompt, completion, cached, usd, began, took in ledger.rows(
        sql
    ):
        if session not in row_of:
            continue
        if usd is None:
            unpriced.add(model)
        use = uses[row_of[session]]
        one = Use(1, prompt, completion, cached, usd or 0.0, took)
        use[model] = use.get(model, Use()).plus(one)
        times.append((began, took))
    return Pilot(
        uses=uses,
        pairs=[outcome.state == State.PAIR for outcome in outcomes],
        prompts=[group_of(outcome) for outcome in outcomes],
        pace=measure_pace(times),
        width=min(widest, len(outcomes)),
        widest=widest,
        unpriced=frozenset(unpriced),
    )
