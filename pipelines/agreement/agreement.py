"""Agreement report: judges against people, with intervals, bias and juries.

A judge's figure has an interval and a rival beside it, or it isn't printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from fellowship.errors import InputError
from fellowship.json_values import json_value
from fellowship.models.config import FAMILIES
from fellowship.pipelines.agreement.human_ceiling import HumanCeiling, human_ceiling
from fellowship.pipelines.agreement.juries import (
    JuryAnalysis,
    analyse_juries,
    pooled_kappas,
)
from fellowship.pipelines.agreement.margins import (
    MarginCalibration,
    PosteriorCalibration,
    calibrate_margins,
    calibrate_posterior,
)
from fellowship.pipelines.agreement.order_votes import is_balanced
from fellowship.pipelines.agreement.verdict_table import (
    VerdictTable,
    count_labelled,
    family_sides,
)
from fellowship.stats.agreement import (
    Agreement,
    kappa_of,
    summarise,
    table_cells,
)
from fellowship.stats.bias import (
    PositionBias,
    SideBias,
    longer_side,
    position_bias_of,
    side_bias,
)
from fellowship.stats.codes import INVALID, Floats
from fellowship.stats.effective import n_eff_interval
from fellowship.stats.intervals import (
    DEFAULT,
    Interval,
    Resampling,
    bootstrap_many,
    has_enough_labels,
)
from fellowship.stats.paired import (
    Difference,
    exact_mcnemar,
    holm_adjusted,
    paired_difference,
    simultaneous_differences,
)
from fellowship.stats.rates import rate_interval
from fellowship.suggestions import quoted_list, select_name


@dataclass(frozen=True)
class JudgeAgreement:
    """One judge against people, and its biases conditional on people's label.

    `position` is of rows read in both orders; `first_column` of rows read in one, and only
    where each system is as often in either column.
    """

    name: str
    agreement: Agreement
    kappa: Interval
    accuracy: Interval
    against: Difference | None = None
    p_holm: float | None = None
    bias: dict[str, SideBias] = field(default_factory=dict)
    position: PositionBias | None = None
    first_column: SideBias | None = None
    length: SideBias | None = None


@dataclass(frozen=True)
class AgreementReport:
    """Everything that labels say of a run's judges; `enough` is false under 50."""

    labels: int
    prompts: int
    enough: bool
    matched: str
    reference: str | None = None
    judges: tuple[JudgeAgreement, ...] = ()
    people: HumanCeiling | None = None
    pooled: tuple[tuple[str, float], ...] = ()
    effective: Interval | None = None
    jury: JuryAnalysis | None = None
    families: dict[str, tuple[str, ...]] = field(default_factory=dict)
    margins: dict[str, MarginCalibration] = field(default_factory=dict)
    posterior: PosteriorCalibration | None = None
    authors: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values, null for what isn't defined."""
        value: dict[str, Any] = json_value(asdict(self))
        return value


@dataclass(frozen=True)
class Options:
    """What is asked for beyond the judges' own figures."""

    against: str | None = None
    juries: bool = False
    families: tuple[str, ...] = ()
    plan: Resampling = DEFAULT


def agree(table: VerdictTable, options: Options | None = None) -> AgreementReport:
    """The report. Under 50 labelled prompts it makes no claim: `enough` is false.

    `InputError` for a judge named in `against` that the run doesn't have.
    """
    options = options or Options()
    for name in options.families:
        if not family_sides(table, name).any():
            raise InputError(
                f"no labelled row sets one answer of the family {name!r} against one"
                f" of another: the authors are {quoted_list(authors_of(table))}"
            )
    prompts = len(set(table.clusters))
    count = count_labelled(table)
    if not has_enough_labels(min(count, prompts)):
        return AgreementReport(count, prompts, False, table.matched)
    features = table_cells(table.labels, table.votes)
    kappas = bootstrap_many(features, kappa_of, table.clusters, options.plan)
    rights = accuracy_intervals(table, options.plan)
    at = reference_judge(table, kappas, rights, options.against)
    tests = compare_with_reference(table, features, at, options)
    judges = tuple(
        JudgeAgreement(
            name=name,
            agreement=summarise(table.labels, table.votes[:, j]),
            kappa=kappas[j],
            accuracy=rights[j],
            against=tests[j][0] if j in tests else None,
            p_holm=tests[j][1] if j in tests else None,
            **estimate_biases(table, j, options),
        )
        for j, name in enumerate(table.judges)
    )
    several = len(table.judges) > 1
    return AgreementReport(
        labels=count,
        prompts=prompts,
        enough=True,
        matched=table.matched,
        reference=table.judges[at] if several else None,
        judges=judges,
        people=human_ceiling(table.people),
        pooled=pooled_kappas(table) if several else (),
        effective=n_eff_interval(
            table.votes, table.labels, table.clusters, options.plan
        )
        if several
        else None,
        families=authors_by_family(table, options),
        jury=analyse_juries(table, options.plan, at if options.against else None)
        if several and options.juries
        else None,
        margins=calibrate_margins(table, options.plan),
        posterior=calibrate_posterior(table, options.plan),
        authors=tuple(a for a in authors_of(table) if a not in UNNAMED),
    )


