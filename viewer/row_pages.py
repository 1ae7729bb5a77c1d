"""Pages of rows: the list, and one row whole."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fellowship.errors import InputError
from fellowship.number_format import counted
from fellowship.pipelines.pairing.row_state import count_rows_left
from fellowship.pipelines.provenance.list_rankings import (
    comparisons_left_out,
    row_rankings,
)
from fellowship.pipelines.provenance.provenance import trace
from fellowship.records import Outcome
from fellowship.viewer import side_by_side, transcripts
from fellowship.viewer.filters import Filters
from fellowship.viewer.index import Index
from fellowship.viewer.listing import filter_options, listing, neighbours
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
        filters = Filters.from_query(request.query_params)
        return self.pages.page(
            "rows",
            here="rows",
            chosen=filters,
            found=listing(self.index, filters),
            options=filter_options(self.index),
            left=count_rows_left(self.index.run),
        )

    def row(self, request: Request) -> Response:
        """One row: its conversation, sessions, candidates, verdicts and why."""
        number = request.path_params["number"]
        outcome = self.index.outcome(number) if number < 1 << 48 else None
        if outcome is None:
            there = counted(self.index.first_value("SELECT count(*) FROM rows"), "row")
            raise InputError(f"no finished row {number}: {there} read so far")
        query = request.query_params
        filters = Filters.from_query(query)
        written = query.get("as") == "written"
        pair = self._chosen_pair(outcome, query.get("left", ""), query.get("right", ""))
        reasons = trace(outcome, self.header)
        before, after = neighbours(self.index, filters, number)
        return self.pages.page(
            "row",
            here="row",
            outcome=outcome,
            summary=self.index.rows("SELECT * FROM rows WHERE number = ?", (number,)),
            chosen=filters,
            before=before,
            after=after,
            written=written,
            conversation=transcripts.prompt_views(outcome, written=written),
            sessions=transcripts.session_views(outcome, written=written),
            names=[
                side_by_side.candidate_name(outcome, i)
                for i in range(len(outcome.candidates))
            ],
            pair=side_by_side.side_by_side(outcome, *pair, written=written),
            similarity=side_by_side.similarity,
            differing=side_by_side.is_diffable(outcome, pair),
            rankings=(rankings := row_rankings(outcome)),
            left_out=comparisons_left_out(len(reasons.meetings)),
            panels=[] if rankings else panels(outcome, reasons),
            reasons=reasons,
        )

    def _chosen_pair(self, outcome: Outcome, left: str, right: str) -> tuple[int, int]:
        """The two candidates to set side by side."""
        if left.isdecimal() and right.isdecimal() and len(left + right) < 12:
            return int(left) - 1, int(right) - 1
        return side_by_side.default_pair(outcome)
