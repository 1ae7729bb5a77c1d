"""Secrets, and how they are hidden from records, logs, errors and pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

STARS = "***"
ADDRESS = ("url", "host", "endpoint", "proxy", "proxies", "address")
OPEN = ("api-version",)
"""Query parameters that are no secret and without which a URL leads nowhere."""
SECRET = (
    *("key", "token", "secret", "password", "passwd", "authorization", "bearer"),
    *("credential", "cookie", "jwt", "signature", "connection_string"),
)
PLAIN = ("tokenizer", "tokenization", "token_type", "keyword", "monkey", "keyboard")
"""Words that hold a secret's word and are none: what shapes an answer must be seen."""
WHOLE = ("headers", "env")
"""Entries whose texts may each be a secret, whatever their names."""

NAMING = ("models", "properties")
"""Entries whose own entries have names that somebody chose: they tell nothing."""


def redact(secrets: Iterable[str], text: str) -> str:
    """The text with each secret made stars: providers quote keys in their errors."""
    for secret in secrets:
        if len(secret) > 3:
            text = text.replace(secret, "***")
    return text


def public_url(url: str) -> str:
    """A URL fit to be written down: without user, password and query."""
    parts = urlsplit(url)
    if not (parts.query or parts.username or parts.password):
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def runnable_url(url: str) -> str:
    """`public_url` with the query parameters that are no secret, fit to be run again."""
    kept = [(k, v) for k, v in parse_qsl(urlsplit(url).query) if k in OPEN]
    return public_url(url) + (f"?{urlencode(kept)}" if kept else "")


def secrets_in_url(url: str) -> tuple[str, ...]:
    """The password and the query's values of a URL."""
    parts = urlsplit(url)
    values = [value for _, value in parse_qsl(parts.query)]
    return tuple(v for v in (parts.password, *values) if v)


def hide_secrets(value: Any, name: str = "") -> Any:
    """A configuration with the texts under a secret's name hidden, however deep they lie.

    A model's own name is no secret, whatever it contains, nor is a property's in a
    schema, a number (`max_tokens`), or the name of a variable (`api_key_env`). Of an
    address, which may hold anything, user, password and query are left out.
    """
    if isinstance(value, Mapping):
        return {
            k: hide_texts(v)
            if name not in NAMING and is_secret(str(k))
            else hide_secrets(v, entry_name(name, k))
            for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [hide_secrets(v, name) for v in value]
    address = isinstance(value, str) and any(part in name.lower() for part in ADDRESS)
    return runnable_url(value) if address else value


def secrets_in(value: Any, name: str = "", is_hidden: bool = False) -> list[str]:
    """The texts of a configuration that `hide_secrets` hides."""
    if isinstance(value, Mapping):
        found = [
            secrets_in(
                v, str(k), is_hidden or (name not in NAMING and is_secret(str(k)))
            )
            for k, v in value.items()
        ]
    elif isinstance(value, list | tuple):
        found = [secrets_in(v, name, is_hidden) for v in value]
    else:
        return [value] if is_hidden and isinstance(value, str) else []
    return [text for texts in found for text in texts]


def entry_name(name: str, key: object) -> str:
    """The name of an entry: of what lies in proxies, each is an address too."""
    return f"{name}.{key}" if "prox" in name.lower() else str(key)


def hide_texts(value: Any) -> Any:
    """The value with each text in it hidden, and each number, flag and name left."""
    if isinstance(value, Mapping):
        return {k: hide_texts(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [hide_texts(v) for v in value]
    return STARS if isinstance(value, str) else value


def is_secret(name: str) -> bool:
    """Whether the texts of a configuration's entry are to be hidden."""
    lower = name.lower()
    if lower.endswith("_env"):
        return False
    for word in PLAIN:
        lower = lower.replace(word, "")
    return lower.endswith(WHOLE) or any(part in lower for part in SECRET)
