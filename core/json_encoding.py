"""JSON encoders made once for all values that are written in one way, and quick JSON.

`json.JSONEncoder` makes its compiled part anew for each value, which takes longer than most
of our values do. The text is the same. A value that holds itself is a `RecursionError`.
Where a text's spelling is nobody's business, on a wire, msgspec reads and writes it.
"""

from __future__ import annotations

import json.encoder
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import msgspec

read_quickly = msgspec.json.Decoder().decode
write_quickly = msgspec.json.Encoder().encode

UNWRITABLE = (msgspec.MsgspecError, TypeError, ValueError, RecursionError)
"""What msgspec raises for an integer of more than 64 bits, or half a character."""

MOST_KEPT: Final = 256
"""Values of which `MadeByJson` keeps what it made."""


def parse_json(text: str | bytes) -> Any:
    """What `json.loads` reads, or the error that it raises."""
    try:
        return read_quickly(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # Also what JSON has not and Python reads: NaN, 1e400, half a character.
        return json.loads(text)


def wire_bytes(value: Any) -> bytes:
    """JSON for a wire, without spaces: `json.loads` reads the same from it as from ours.

    Numbers must be finite, as they are in all that has a key in the ledger.
    """
    try:
        return write_quickly(value)
    except UNWRITABLE:
        return json.dumps(value).encode()


Made = TypeVar("Made")


class MadeByJson(Generic[Made]):
    """What `make` makes of a value, kept by the value's JSON: its owner may change it.

    `make` goes by nothing but the JSON, and nobody changes what it made. `holds`: parts of
    the value are in what is made, so it is made of a copy that nobody else has.
    """

    def __init__(self, make: Callable[[Any], Made], *, holds: bool = False) -> None:
        self._make = make
        self._holds = holds
        self._kept: dict[bytes, Made] = {}

    def of(self, value: Any) -> Made:
        """What is made of this value; raises what `make` does."""
        try:
            name = write_quickly(value)
        except UNWRITABLE:
            return self._make(value)
        if b"null" in name:  # it may stand for NaN, which is no JSON
            return self._make(value)
        known = self._kept.get(name)
        if known is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            made = self._make(read_quickly(name) if self._holds else value)
            known = self._kept[name] = made
        return known


def json_encoder(
    *,
    separators: tuple[str, str] = (", ", ": "),
    ensure_ascii: bool = True,
    allow_nan: bool = True,
    sort_keys: bool = False,
    default: Callable[[Any], Any] | None = None,
) -> Callable[[Any], str]:
    """What writes a value as `json.dumps` would with these options."""
    whole = json.JSONEncoder(
        separators=separators,
        ensure_ascii=ensure_ascii,
        allow_nan=allow_nan,
        sort_keys=sort_keys,
        default=default,
    )
    compiled = getattr(json.encoder, "c_make_encoder", None)
    if compiled is None:
        return whole.encode
    module, (item, key) = json.encoder, separators
    quote = module.encode_basestring_ascii if ensure_ascii else module.encode_basestring
    options = (key, item, sort_keys, False, allow_nan)
    parts = compiled(None, whole.default, quote, None, *options)
    return lambda value: "".join(parts(value, 0))
