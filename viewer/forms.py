"""Forms of the viewer's own pages, read with limits.

A form is believed only if this server wrote it.
"""

from __future__ import annotations

from urllib.parse import parse_qs, unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request

from fellowship.sanitize import single_line
from fellowship.viewer.access import AccessPolicy

NAME = "fellowship_annotator"
"""The cookie with the name of whoever labels in a browser."""

LONGEST = 32_000_000
"""Bytes of a form: some hundred thousand labels."""


async def read_own_form(request: Request, access: AccessPolicy) -> dict[str, str]:
    """A form of our own pages; anything else is turned away."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            raise HTTPException(413, "the form is too long")
    values = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    form = {name: values[0] for name, values in values.items()}
    if not access.is_own_form(form.pop("form", "")):
        raise HTTPException(403, "the form is not from this server: reload the page")
    return form


def annotator(request: Request) -> str:
    """Who labels in this browser; empty where nobody has said."""
    return single_line(unquote(request.cookies.get(NAME, "")), 100)
