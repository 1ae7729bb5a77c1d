"""Cohen's kappa over all labelled rows, a row without a verdict counting as a guess.

Kappa of the rows that could be read flatters whoever is silent on the hard ones. Here such
a row is given out over the classes at people's rates: what a coin that knows those rates
would be right on. Silence is worth neither more nor less than guessing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
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
from fellowship.stats.intervals import Interval, Resampling
from fellowship.stats.kappa_intervals import FEW_ERRORS, one_class
from fellowship.stats.rates import rate_interval

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


def guarded_interval(
    found: Interval,
    labels: Codes,
    verdicts: Codes,
    prompts: NDArray[np.intp],
    plan: Resampling,
) -> Interval:
    """A bootstrap interval of one whole kappa, where it can't be believed mended.

    As `kappa_intervals`: no limits for verdicts (n,) that are one thing throughout; under
    FEW_ERRORS prompts with an error the lower limit is that of Wilson's upper limit of the
    share of errors.
    """
    said = np.unique(verdicts)
    if len(said) == 1:
        note = (
            "no verdict on any row"
            if said[0] == INVALID
            else one_class(verdicts, "it names")
        )
        return replace(found, low=np.nan, high=np.nan, note=note)
    wrong = (verdicts != labels).astype(np.float64)
    if found.note or len(np.unique(prompts[wrong > 0])) >= FEW_ERRORS:
        return found
    shares = [[(values == c).mean() for c in CLASSES] for values in (labels, verdicts)]
    chance = 1 - float(np.dot(*np.asarray(shares)))
    most = rate_interval(wrong, prompts, plan).high
    return replace(found, low=min(found.low, 1 - most / chance))
