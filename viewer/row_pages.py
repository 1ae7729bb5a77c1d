"""Pages of rows: the list, and one row whole."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fellowship.errors import InputError
from fellowship.pipelines.provenance.provenance import trace
from fellowship.records import Outcome
from fellowship.viewer import number_format, side_by_side, transcripts
from fellowship.viewer.filters import Filters
from fellowship.viewer.index import Index
from fellowship.viewer.listing import listing, neighbours, offered
from fellowship.viewer.pages import Pages
from fellowship.viewer.verdicts import panels


class RowPages:
    """Pages that read outcomes."""

    def __init__(self, index: Index, pages: Pages, header: dict[str, Any]) -> None:
        self.index = index
        self.pages = pages
        self.header = header

    def routes(self) -> list[Route]:
        """Where these pages are."""
        return [
            Route("/", self.list),
            Route("/row/{number:int}", self.row),
        ]

    def list(self, request: Request) -> Response:
        """What became of every row, narrowed by the address's filters."""
        filters = Filters.read(request.query_params)
        return self.pages.page(
            "rows",
            here="rows",
            asked=filters,
            found=listing(self.index, filters),
            offered=offered(self.index),
        )

    def row(self, request: Request) -> Response:
        """One row: its conversation, sessions, candidates, verdicts and why."""
        number = request.path_params["number"]
        outcome = self.index.outcome(number) if number < 1 << 48 else None
        if outcome is None:
            there = number_format.counted(
                self.index.one("SELECT count(*) FROM rows"), "row"
            )
            raise InputError(f"no finished row {number}: {there} read so far")
        asked = request.query_params
        filters = Filters.read(asked)
        written = asked.get("as") == "written"
        pair = self._pair(outcome, asked.get("left", ""), asked.get("right", ""))
        reasons = trace(outcome, self.header)
        before, after = neighbours(self.index, filters, number)
        return self.pages.page(
            "row",
            here="row",
            outcome=outcome,
            summary=self.index.rows("SELECT * FROM rows WHERE number = ?", (number,)),
            asked=filters,
            before=before,
            after=after,
            written=written,
            conversation=transcripts.conversation(outcome, written=written),
            sittings=transcripts.shown_sessions(outcome, written=written),
            names=[
                side_by_side.candidate_name(outcome, i)
                for i in range(len(outcome.candidates))
            ],
            pair=side_by_side.side_by_side(outcome, *pair, written=written),
            alike=side_by_side.alike,
            panels=panels(outcome, reasons),
            reasons=reasons,
        )

    def _pair(self, outcome: Outcome, left: str, right: str) -> tuple[int, int]:
        """The two candidates to set side by side."""
        if left.isdecimal() and right.isdecimal() and len(left + right) < 12:
            return int(left) - 1, int(right) - 1
        return side_by_side.default_pair(outcome)
