"""Pages of calls: one whole, the newest ones, and the run's header."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fellowship.errors import InputError
from fellowship.ledger import CALL_COLUMNS, HAS_UNUSABLE, CallRow
from fellowship.models.record.reply_notes import reply_notes
from fellowship.viewer.index import Index
from fellowship.viewer.pages import Pages

LATEST = 30
"""Replies on the page of what is being said now."""

CALL_SQL = f"SELECT {CALL_COLUMNS} FROM run.calls WHERE key = ?"
LATEST_SQL = (
    "SELECT key, seat, role, model, substr(text, 1, 600) AS text, length(text) AS size,"
    " prompt_tokens + completion_tokens AS tokens, usd, started, seconds, finish"
    " FROM run.calls ORDER BY id DESC LIMIT ?"
)
FAILURES_SQL = (
    "SELECT key, model, kind, substr(message, 1, 400) AS message, started, seconds"
    " FROM run.failures ORDER BY id DESC LIMIT ?"
)
SPENDING_SQL = (
    "SELECT count(*) AS calls, coalesce(sum(prompt_tokens), 0) AS prompt,"
    " coalesce(sum(completion_tokens), 0) AS completion, coalesce(sum(usd), 0.0) AS usd,"
    " count(*) - count(usd) AS unpriced FROM"
    " (SELECT prompt_tokens, completion_tokens, usd FROM run.calls{unusable})"
)
UNUSABLE_SQL = (
    " UNION ALL SELECT prompt_tokens, completion_tokens, usd FROM run.unusable_replies"
)


class CallPages:
    """Pages that read calls, and the run's header."""

    def __init__(self, index: Index, pages: Pages, header: dict[str, Any]) -> None:
        self.index = index
        self.pages = pages
        self.header = header

    def routes(self) -> list[Route]:
        """Where these pages are."""
        return [
            Route("/call/{key}", self.call),
            Route("/live", self.live),
            Route("/recipe", self.recipe),
        ]

    def call(self, request: Request) -> Response:
        """One call: the exact request, the raw reply, and every try that failed."""
        key = request.path_params["key"]
        found = self.index.rows(CALL_SQL, (key,))
        tries = self.index.rows("SELECT * FROM run.failures WHERE key = ?", (key,))
        if not found and not tries:
            raise InputError(f"no call {key!r} in this run")
        row = CallRow(*found[0]) if found else None
        request_json = json_or_none(row.request) if row else {}
        number = request.query_params.get("row", "")
        return self.pages.page(
            "call",
            here="call",
            key=key,
            call=row,
            tries=tries,
            back=number if re.fullmatch("[0-9]{1,15}", number) else "",
            messages=request_json.get("messages", [])
            if isinstance(request_json, dict)
            else [],
            request_text=indent_json(row.request) if row else "",
            thinking=reply_notes(row.reply).get("thinking", "") if row else "",
            reply_text=indent_json(row.reply) if row else "",
        )

    def live(self, request: Request) -> Response:
        """The newest replies, the calls in flight, and what went wrong last."""
        return self.pages.page(
            "live",
            here="live",
            latest=self.index.rows(LATEST_SQL, (LATEST,)),
            flying=self.index.rows(
                "SELECT model, count(*) AS calls, min(started) AS oldest"
                " FROM run.sent GROUP BY model ORDER BY model"
            ),
            trouble=self.index.rows(FAILURES_SQL, (LATEST,)),
            spent=self.index.rows(self._spending_sql())[0],
        )

    def _spending_sql(self) -> str:
        """The query of what was spent, the replies paid for in vain among it."""
        listed = HAS_UNUSABLE.replace("sqlite_master", "run.sqlite_master")
        more = UNUSABLE_SQL if self.index.rows(listed) else ""
        return SPENDING_SQL.format(unusable=more)

    def recipe(self, request: Request) -> Response:
        """The run's header: the recipe as it was resolved, digests, versions."""
        text = json.dumps(self.header, indent=2, ensure_ascii=False)
        return self.pages.page("recipe", here="recipe", text=text)


def json_or_none(text: str) -> Any:
    """A JSON value; None where the text is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def indent_json(text: str) -> str:
    """JSON over several lines, its letters as they are; any other text unchanged."""
    value = json_or_none(text)
    return text if value is None else json.dumps(value, indent=2, ensure_ascii=False)
