"""Access checks of requests, by their headers.

Who may ask is decided from headers alone, and never by what is asked for. A web site
you have open may point a name of its own at 127.0.0.1 (so `Host` is checked), or send a
form here (so `Origin`, `Sec-Fetch-Site` and a secret in the form are).
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from dataclasses import dataclass, field
from secrets import token_urlsafe

HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?")
LOCAL = {"localhost", "127.0.0.1", "[::1]"}


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    why: str


@dataclass(frozen=True)
class AccessPolicy:
    """What the server knows of who may ask. `token` is empty where none is needed.

    `form` is this process's own secret, which each form carries.
    """

    host: str = "127.0.0.1"
    token: str = ""
    form: str = field(default_factory=lambda: token_urlsafe(24))

    def refusal(self, method: str, headers: dict[str, str]) -> Refusal | None:
        """Why a request with these headers (names in lower case) is turned away."""
        if method not in ("GET", "HEAD", "POST"):
            return Refusal(405, "only GET, HEAD and POST are answered")
        host = headers.get("host", "").lower()
        if not self.is_known_host(host):
            return Refusal(421, "this server doesn't answer to that host name")
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"http://{host}":
            return Refusal(403, "the request comes from another site")
        site = headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none"):
            return Refusal(403, "the request comes from another site")
        if method == "POST" and origin is None:
            return Refusal(403, "a form must say which page it comes from")
        return None

    def is_known_host(self, host: str) -> bool:
        """Whether a `Host` is one of ours: loopback, or an address when we are open."""
        found = HOST.fullmatch(host)
        if not found:
            return False
        name = found[1]
        if name in LOCAL or name == self.host.lower():
            return True
        return bool(self.token) and not is_loopback(self.host) and is_ip_address(name)

    def accepts_token(self, given: str) -> bool:
        """Whether this is the token, or none is needed."""
        return not self.token or hmac.compare_digest(
            given.encode(), self.token.encode()
        )

    def is_own_form(self, given: str) -> bool:
        """Whether a form was written by this process."""
        return hmac.compare_digest(given.encode(), self.form.encode())


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_ip_address(name: str) -> bool:
    """Whether a host is an address: no site can point one somewhere else."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
