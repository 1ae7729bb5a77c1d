"""Lines of the agreement table: a judge, or the jury's decision, against people.

Every share names the rows it is of: unreadable of those asked, not asked of those labelled.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fellowship.pipelines.agreement.always_asked import asked_where_others_differ
from fellowship.pipelines.agreement.verdict_table import VerdictTable
from fellowship.stats.agreement import Agreement, summarise
from fellowship.stats.bias import PositionBias, SideBias
from fellowship.stats.codes import INVALID, Codes, encode
from fellowship.stats.coefficient_intervals import Coefficients, coefficient_intervals
from fellowship.stats.intervals import Interval, Resampling
from fellowship.stats.kappa_intervals import kappa_intervals
from fellowship.stats.paired import Difference
from fellowship.stats.rankings import RankAgreement, rank_agreement
from fellowship.stats.rates import rate_interval

DECIDED: Final = "the jury's decision"
"""Name of the line for what the run decided by all votes."""


@dataclass(frozen=True)
class JudgeAgreement:
    """One judge against people, and its biases conditional on people's label.

    Of the labelled rows it was `asked` on some and `not_asked` on the rest; of those asked
    `unreadable` have no readable reply and `contradicted` another winner in either order.
    `kappa` and `accuracy` are of the rows where it names a side or a tie, and NaN with a
    note under 50 prompts; `right_of_asked` is of all it was asked on. `against` is kappa
    minus the reference's, on the rows of both. `ranking` is there where labels rank three
    answers of a prompt or more.
    """

    name: str
    agreement: Agreement
    kappa: Interval
    accuracy: Interval
    right_of_asked: Interval
    asked: int
    not_asked: int
    unreadable: int
    contradicted: int
    coefficients: Coefficients
    against: Difference | None = None
    p_holm: float | None = None
    bias: dict[str, SideBias] = field(default_factory=dict)
    position: PositionBias | None = None
    both_orders_asked: int = 0
    first_column: SideBias | None = None
    length: SideBias | None = None
    ranking: RankAgreement | None = None


class Columns(NamedTuple):
    """Columns of votes (n, m) under their names, and where each was asked and unread.

    `selected` are those asked where the others left the outcome open.
    """

    names: tuple[str, ...]
    votes: Codes
    asked: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]
    selected: frozenset[str] = frozenset()


def judge_columns(table: VerdictTable) -> Columns:
    """The judges, and after several the jury's decision."""
    if len(table.judges) < 2:
        return Columns(table.judges, table.votes, table.is_asked, table.is_unreadable)
    voided = ("invalid", "order-inconsistent")
    decided = encode([d if d not in voided else "invalid" for d in table.decided])
    lost = np.array([d == "invalid" for d in table.decided])
    return Columns(
        (*table.judges, DECIDED),
        np.column_stack([table.votes, decided]).astype(np.int8),
        np.column_stack([table.is_asked, np.ones(len(decided), bool)]),
        np.column_stack([table.is_unreadable, lost]),
        asked_where_others_differ(table),
    )


def judge_lines(
    table: VerdictTable, columns: Columns, plan: Resampling
) -> list[JudgeAgreement]:
    """Each column against people, without comparisons or biases."""
    known = table.labels != INVALID
    kappas = kappa_intervals(table.labels, columns.votes, table.clusters, plan)
    further = coefficient_intervals(
        table.labels,
        np.where(columns.asked, columns.votes, INVALID),
        kappas,
        table.clusters,
        plan,
    )
    lines = []
    for j, name in enumerate(columns.names):
        votes, asked = columns.votes[:, j], columns.asked[:, j] & known
        right = (votes == table.labels).astype(np.float64)
        read = asked & (votes != INVALID)
        lost = asked & columns.unreadable[:, j]
        accuracy = rate_interval(np.where(read, right, np.nan), table.clusters, plan)
        agreement = summary_of(table.labels[asked], votes[asked])
        if np.isnan(kappas[j].value) and "prompts needed" in kappas[j].note:
            accuracy = kappas[j]
            agreement = without_coefficients(agreement)
        lines.append(
            JudgeAgreement(
                name=name,
                agreement=agreement,
                kappa=kappas[j],
                accuracy=accuracy,
                right_of_asked=rate_interval(
                    np.where(asked, right, np.nan), table.clusters, plan
                ),
                asked=int(asked.sum()),
                not_asked=int((known & ~asked).sum()),
                unreadable=int(lost.sum()),
                contradicted=int((asked & ~read & ~lost).sum()),
                coefficients=further[j],
                ranking=rank_agreement(
                    table.labels, votes, table.ranked, table.clusters, plan
                )
                if table.ranked
                else None,
            )
        )
    return lines


NAN: Final = float("nan")
NOTHING: Final = Agreement(
    rows=0,
    readable=0,
    invalid_share=NAN,
    kappa=NAN,
    kappa_linear=NAN,
    kappa_quadratic=NAN,
    kappa_without_ties=NAN,
    decided_by_both=0,
    alpha=NAN,
    ac1=NAN,
    accuracy=NAN,
    right_of_all=NAN,
    table=((0, 0, 0),) * 3,
)
"""A judge that was asked on no labelled row."""


def summary_of(labels: Codes, votes: Codes) -> Agreement:
    """Coefficients of the rows that a judge was asked on, `NOTHING` of none."""
    return summarise(labels, votes) if len(labels) else NOTHING


def without_coefficients(found: Agreement) -> Agreement:
    """The counts alone: so few rows carry no coefficient."""
    return replace(
        found,
        kappa=NAN,
        kappa_linear=NAN,
        kappa_quadratic=NAN,
        kappa_without_ties=NAN,
        alpha=NAN,
        ac1=NAN,
        accuracy=NAN,
    )
