"""Failure kinds of providers' refusals: by status, by header, by broken connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fellowship.errors import Failure
from fellowship.models.limits.error_bodies import ErrorBody
from fellowship.models.limits.error_words import kind_by_words
from fellowship.models.limits.waits import retry_after, wait_in_words

UNSENT = {
    *("ConnectionRefusedError", "gaierror"),
    *("ClientConnectorError", "ConnectionTimeoutError"),
}
"""Errors of httpx, aiohttp and the socket before a request is on its way."""


OUTAGES = frozenset({502, 503, 504, 598, 599, *range(520, 531)})
"""Statuses of an endpoint, or of what stands before it, that is out for a while."""

BY_STATUS: Mapping[int, Failure] = {
    **dict.fromkeys((401, 403), "auth"),
    402: "quota",
    **dict.fromkeys((404, 410), "missing"),
    **dict.fromkeys((408, 409, 425, 499), "server"),
    413: "too-long",
    429: "rate",
    501: "rejected",
    **dict.fromkeys(OUTAGES, "unavailable"),
}
"""What a status means where the words say nothing else. Other 5xx: the server's fault."""

TRUSTED: frozenset[Failure] = frozenset({"filtered", "too-long", "quota"})
"""Meanings that words have under any status: gateways wrap others' errors in a 500."""


def failure_kind(status: int, code: str | None, message: str) -> Failure:
    """The kind of a failure by its status, its codes and its words.

    A parameter that a model is not allowed (OpenAI's 403 for logprobs) is a request's own
    fault, as under 400.
    """
    by_status = BY_STATUS.get(status, "server" if status >= 500 else "rejected")
    by_words = kind_by_words(f"{code or ''} {message}")
    if status == 402 and by_words == "rate":
        return "rate"
    if by_words is not None and (
        by_words in TRUSTED or by_status in ("rejected", "auth")
    ):
        return by_words
    text = message.lower()
    sized = "length" in text or "size" in text or "exceed" in text
    if status in (400, 413, 422) and "context" in text and sized:
        return "too-long"
    if status == 403 and "not allowed to request" in text:
        return "rejected"
    return by_status


def http_failure(
    status: int, headers: Mapping[str, str], body: ErrorBody
) -> tuple[Failure, float | None]:
    """The kind of an HTTP error, and the seconds of wait that its provider asked for.

    `x-should-retry` goes before the status, as in OpenAI's own client.
    """
    kind = failure_kind(status, body.codes, body.message)
    wait = retry_after(headers)
    if wait is None and kind in ("rate", "quota"):
        wait = body.wait or wait_in_words(body.message)
    should = headers.get("x-should-retry", "").strip().lower()
    if should == "false" and kind in ("server", "unavailable"):
        kind = "rejected"
    elif should == "true" and kind == "rejected":
        kind = "server"
    return kind, wait if kind in ("rate", "quota", "unavailable") else None


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
