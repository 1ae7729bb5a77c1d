"""Canonical JSON, its digests, and seeds derived from them.

Two things are the same when their canonical JSON is the same.
"""

from __future__ import annotations

import hashlib
from typing import Any

from fellowship.json_encoding import json_encoder

canonical_text = json_encoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
"""`canonical_json` of a value before it is encoded; it may hold lone surrogates."""


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: one spelling for one value.

    A lone surrogate, which JSON allows and UTF-8 does not, is kept as an escape.
    """
    return canonical_text(value).encode("utf-8", "backslashreplace")


def digest(value: Any, size: int = 32) -> str:
    """Hex BLAKE2b of the canonical JSON; `size` bytes, so twice as many letters."""
    return hashlib.blake2b(canonical_json(value), digest_size=size).hexdigest()


def derived_seed(*parts: object) -> int:
    """A 31-bit seed that depends on every part and on nothing else."""
    return int(digest([str(part) for part in parts], 4), 16) & 0x7FFFFFFF
