"""Web application of one run.

It reads the ledger, and writes nothing but people's labels.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fellowship.errors import FellowshipError, InputError
from fellowship.models.providers.pricing import price_of
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.running.status import count_source_rows
from fellowship.run_folder import is_running, read_header
from fellowship.viewer.access import AccessPolicy
from fellowship.viewer.call_pages import CallPages
from fellowship.viewer.index import Index
from fellowship.viewer.label_pages import LabelPages
from fellowship.viewer.label_table_page import LabelTablePage
from fellowship.viewer.live_updates import Watcher
from fellowship.viewer.pages import Pages
from fellowship.viewer.row_pages import RowPages
from fellowship.viewer.security import AccessMiddleware

STATIC = {
    "base.css": "text/css",
    "viewer.css": "text/css",
    "viewer.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}
"""Every file that is served, by name: there is no path to go astray on."""


class Viewer:
    """What the pages of one server share."""

    def __init__(self, run: Path, access: AccessPolicy) -> None:
        self.run = run
        self.header = read_header(run)
        self.access = access
        self.index = Index(run)
        self.watcher = Watcher(self.index)
        self.pages = Pages(
            {
                "run_name": run.resolve().name,
                "form_secret": access.form,
                "index": self.index,
                "watcher": self.watcher,
                "running": lambda: is_running(run),
                "expected": count_source_rows(self.header.get("recipe")),
                "unpaid": unpriced_cost(self.header.get("recipe")),
            }
        )

    def changes(self, request: Request) -> Response:
        """What has changed, in a few bytes, for a page that is open."""
        watcher = self.watcher
        return JSONResponse(
            {
                "rows": watcher.rows,
                "calls": watcher.calls,
                "waiting": self.index.waiting,
                "running": is_running(self.run),
                "fault": watcher.fault,
            }
        )

    def error_page(self, request: Request, error: Exception) -> Response:
        """A page for what went wrong on purpose: a wrong address, a broken ledger."""
        if isinstance(error, HTTPException):
            why = "there is no such page" if error.status_code == 404 else error.detail
            return self.pages.error_page(error.status_code, why)
        return self.pages.error_page(
            404 if isinstance(error, InputError) else 503, str(error)
        )

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Watch the ledger while the server runs."""
        self.watcher.start()
        try:
            yield
        finally:
            self.watcher.stop()
            self.index.close()


def unpriced_cost(recipe: object) -> str:
    """What calls without a price cost: nothing, unless some model's price is unknown."""
    try:
        models = Recipe.model_validate(recipe).models.values()
    except (FellowshipError, ValueError):
        return "$0"
    return "unknown" if any(price_of(config) is None for config in models) else "$0"


def static_responses() -> dict[str, Response]:
    """The files of the page, read once."""
    folder = files("fellowship.viewer") / "static"
    return {
        name: Response((folder / name).read_bytes(), media_type=kind)
        for name, kind in STATIC.items()
    }


def create_app(run: Path, access: AccessPolicy) -> AccessMiddleware:
    """The app for the run's folder. `LedgerError` where it isn't one."""
    viewer = Viewer(run, access)
    served = static_responses()

    def file(request: Request) -> Response:
        found = served.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return found

    routes = [
        Route("/static/{name}", file),
        Route("/pulse", viewer.changes),
        *RowPages(viewer.index, viewer.pages, viewer.header).routes(),
        *CallPages(viewer.index, viewer.pages, viewer.header).routes(),
        *LabelPages(viewer.index, viewer.pages, access).routes(),
        *LabelTablePage(viewer.index, viewer.pages, access).routes(),
    ]
    handlers: dict[Any, Any] = {
        HTTPException: viewer.error_page,
        FellowshipError: viewer.error_page,
    }
    app = Starlette(
        routes=routes, exception_handlers=handlers, lifespan=viewer.lifespan
    )
    return AccessMiddleware(app, access)
