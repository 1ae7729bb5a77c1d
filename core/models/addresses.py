"""Addresses of model servers: checked as a recipe is read, joined by a URL library.

A request goes to the host that was written, and to no other: an address that two parsers
read differently is refused, and a path is only ever added to the path.
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError
from yarl import URL

CALLS = "/chat/completions"
"""Where calls go below a base URL. An address that ends so already is taken for one."""


def check_base_url(url: str) -> str:
    """A base URL as it was written, if calls can go there; else a pydantic error.

    It needs http or https and a host, and may have no user, password or fragment: a
    password can't be sent beside a key, and a fragment is never sent.
    """
    fault = address_fault(url)
    if not fault and "@" in urlsplit(url).netloc:
        fault = (
            "it holds a user or a password, which can't be sent beside a key: leave them"
            " out, and name the key's variable in api_key_env"
        )
    return _accept(url, fault)


def check_host(host: str) -> str:
    """An Ollama server as it was written; its scheme may be left out."""
    whole = host if "://" in host else f"http://{host}"
    return _accept(host, address_fault(whole))


def _accept(url: str, fault: str) -> str:
    if fault:
        # An error of a kind of its own: the value is shown without what may be secret.
        why = f"{shown_url(url)!r}: {fault}"
        raise PydanticCustomError("address", "{why}", {"why": why})
    return url


def address_fault(url: str) -> str:
    """Why no request can go to an address, or not surely to its host; '' if it can."""
    if any(c.isspace() or not c.isprintable() or c == "\\" for c in url):
        return "it holds a space, a backslash or an invisible character: leave that out"
    try:
        plain, parsed = urlsplit(url), URL(url)
        port = plain.port
    except ValueError as error:
        return f"it is no address ({error}): give it like http://localhost:8000/v1"
    if plain.scheme.lower() not in ("http", "https"):
        return "it must start with http:// or https://"
    if not plain.hostname or not parsed.raw_host:
        return "it names no host: give it like http://localhost:8000/v1"
    if "#" in url:
        return "what follows its # is never sent: leave that out"
    odd = "%" in plain.hostname or "[" in plain.netloc
    encoded = odd and ":" not in plain.hostname
    # A letter that only looks like one of ASCII's must not become it.
    encoded |= not plain.netloc.isascii() and "xn--" not in parsed.raw_host
    if encoded or port == 0 or not same_host(plain.hostname, parsed):
        return "its host can't be told for sure: write the host plainly"
    return ""


def ip_address(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that a host is, IPv4's where IPv6's maps one; None for a name."""
    try:
        found = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or address."""
    found = ip_address(host)
    return host.lower() == "localhost" or bool(found and found.is_loopback)


def same_host(written: str, parsed: URL) -> bool:
    """Whether both parsers found one host, however it is encoded."""
    if (address := ip_address(written)) is not None:
        return address == ip_address(parsed.raw_host or "")
    try:
        return written.lower() in (
            *((parsed.raw_host or "").lower(), (parsed.host or "").lower()),
            *((parsed.host_subcomponent or "").strip("[]").lower(),),
        )
    except ValueError:
        return False


def shown_url(url: str) -> str:
    """What was written as an address without what may be secret in it.

    It may be none, so nothing is parsed: what has an @ may hold a password anywhere.
    """
    scheme, colon, rest = url.partition("://")
    if "@" in url:
        return f"{scheme}://***" if colon else "***"
    return scheme + colon + rest.partition("?")[0].partition("#")[0]


def base_of(url: str) -> URL:
    """A base URL without the slash at its end and the path of calls, query kept."""
    parsed = URL(url)
    path = parsed.raw_path.rstrip("/").removesuffix(CALLS).rstrip("/")
    return parsed.with_path(path or "/", encoded=True, keep_query=True)


def calls_url(base: str) -> URL:
    """The address that calls of a base URL are sent to, its query kept."""
    return below(base, CALLS)


def below(base: str, path: str) -> URL:
    """The address of a path below a base URL, its query kept."""
    root = base_of(base)
    joined = root.raw_path.rstrip("/") + path
    return root.with_path(joined, encoded=True, keep_query=True)


def shown_address(url: URL) -> str:
    """An address as `doctor` shows it: whole, but for its query, which may be secret."""
    return str(url.with_query(None))
