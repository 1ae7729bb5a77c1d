"""JSON encoder that is made once for all values that are written in one way.

`json.JSONEncoder` makes its compiled part anew for each value, which takes longer than most
of our values do. The text is the same. A value that holds itself is a `RecursionError`.
"""

from __future__ import annotations

import json.encoder
from collections.abc import Callable
from typing import Any


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
