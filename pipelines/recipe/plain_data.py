"""Plain data of a record: what was set of it, as JSON values.

A default that nobody set is left out, so that it stays a default; the key that says which
settings an entry has is always there.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

KINDS = ("team", "provider")
"""Keys by which the settings of an entry are told apart."""


def plain_data(record: BaseModel) -> dict[str, Any]:
    """The fields that were set, and the kinds of all entries."""
    given = record.model_dump(mode="json", exclude_unset=True)
    _add_kinds(given, record.model_dump(mode="json"))
    return given


def _add_kinds(given: Any, whole: Any) -> None:
    if isinstance(given, dict):
        for kind in KINDS:
            if kind in whole and kind not in given:
                given[kind] = whole[kind]
        for key, inner in given.items():
            _add_kinds(inner, whole[key])
    elif isinstance(given, list):
        for one, other in zip(given, whole, strict=True):
            _add_kinds(one, other)
