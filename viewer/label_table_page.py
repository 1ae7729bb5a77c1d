"""Page of all labels, with upload and download as lines."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fellowship.errors import InputError
from fellowship.pipelines.agreement.drift_cells import HISTORY_HEADS, history_cells
from fellowship.pipelines.agreement.drift_history import read_history
from fellowship.pipelines.choosing import choice_cells
from fellowship.pipelines.choosing.choice_file import kept_choice
from fellowship.pipelines.imports.label_exchange import (
    AttachReport,
    attach_labels,
    write_labels,
)
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.pipelines.labels.run_labels import (
    HumanLabel,
    count_by_annotator,
    latest_labels,
)
from fellowship.viewer import label_queue
from fellowship.viewer.access import AccessPolicy
from fellowship.viewer.forms import annotator, read_own_form
from fellowship.viewer.index import Index
from fellowship.viewer.label_report import MARGINS, chances_at, label_reports
from fellowship.viewer.pages import Pages
from fellowship.viewer.report.drift import drift_plot
from fellowship.viewer.report.frontier_plot import frontier_plot

SHORT_QUEUE_WORDS = {
    "measure": "at random",
    "teach": "contested",
    "picked": "by somebody",
    "unknown": "not known how",
}


def drift_table(run: Path) -> PlottedTable | None:
    """The checks of the run's judge with their plot; None where there was none."""
    history = read_history(run)
    if not history:
        return None
    plot = drift_plot(history)[0] if find_spec("matplotlib") else ""
    return PlottedTable(HISTORY_HEADS, [*map(history_cells, history)], Markup(plot))


def frontier_table(run: Path) -> PlottedTable | None:
    """The choice of an evaluator that the run's folder keeps; None where there is none."""
    choice = kept_choice(run)
    if choice is None or not choice.enough:
        return None
    plot = frontier_plot(choice)[0] if find_spec("matplotlib") else ""
    rows = [choice_cells.cells(choice, line) for line in choice.frontier]
    return PlottedTable(
        choice_cells.heads(choice), rows, Markup(plot), choice_cells.sentences(choice)
    )


class PlottedTable(NamedTuple):
    """Heads, lines, our own SVG of them, and what they say in sentences."""

    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]
    plot: Markup
    sentences: Sequence[str] = ()


NEWEST = 200
"""Labels that are listed."""


class LabelTablePage:
    """The page of all labels."""

    def __init__(self, index: Index, pages: Pages, access: AccessPolicy) -> None:
        self.index = index
        self.pages = pages
        self.access = access

    def routes(self) -> list[Route]:
        """Where these pages are."""
        return [
            Route("/labels", self.labels, methods=["GET"]),
            Route("/labels", self.upload, methods=["POST"]),
            Route("/labels.jsonl", self.download, methods=["GET"]),
        ]

    def labels(self, request: Request) -> Response:
        """The labels so far, by annotator and row, and what they say."""
        return self._page(
            request, label_reports(self.index.run, "say" in request.query_params)
        )

    def _page(self, request: Request, report: Any, **more: Any) -> Response:
        label_queue.index_labels(self.index)
        kept = latest_labels(self.index.run)
        newest = sorted(kept, key=lambda label: -label.made)[:NEWEST]
        progress = label_queue.progress(self.index, annotator(request))
        counted = newest if progress.enough else kept
        verdicts = {
            row["number"]: row["verdict"]
            for row in self.index.rows(
                "SELECT number, verdict FROM rows WHERE number IN"
                " (SELECT value FROM json_each(?))",
                (json.dumps([label.number for label in counted]),),
            )
        }
        return self.pages.page(
            "labels",
            here="labels",
            kept=len(kept),
            by=count_by_annotator(kept),
            newest=newest,
            verdicts=verdicts,
            winner_in_row_order=label_queue.winner_in_row_order,
            progress=progress,
            tally=tally(kept, verdicts),
            enough=label_queue.ENOUGH,
            report=report,
            margins=MARGINS,
            queue_words=SHORT_QUEUE_WORDS,
            chances=chances_at(report.agree),
            drift=drift_table(self.index.run),
            choice=frontier_table(self.index.run),
            **{"taken": None, "refused": "", **more},
        )

    def download(self, request: Request) -> Response:
        """All standing labels as a file."""
        with tempfile.TemporaryDirectory(prefix="fellowship-labels-") as folder:
            path = Path(folder) / "labels.jsonl"
            write_labels(self.index.run, path)
            text = path.read_bytes()
        head = {"content-disposition": 'attachment; filename="labels.jsonl"'}
        return Response(text, media_type="application/x-ndjson", headers=head)

    async def upload(self, request: Request) -> Response:
        """Take in a file's labels."""
        form = await read_own_form(request, self.access)
        return await run_in_threadpool(self._attach, request, form.get("lines", ""))

    def _attach(self, request: Request, lines: str) -> Response:
        """Add what is new of some lines, and say what became of each."""
        taken, why = AttachReport(), ""
        with tempfile.TemporaryDirectory(prefix="fellowship-labels-") as folder:
            start = lines.lstrip("\ufeff \r\n\t")[:1]
            path = Path(folder) / f"labels.{'jsonl' if start in ('{', '') else 'csv'}"
            path.write_text(lines, encoding="utf-8", newline="\n")
            try:
                taken = attach_labels(
                    path, self.index.run, Columns(), annotator(request)
                )
            except InputError as error:
                why = str(error).replace(str(path), "these lines")
        report = label_reports(self.index.run, False)
        return self._page(request, report, taken=taken, refused=why)


def tally(kept: Sequence[HumanLabel], verdicts: Mapping[int, str]) -> dict[str, int]:
    """How many labels the run's verdicts agree with: counts, while there are few."""
    words = [verdicts.get(label.number) or "" for label in kept]
    same = [
        word == label_queue.winner_in_row_order(label)
        for label, word in zip(kept, words, strict=True)
    ]
    agree, decided = sum(same), sum(map(bool, words))
    return {
        "labels": len(kept),
        "agree": agree,
        "differ": decided - agree,
        "none": len(kept) - decided,
    }
