"""What is secret stays out of whatever is written down: record, log, error, page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

HIDDEN = "***"
ADDRESS = ("url", "host", "endpoint", "proxy")
OPEN = ("api-version",)
"""Query parameters that are no secret and without which a URL leads nowhere."""
SECRET = ("key", "token", "secret", "password", "authorization")


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


def plain(url: str) -> str:
    """A URL fit for a header that is run again: `public`, with what is known to be open."""
    kept = [(k, v) for k, v in parse_qsl(urlsplit(url).query) if k in OPEN]
    return public(url) + (f"?{urlencode(kept)}" if kept else "")


def secrets_of(url: str) -> tuple[str, ...]:
    """What of a URL is nobody's business."""
    parts = urlsplit(url)
    values = [value for _, value in parse_qsl(parts.query)]
    return tuple(v for v in (parts.password, *values) if v)


def without_secrets(value: Any, name: str = "") -> Any:
    """A configuration fit to be written down: texts under a secret's name are hidden.

    A number is no secret (`max_tokens`), nor is the name of a variable (`api_key_env`).
    Of an address, which may hold anything, user, password and query are left out.
    """
    if isinstance(value, Mapping):
        return {
            k: HIDDEN if secret(k, v) else without_secrets(v, str(k))
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(v, name) for v in value]
    address = isinstance(value, str) and any(part in name.lower() for part in ADDRESS)
    return plain(value) if address else value


def secret(name: str, value: Any) -> bool:
    """Whether a configuration's entry is to be hidden."""
    if not isinstance(value, str) or name.lower().endswith("_env"):
        return False
    return any(part in name.lower() for part in SECRET)
