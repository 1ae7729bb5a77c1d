"""What every HTTP API has in common: statuses, Retry-After, and replies too large to read.

A reply is cut off at `LARGEST` bytes while it comes in, so that a broken server can't fill
our memory; no compression is asked for, so that the bytes on the wire are the reply.
"""

from __future__ import annotations

import email.utils
import functools
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from fellowship.errors import Failure

LARGEST = 8_000_000
"""Bytes of the largest reply that is read. More is a fault, not an answer."""

PLAIN = {"Accept-Encoding": "identity"}


class TooLarge(Exception):
    """A reply went on beyond `LARGEST` bytes."""


class Limited:
    """A response's stream that ends in `TooLarge` where it goes on for too long."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for block in self._stream:
            read += len(block)
            if read > LARGEST:
                raise TooLarge
            yield block

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._stream.aclose()


@functools.cache
def limited(stream: type[Any]) -> Any:
    """`Limited` for streams of this class: httpx, and the OpenAI SDK's own copy of it,
    each insist on their own base class."""
    base = next(k for k in stream.__mro__ if k.__name__ == "AsyncByteStream")
    return type("Limited", (Limited, base), {})


async def limit(response: Any) -> None:
    """An httpx event hook for responses: none is read beyond `LARGEST`."""
    kind: Any = type(response.stream)
    response.stream = limited(kind)(response.stream)


def kind_of(status: int, code: str | None, message: str) -> Failure:
    """Our word for an HTTP status, with the two cases its number does not tell."""
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


def wish(headers: Mapping[str, str]) -> float | None:
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


def broken_connection(error: BaseException) -> OSError | None:
    """The socket's own error behind an SDK's, which calls some of them time-outs."""
    return next(
        (
            cause
            for cause in causes(error)
            if isinstance(cause, OSError) and not isinstance(cause, TimeoutError)
        ),
        None,
    )


def never_sent(error: BaseException) -> bool:
    """Whether no connection was made, so that nothing can have been asked or paid.

    By the socket's and aiohttp's errors: the SDK calls a reset a time-out of connecting.
    """
    names = {k.__name__ for cause in causes(error) for k in type(cause).__mro__}
    return bool(names & UNSENT)


UNSENT = {
    *("ConnectionRefusedError", "gaierror"),
    *("ClientConnectorError", "ConnectionTimeoutError"),
}


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it came from, and so on; each once."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def shortened(value: object, room: int = 300) -> str:
    """The beginning of a provider's own words."""
    text = " ".join(str(value).split())
    return text if len(text) <= room else text[: room - 1] + "…"


def without(secrets: Iterable[str], text: str) -> str:
    """The text with each secret made stars: providers quote keys in their errors."""
    for secret in secrets:
        if len(secret) > 3:
            text = text.replace(secret, "***")
    return text


def public(url: str) -> str:
    """A URL fit to be written down: without user, password and query."""
    parts = urlsplit(url)
    if not (parts.query or parts.username or parts.password):
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def secrets_of(url: str) -> tuple[str, ...]:
    """What of a URL is nobody's business."""
    parts = urlsplit(url)
    values = [value for _, value in parse_qsl(parts.query)]
    return tuple(v for v in (parts.password, *values) if v)


HIDDEN = "***"
SECRET = ("key", "token", "secret", "password", "authorization")


def without_secrets(value: Any) -> Any:
    """A configuration fit to be written down: texts under a secret's name are hidden.

    A number is no secret (`max_tokens`), nor is the name of a variable (`api_key_env`).
    """
    if isinstance(value, Mapping):
        return {
            k: HIDDEN if secret(k, v) else without_secrets(v) for k, v in value.items()
        }
    return [without_secrets(v) for v in value] if isinstance(value, list) else value


def secret(name: str, value: Any) -> bool:
    """Whether a configuration's entry is to be hidden."""
    if not isinstance(value, str) or name.lower().endswith("_env"):
        return False
    return any(part in name.lower() for part in SECRET)
