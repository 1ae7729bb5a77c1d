"""Waits that providers ask for: in headers, in bodies and in words.

A wait is said to be the provider's only where it named one: none, 0 and a time that is
past are no wait.
"""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
NUMBER = r"\d+(?:\.\d+)?"
GO = re.compile(rf"(?:{NUMBER}(?:ms|s|m|h|d)\s*)+")
PART = re.compile(rf"({NUMBER})(ms|s|m|h|d)")
IN_WORDS = re.compile(
    rf"(?:again|retry|wait)\D{{0,20}}?((?:{NUMBER}\s*(?:ms|s|m|h)\b\s*)+|{NUMBER} ?sec\w*)",
    re.IGNORECASE,
)
MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")
LIMITS = ("requests", "tokens")


def seconds_of(value: object) -> float | None:
    """Seconds of `20`, `"1.5s"`, Go's `"2m52.8s"` or an HTTP date; None for no wait."""
    text = str(value).strip().lower()
    try:
        seconds = float(text)
    except ValueError:
        if GO.fullmatch(text):
            seconds = sum(float(n) * UNITS[unit] for n, unit in PART.findall(text))
        else:
            seconds = _until(str(value))
    return seconds if 0 < seconds < float("inf") else None


def _until(date: str) -> float:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return 0.0


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The wait that headers ask for, in seconds; the exact one first."""
    for name in MILLISECONDS:
        if (wait := seconds_of(headers.get(name))) is not None:
            return wait / 1000
    if "retry-after" in headers:
        return seconds_of(headers.get("retry-after"))
    resets = [
        seconds_of(headers.get(f"x-ratelimit-reset-{limit}"))
        for limit in LIMITS
        if _is_used_up(headers.get(f"x-ratelimit-remaining-{limit}"))
    ]
    waits = [wait for wait in resets if wait is not None and wait < 1e6]
    return max(waits, default=None)


def _is_used_up(remaining: str | None) -> bool:
    try:
        return float(remaining or "") <= 0
    except ValueError:
        return False


def wait_in_words(message: str) -> float | None:
    """The wait that a message asks for: "Please try again in 1m2.5s"."""
    found = IN_WORDS.search(message)
    if found is None:
        return None
    text = re.sub(r"sec\w*", "s", found[1].lower()).replace(" ", "")
    return seconds_of(text)