def accuracy_intervals(table: VerdictTable, plan: Resampling) -> list[Interval]:
    """Each judge's share right of the rows that it and people could decide."""
    known = (table.votes != INVALID) & (table.labels != INVALID)[:, None]
    right = np.where(known, table.votes == table.labels[:, None], np.nan)
    return [rate_interval(column, table.clusters, plan) for column in right.T]


def reference_judge(
    table: VerdictTable,
    kappas: Sequence[Interval],
    rights: Sequence[Interval],
    named: str | None,
) -> int:
    """The judge others are compared with: the named, else the best.

    By kappa; where some kappa has no interval, as where people name one class, by the
    share right.
    """
    if named is None:
        by = rights if any(np.isnan(one.low) for one in kappas) else kappas
        return int(np.nan_to_num([one.value for one in by], nan=-2).argmax())
    return table.judges.index(select_name(named, table.judges, "judge"))


UNNAMED = ("first", "second")
"""Authors of whom no more is known than the column of their answers."""

FEW_DISCORDANT = 20
"""Prompts on which two judges differ, under which the exact test is taken."""


def compare_with_reference(
    table: VerdictTable, features: Any, at: int, options: Options
) -> dict[int, tuple[Difference, float | None]]:
    """Each other judge's kappa minus the reference's.

    Where the reference was named beforehand there is a p, adjusted for them all; the best
    judge after the fact gives simultaneous limits and none.
    """
    clusters, plan = table.clusters, options.plan
    if options.against is None:
        free = simultaneous_differences(features, kappa_of, at, clusters, plan)
        return {j: (difference, None) for j, difference in free.items()}
    others = [j for j in range(len(table.judges)) if j != at]
    found = [difference_with_p(table, features, (j, at), plan) for j in others]
    if not found:
        return {}
    known = [d.p if d.p is not None and np.isfinite(d.value) else 1.0 for d in found]
    adjusted = holm_adjusted(known)
    return {j: (d, float(p)) for j, d, p in zip(others, found, adjusted, strict=True)}


def difference_with_p(
    table: VerdictTable, features: Any, pair: tuple[int, int], plan: Resampling
) -> Difference:
    """Two judges' kappas, the first minus the second, with a p.

    McNemar's exact test where they differ on few prompts: a resample of those says
    nothing of the others.
    """
    j, at = pair
    found = paired_difference(
        features[:, j], features[:, at], kappa_of, table.clusters, plan
    )
    right = [
        np.where(
            (table.votes[:, k] == INVALID) | (table.labels == INVALID),
            np.nan,
            table.votes[:, k] == table.labels,
        )
        for k in pair
    ]
    exact, discordant = exact_mcnemar(right[0], right[1], table.clusters)
    return replace(found, p=exact) if discordant < FEW_DISCORDANT else found


def authors_of(table: VerdictTable) -> list[str]:
    """Who wrote the candidates."""
    return sorted({name for pair in table.families for name in pair if name})


def authors_by_family(
    table: VerdictTable, options: Options
) -> dict[str, tuple[str, ...]]:
    """Whose answers each family's bias score is of: a name holds more than a family."""
    return {
        f: tuple(a for a in authors_of(table) if f.lower() in a.lower())
        for f in options.families or judges_families(table)
    }


def judges_families(table: VerdictTable) -> list[str]:
    """The families of the run's judges that wrote one side of some row."""
    names = [name.lower() for name in table.judges]
    known = [f for f in FAMILIES if any(f in name for name in names)]
    return [f for f in known if family_sides(table, f).any()]


def estimate_biases(table: VerdictTable, j: int, options: Options) -> dict[str, Any]:
    """A judge's biases to families, to the longer text, and to a position or column."""
    votes, plan = table.votes[:, j], options.plan
    readable = (votes != INVALID) & (table.labels != INVALID)

    def towards(side: Floats) -> SideBias | None:
        if not (readable & (side != 0)).any():
            return None
        return side_bias(votes, table.labels, side, table.clusters, plan)

    families = {
        name: found
        for name in options.families or judges_families(table)
        if (found := towards(family_sides(table, name))) is not None
    }
    position = estimate_position(table, j, plan)
    column = None
    if position is None and is_balanced(table.families):
        column = towards(np.ones(len(votes)))
    return {
        "bias": families,
        "position": position,
        "first_column": column,
        "length": towards(longer_side(table.lengths)),
    }


def estimate_position(
    table: VerdictTable, j: int, plan: Resampling
) -> PositionBias | None:
    """A judge's position bias; None where no row was readable in both orders."""
    forward, swapped = table.forward[:, j], table.swapped[:, j]
    if not ((forward != INVALID) & (swapped != INVALID)).any():
        return None
    return position_bias_of(forward, swapped, table.clusters, plan)
