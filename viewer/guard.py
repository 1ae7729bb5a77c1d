"""A page on loopback can be reached by every web site you have open: trust no request.

A site may point a name of its own at 127.0.0.1 (so `Host` is checked), send a form here
(so `Origin`, `Sec-Fetch-Site` and a secret in the form are checked) or frame the page (so
it can't be). What a page may do is said by a Content-Security-Policy without inline
script; beyond loopback nothing is answered without the token.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qsl, urlencode

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}

# Not no-referrer: with that, browsers send `Origin: null` with our own forms.

COOKIE = "fellowship_token"
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?")
LOCAL = {"localhost", "127.0.0.1", "[::1]"}


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    why: str


@dataclass(frozen=True)
class Gate:
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
        if not self.known(host):
            return Refusal(421, "this server doesn't go by that name")
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"http://{host}":
            return Refusal(403, "the request comes from another site")
        site = headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none"):
            return Refusal(403, "the request comes from another site")
        if method == "POST" and origin is None:
            return Refusal(403, "a form must say which page it comes from")
        return None

    def known(self, host: str) -> bool:
        """Whether a `Host` is one of ours: loopback, or an address when we are open."""
        found = HOST.fullmatch(host)
        if not found:
            return False
        name = found[1]
        if name in LOCAL or name == self.host.lower():
            return True
        return bool(self.token) and not loopback(self.host) and numeric(name)

    def admits(self, given: str) -> bool:
        """Whether this is the token, or none is needed."""
        return not self.token or hmac.compare_digest(
            given.encode(), self.token.encode()
        )

    def own_form(self, given: str) -> bool:
        """Whether a form was written by this process."""
        return hmac.compare_digest(given.encode(), self.form.encode())


def loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def numeric(name: str) -> bool:
    """Whether a host is an address: no site can point one somewhere else."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


class Guard:
    """The gate in front of an app: refuses, asks for the token, adds the headers."""

    def __init__(self, app: App, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection; anything but HTTP is closed, but for the server's own start."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {
            k.decode("latin-1").lower(): v.decode("latin-1")
            for k, v in scope["headers"]
        }
        refusal = self.gate.refusal(scope["method"], headers)
        if refusal is None and self.gate.token:
            asked = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            if "token" in asked and self.gate.admits(asked["token"]):
                await send_entry(scope, send, self.gate.token)
                return
            if not self.gate.admits(cookie(headers.get("cookie", ""))):
                refusal = Refusal(
                    401, "open the address that was printed, token and all"
                )
        if refusal is not None:
            await send_plain(send, refusal.status, f"{refusal.why}\n")
            return
        await self.app(scope, receive, protected(send))


def cookie(header: str) -> str:
    """The token a browser was given."""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def protected(send: Send) -> Send:
    """A `send` that puts the headers on every answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = [h for h in message.get("headers", []) if h[0].lower() not in NAMES]
            message["headers"] = there + ENCODED
        await send(message)

    return sending


ENCODED = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
NAMES = {name for name, _ in ENCODED}


async def send_plain(
    send: Send, status: int, text: str, *headers: tuple[bytes, bytes]
) -> None:
    """A short answer in words."""
    head = [(b"content-type", b"text/plain; charset=utf-8"), *headers]
    out = protected(send)
    await out({"type": "http.response.start", "status": status, "headers": head})
    await out({"type": "http.response.body", "body": text.encode()})


async def send_entry(scope: Scope, send: Send, token: str) -> None:
    """Take the token out of the address and keep it in a cookie no script can read."""
    rest = [p for p in parse_qsl(scope["query_string"].decode()) if p[0] != "token"]
    path = scope["path"] if not scope["path"].startswith("//") else "/"
    to = path + (f"?{urlencode(rest)}" if rest else "")
    kept = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict"
    where = (b"location", to.encode("ascii", "xmlcharrefreplace"))
    await send_plain(send, 303, "", where, (b"set-cookie", kept.encode()))
