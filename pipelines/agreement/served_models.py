"""Models as their servers named them in recorded replies, with their fingerprints.

A provider may serve another model under a name that stays: what it says of each reply
is in the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fellowship.ledger import LedgerReader
from fellowship.run_folder import LEDGER
from fellowship.stats.intervals import DEFAULT, Interval, Resampling
from fellowship.stats.rates import rate_interval

SERVED = (
    "SELECT model, json_extract(reply, '$.model'),"
    " json_extract(reply, '$.system_fingerprint'), count(*) FROM calls"
    " WHERE json_valid(reply) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)

Served = Mapping[tuple[str, str], int]
"""Replies by the recipe's name of a model and what its server says."""


@dataclass(frozen=True)
class ServedModels:
    """Replies by served name and by fingerprint; what says nothing of it is left out."""

    names: Served
    fingerprints: Served


@dataclass(frozen=True)
class ServedChange:
    """What served the record and what serves now, and the share of replies now by another.

    `names` and `fingerprints` list what was served before and is now, by model of the
    recipe; the shares are None where either side's server said nothing.
    """

    names: dict[str, dict[str, list[str]]]
    fingerprints: dict[str, dict[str, list[str]]]
    other_model: Interval | None
    other_fingerprint: Interval | None


def served_models(runs: Iterable[Path], only: Collection[str]) -> ServedModels:
    """What served these models of the runs' recipe, by their ledgers."""
    names: Counter[tuple[str, str]] = Counter()
    prints: Counter[tuple[str, str]] = Counter()
    for run in runs:
        with LedgerReader(run / LEDGER) as reader:
            for model, name, fingerprint, many in reader.rows(SERVED):
                for said, counted in ((name, names), (fingerprint, prints)):
                    if model in only and isinstance(said, str) and said:
                        counted[model, said] += many
    return ServedModels(names, prints)


def served_change(
    before: ServedModels, now: ServedModels, plan: Resampling = DEFAULT
) -> ServedChange:
    """The change of what serves, from a run's record to another's."""
    return ServedChange(
        names=both_sides(before.names, now.names),
        fingerprints=both_sides(before.fingerprints, now.fingerprints),
        other_model=share_of_others(before.names, now.names, plan),
        other_fingerprint=share_of_others(before.fingerprints, now.fingerprints, plan),
    )


def both_sides(before: Served, now: Served) -> dict[str, dict[str, list[str]]]:
    """What served each model before and now, as lists of names."""
    models = dict.fromkeys(model for side in (before, now) for model, _ in side)
    return {
        model: {"record": names_of(before, model), "now": names_of(now, model)}
        for model in models
    }


def names_of(served: Iterable[tuple[str, str]], model: str) -> list[str]:
    """What served one model."""
    return [name for of, name in served if of == model]


def share_of_others(before: Served, now: Served, plan: Resampling) -> Interval | None:
    """The share of replies by what no reply of the record was by."""
    models = {model for model, _ in before}
    replies = [
        float(one not in before)
        for one, many in now.items()
        if one[0] in models
        for _ in range(many)
    ]
    return rate_interval(replies, plan=plan) if replies else None
