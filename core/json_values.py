"""Conversion of values to what JSON can hold."""

from __future__ import annotations

import math
from typing import Any


def json_value(value: Any) -> Any:
    """A value as JSON can hold it: what isn't finite is null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): json_value(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(v) for v in value]
    return value
