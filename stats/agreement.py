"""Agreement of a judge with people: confusion tables, Cohen's kappa, Gwet's AC1, accuracy.

Every coefficient here takes count tables (..., 3, 3), rows people and columns the judge in
`codes.CLASSES` order, and works on any number of them at once; `table_cells` gives the
per-row parts whose sums are those tables, so a table is all a resample has to rebuild.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from fellowship.stats.alpha import krippendorff_alpha
from fellowship.stats.codes import (
    INVALID,
    DataError,
    Floats,
    as_codes,
    check_aligned,
    one_hot,
    ratio,
)

Weights = Literal["none", "linear", "quadratic"]


def table_cells(labels: ArrayLike, verdicts: ArrayLike) -> Floats:
    """What each row adds to the table: (n, 3, 3), or (n, m, 3, 3) for m judges.

    `labels` (n,) and `verdicts` (n,) or (n, m) are codes; a row where either is
    INVALID adds nothing. DataError for empty, misaligned or unknown codes.
    """
    people = as_codes(labels, "labels")
    judge = as_codes(verdicts, "verdicts", np.ndim(verdicts))
    check_aligned("labels", len(people), ("verdicts", len(judge)))
    rows = one_hot(people)
    rows = rows.reshape(len(people), *(1,) * (judge.ndim - 1), 3)
    return rows[..., :, None] * one_hot(judge)[..., None, :]


def sparse_cells(labels: ArrayLike, verdicts: ArrayLike) -> csr_array:
    """The cells of `table_cells` for verdicts (n, m), as a sparse matrix (n, 9 m)."""
    people, judge = as_codes(labels, "labels"), as_codes(verdicts, "verdicts", 2)
    check_aligned("labels", len(people), ("verdicts", len(judge)))
    row, column = np.nonzero((people[:, None] != INVALID) & (judge != INVALID))
    at = 9 * column + 3 * (people[row] + 1) + judge[row, column] + 1
    return csr_array(
        (np.ones(len(at)), (row, at)), shape=(len(judge), 9 * judge.shape[1])
    )


def confusion(labels: ArrayLike, verdicts: ArrayLike) -> Floats:
    """Counts (3, 3): rows people, columns the judge, in `codes.CLASSES` order."""
    return np.asarray(table_cells(labels, verdicts).sum(axis=0))


def drop_ties(tables: Floats) -> Floats:
    """Tables (..., 2, 2) of the rows where both people and judge name a winner."""
    return tables[..., ::2, ::2]


def kappa_of(tables: Floats, weights: Weights = "none") -> Floats:
    """Cohen's kappa (...) of tables (..., k, k); NaN where chance explains all.

    1 - sum(w * observed) / sum(w * expected), w the disagreement weights: Cohen 1960;
    weighted, Cohen 1968. Unit: 1 is perfect, 0 is chance.
    """
    step = np.abs(np.subtract.outer(*(np.arange(tables.shape[-1]),) * 2)).astype(float)
    cost = {"none": np.sign(step), "linear": step, "quadratic": step**2}.get(weights)
    if cost is None:
        raise DataError(f"weights {weights!r} are not none, linear or quadratic")
    n = tables.sum(axis=(-2, -1))
    chance = tables.sum(-1)[..., :, None] * tables.sum(-2)[..., None, :]
    seen = (cost * tables).sum(axis=(-2, -1)) * n
    return 1.0 - ratio(seen, (cost * chance).sum(axis=(-2, -1)))


def accuracy_of(tables: Floats) -> Floats:
    """The share (...) of counted rows on the diagonal of tables (..., k, k)."""
    return ratio(np.trace(tables, axis1=-2, axis2=-1), tables.sum(axis=(-2, -1)))


def ac1_of(tables: Floats) -> Floats:
    """Gwet's AC1 (...) of tables (..., k, k).

    Chance agreement is sum(pi * (1 - pi)) / (q - 1), pi the mean of the two marginals
    (Gwet 2008, equation 6): it stays sane where nearly all rows are one class. q counts
    the classes on offer: both winners, and ties where any of the tables has one.
    """
    n = tables.sum(axis=(-2, -1))
    share = ratio((tables.sum(-1) + tables.sum(-2)) / 2, n[..., None])
    k = tables.shape[-1]
    tied = k == 3 and (tables[..., 1, :].any() or tables[..., :, 1].any())
    chance = (share * (1 - share)).sum(-1) / (2 if tied else 1)
    return ratio(accuracy_of(tables) - chance, 1 - chance)


def cohen_kappa(
    labels: ArrayLike,
    verdicts: ArrayLike,
    weights: Weights = "none",
    ties: bool = True,
) -> float:
    """Cohen's kappa of two codings (n,); `ties=False` keeps rows both of them decide.

    NaN where no row is left or chance explains everything. See `kappa_of`.
    """
    table = confusion(labels, verdicts)
    return float(kappa_of(table if ties else drop_ties(table), weights))


@dataclass(frozen=True)
class CoderPair:
    """How far coders `first` and `second` (columns) agree on `rows` readable rows."""

    first: int
    second: int
    rows: int
    kappa: float
    accuracy: float


def pairwise(votes: ArrayLike) -> tuple[CoderPair, ...]:
    """Agreement of every two columns of codes (n, m), m >= 2.

    Columns that are annotators give the human ceiling; columns that are repeated runs
    of one judge give its repeatability. DataError for fewer than two columns.
    """
    given = as_codes(votes, "votes", 2)
    if given.shape[1] < 2:
        raise DataError("agreement between coders needs two columns or more")
    found = []
    for i, j in combinations(range(given.shape[1]), 2):
        table = confusion(given[:, i], given[:, j])
        kappa, same = float(kappa_of(table)), float(accuracy_of(table))
        found.append(CoderPair(i, j, int(table.sum()), kappa, same))
    return tuple(found)


@dataclass(frozen=True)
class Agreement:
    """A judge against people on `rows` rows with a readable label.

    Coefficients speak of the `readable` rows, those with a readable verdict too;
    `right_of_all` counts an invalid verdict as wrong. `table` is as `confusion`.
    """

    rows: int
    readable: int
    invalid_share: float
    kappa: float
    kappa_linear: float
    kappa_quadratic: float
    kappa_without_ties: float
    decided_by_both: int
    alpha: float
    ac1: float
    accuracy: float
    right_of_all: float
    table: tuple[tuple[int, ...], ...]


def summarise(labels: ArrayLike, verdicts: ArrayLike) -> Agreement:
    """Every coefficient of codes (n,) against labels (n,), invalid share included.

    Rows whose label is INVALID are left out. DataError if none has a label.
    """
    people, judge = as_codes(labels, "labels"), as_codes(verdicts, "verdicts")
    check_aligned("labels", len(people), ("verdicts", len(judge)))
    people, judge = people[people != INVALID], judge[people != INVALID]
    table = confusion(people, judge)
    both = drop_ties(table)
    return Agreement(
        rows=len(people),
        readable=int(table.sum()),
        invalid_share=float(np.mean(judge == INVALID)),
        kappa=float(kappa_of(table)),
        kappa_linear=float(kappa_of(table, "linear")),
        kappa_quadratic=float(kappa_of(table, "quadratic")),
        kappa_without_ties=float(kappa_of(both)),
        decided_by_both=int(both.sum()),
        alpha=krippendorff_alpha(np.stack([people, judge], axis=1)),
        ac1=float(ac1_of(table)),
        accuracy=float(accuracy_of(table)),
        right_of_all=float(np.trace(table) / len(people)),
        table=tuple(tuple(int(x) for x in row) for row in table),
    )
