"""Security layer of the web app: refusals, token cookie, response headers.

A page on loopback can be reached by every web site you have open: trust no request. A
site may point a name of its own at 127.0.0.1 (so `Host` is checked), send a form here
(so `Origin`, `Sec-Fetch-Site` and a secret in the form are checked) or frame the page
(so it can't be). What a page may do is said by a Content-Security-Policy without inline
script; beyond loopback nothing is answered without the token.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fellowship.viewer.access import AccessPolicy, Refusal

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
    # Not no-referrer: with that, browsers send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}

COOKIE = "fellowship_token"


class AccessMiddleware:
    """The gate in front of an app: refuses, asks for the token, adds the headers."""

    def __init__(self, app: App, access: AccessPolicy) -> None:
        self.app = app
        self.access = access

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
        refusal = self.access.refusal(scope["method"], headers)
        if refusal is None and self.access.token:
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            if "token" in query and self.access.accepts_token(query["token"]):
                await send_token_cookie(scope, send, self.access.token)
                return
            if not self.access.accepts_token(token_cookie(headers.get("cookie", ""))):
                refusal = Refusal(401, "open the printed address, with its token")
        if refusal is not None:
            await send_plain(send, refusal.status, f"{refusal.why}\n")
            return
        await self.app(scope, receive, with_headers(send))


def token_cookie(header: str) -> str:
    """The token a browser was given."""
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def with_headers(send: Send) -> Send:
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
    out = with_headers(send)
    await out({"type": "http.response.start", "status": status, "headers": head})
    await out({"type": "http.response.body", "body": text.encode()})


async def send_token_cookie(scope: Scope, send: Send, token: str) -> None:
    """Take the token out of the address and keep it in a cookie no script can read."""
    rest = [p for p in parse_qsl(scope["query_string"].decode()) if p[0] != "token"]
    path = scope["path"] if not scope["path"].startswith("//") else "/"
    to = path + (f"?{urlencode(rest)}" if rest else "")
    kept = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict"
    where = (b"location", to.encode("ascii", "xmlcharrefreplace"))
    await send_plain(send, 303, "", where, (b"set-cookie", kept.encode()))
