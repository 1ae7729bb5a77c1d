"""Conversion of values to what JSON can hold."""

from __future__ import annotations

import math
from typing import Any


def finite_number(value: Any) -> float | None:
    """The number that a cell or a JSON value is or spells; None where it is none.

    An integer may be too large for a float; infinities and NaN are no numbers here.
    """
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def json_value(value: Any) -> Any:
    """A value as JSON can hold it: what isn't finite is null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): json_value(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(v) for v in value]
    return value
