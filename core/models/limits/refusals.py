"""Failure kinds of providers' refusals: by status, by header, by broken connection."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Iterator, Mapping

from fellowship.errors import Failure

UNSENT = {
    *("ConnectionRefusedError", "gaierror"),
    *("ClientConnectorError", "ConnectionTimeoutError"),
}
"""Errors of httpx, aiohttp and the socket before a request is on its way."""


def failure_kind(status: int, code: str | None, message: str) -> Failure:
    """The kind of failure of an HTTP status, with the cases its number does not tell."""
    text = f"{code or ''} {message}".lower()
    if status == 429:
        return "quota" if "insufficient_quota" in text else "rate"
    if status in (400, 413, 422):
        if "context" in text and (
            "length" in text or "size" in text or "exceed" in text
        ):
            return "too-long"
        return "filtered" if "content_filter" in text else "rejected"
    if status in (401, 403):
        return "auth"
    if status == 402:
        return "quota"
    if status == 404:
        return "missing"
    if status in (502, 503, 504, 529):
        return "unavailable"
    return "server" if status >= 500 or status in (408, 409) else "rejected"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, from seconds or from a date; None if absent or absurd."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError):
            return None
    return seconds if 0 <= seconds < float("inf") else None


def was_never_sent(error: BaseException) -> bool:
    """Whether no connection was made, so that nothing can have been sent or paid for.

    By the socket's and aiohttp's errors: the SDK calls a reset a time-out of connecting.
    """
    names = {k.__name__ for cause in error_chain(error) for k in type(cause).__mro__}
    return bool(names & UNSENT)


def connection_error(error: BaseException) -> OSError | None:
    """The socket's own error behind an SDK's, which calls some of them time-outs."""
    return next(
        (
            cause
            for cause in error_chain(error)
            if isinstance(cause, OSError) and not isinstance(cause, TimeoutError)
        ),
        None,
    )


def error_chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what it came from, and so on; each once."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def shorten(value: object, room: int = 300) -> str:
    """The beginning of a provider's own words."""
    text = " ".join(str(value).split())
    return text if len(text) <= room else text[: room - 1] + "…"
