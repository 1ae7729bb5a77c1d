"""Codes of verdicts and labels, and checks of arrays of them.

+1 the first candidate won, 0 a tie, -1 the second won, and INVALID for what nobody could
read. An unreadable verdict is not a class and enters no table: it is a share, printed
beside every figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fellowship.errors import InputError

Codes = NDArray[np.int8]
Floats = NDArray[np.float64]

FIRST: Final = 1
TIE: Final = 0
SECOND: Final = -1
INVALID: Final = 2
CLASSES: Final = (SECOND, TIE, FIRST)
"""The order of rows and columns in every table."""

_NAMES: Final = {"first": FIRST, "tie": TIE, "second": SECOND, "invalid": INVALID}


class DataError(InputError, ValueError):
    """The arrays can't be what they are said to be: empty, misshapen, unknown codes."""


class TooFewLabels(DataError):
    """Fewer human labels than the claim asked for needs."""


def encode(winners: Sequence[str]) -> Codes:
    """Winners ("first", "second", "tie", "invalid") as codes, shape (n,)."""
    unknown = sorted(set(winners) - set(_NAMES))
    if unknown:
        raise DataError(f"unknown winners {unknown}; known are {sorted(_NAMES)}")
    return np.array([_NAMES[w] for w in winners], dtype=np.int8)


def as_codes(values: ArrayLike, name: str = "verdicts", ndim: int = 1) -> Codes:
    """`values` as an int8 array of `ndim` axes, checked.

    Raises DataError where it is empty, has other axes, or holds an unknown code.
    """
    given = np.asarray(values)
    if given.ndim != ndim:
        raise DataError(f"{name} must have {ndim} axes, not shape {given.shape}")
    if given.size == 0:
        raise DataError(f"{name} is empty")
    known = (*CLASSES, INVALID)
    unknown = given[~np.isin(given, known)]
    if unknown.size:
        raise DataError(f"{name} holds {unknown.flat[0].item()!r}; codes are {known}")
    return given.astype(np.int8)


def check_aligned(name: str, rows: int, *others: tuple[str, int]) -> None:
    """Raise DataError for arrays that do not have as many rows as the one called `name`."""
    for other, count in others:
        if count != rows:
            raise DataError(f"{name} has {rows} rows but {other} has {count}")


def as_finite(values: ArrayLike, name: str, ndim: int = 1) -> Floats:
    """`values` as finite floats of `ndim` axes; DataError where they are not."""
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != ndim or given.size == 0:
        raise DataError(f"{name} needs {ndim} axes and rows, not shape {given.shape}")
    if not np.isfinite(given).all():
        raise DataError(f"{name} holds a value that is not finite")
    return given


def one_hot(values: Codes) -> Floats:
    """Codes of any shape (...) as (..., 3), in CLASSES order; INVALID is all zeros."""
    same = values[..., None] == np.array(CLASSES, dtype=np.int8)
    return np.asarray(same, dtype=np.float64)


def ratio(above: Floats, below: Floats) -> Floats:
    """above / below, NaN where below is 0."""
    safe = np.where(below == 0, np.nan, below)
    return np.asarray(above / safe, dtype=np.float64)


def mean_without_nan(values: Floats) -> float:
    """The mean of what is defined (not NaN), NaN where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
