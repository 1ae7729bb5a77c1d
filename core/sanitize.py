"""Sanitized text: control characters spelled out before a terminal or page shows them.

What a model wrote is shown, never obeyed. A control character could move the cursor, a mark
turn the reading direction, half a character stop an encoder.
"""

from __future__ import annotations

import re

CONTROL_CHARACTERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff]"
)
"""Controls but newline and tab, marks that turn text around, and lone surrogates."""


def sanitize(text: str) -> str:
    """The text with every control character spelled out: ESC becomes `\\x1b`."""
    plain = text.replace("\r\n", "\n")
    return CONTROL_CHARACTERS.sub(lambda found: ascii(found.group())[1:-1], plain)


def single_line(text: str, room: int = 0) -> str:
    """The text sanitized, on one line, and cut to `room` letters if that is given."""
    flat = " ".join(sanitize(text).split())
    return flat if not room or len(flat) <= room else flat[: room - 1] + "…"


def replace_surrogates(text: str) -> str:
    """The text with lone surrogates, which no file can hold, made replacement marks."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
