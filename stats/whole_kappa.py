"""Cohen's kappa over all labelled rows, a row without a verdict counting as a guess.

Kappa of the rows that could be read flatters whoever is silent on the hard ones. Here such
a row is given out over the classes at people's rates: what a coin that knows those rates
would be right on. Silence is worth neither more nor less than guessing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from fellowship.stats.agreement import kappa_of
from fellowship.stats.codes import (
    CLASSES,
    INVALID,
    Codes,
    DataError,
    Floats,
    as_codes,
    check_aligned,
    ratio,
)

COLUMNS = (*CLASSES, INVALID)
"""The columns of a table here: the classes, then rows without a verdict."""
CELLS = len(CLASSES) * len(COLUMNS)


def whole_cells(labels: ArrayLike, verdicts: ArrayLike) -> csr_array:
    """What each row adds to the tables of k verdicts: sparse (n, 12 k).

    `labels` (n,) and `verdicts` (n, k) are codes. Every row needs a label: DataError.
    """
    people, given = as_codes(labels, "labels"), as_codes(verdicts, "verdicts", 2)
    check_aligned("labels", len(people), ("verdicts", len(given)))
    if (people == INVALID).any():
        raise DataError("labels hold rows without a label")
    n, k = given.shape
    column = np.where(given == INVALID, len(CLASSES), given + 1)
    at = CELLS * np.arange(k) + len(COLUMNS) * (people[:, None] + 1) + column
    ends = np.arange(0, n * k + 1, k)
    return csr_array((np.ones(n * k), at.ravel(), ends), shape=(n, CELLS * k))


def as_tables(sums: Floats) -> Floats:
    """Sums (..., 12 k) as tables (..., k, 3, 4): rows people, columns `COLUMNS`."""
    return sums.reshape(*sums.shape[:-1], -1, len(CLASSES), len(COLUMNS))


def with_guesses(tables: Floats) -> Floats:
    """Tables (..., 3, 4) as (..., 3, 3), rows without a verdict at people's rates."""
    people = tables.sum(axis=-1)
    rates = ratio(people, people.sum(axis=-1)[..., None])
    return np.asarray(tables[..., :3] + tables[..., 3:] * rates[..., None, :])


def whole_kappa(tables: Floats) -> Floats:
    """Cohen's kappa (...) of tables (..., 3, 4); NaN where chance explains all."""
    return kappa_of(with_guesses(tables))


def right_of_all(tables: Floats) -> Floats:
    """The share (...) of all rows of tables (..., 3, 4) that people's label is said of."""
    right = np.trace(tables[..., :3], axis1=-2, axis2=-1)
    return ratio(right, tables.sum(axis=(-2, -1)))


def columns_of(cells: csr_array, at: ArrayLike) -> csr_array:
    """The cells of some of the k verdicts, by column."""
    picked = np.atleast_1d(np.asarray(at, dtype=np.intp))
    wanted = (CELLS * picked[:, None] + np.arange(CELLS)).ravel()
    return csr_array(cells.tocsc()[:, wanted])


def verdicts_as_codes(verdicts: ArrayLike) -> Codes:
    """Verdicts (n, k) checked, as codes."""
    return as_codes(verdicts, "verdicts", 2)
