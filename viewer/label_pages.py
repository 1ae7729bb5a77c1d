"""Labelling: blind to models and verdicts, the order shuffled, each label saved at once."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fellowship.errors import InputError
from fellowship.pipelines.label_exchange import Attached, attach_labels, write_labels
from fellowship.pipelines.label_rows import Columns
from fellowship.pipelines.run_labels import (
    HumanLabel,
    Said,
    add_labels,
    annotators,
    labels_of,
)
from fellowship.records import Order, Outcome
from fellowship.taming import line
from fellowship.viewer import queue, reading
from fellowship.viewer.guard import Gate
from fellowship.viewer.index import Index
from fellowship.viewer.label_report import MARGINS, chances, told
from fellowship.viewer.pages import Pages

NAME = "fellowship_annotator"
LONGEST_FORM = 32_000_000
"""Bytes of a form: some hundred thousand labels."""

CHOICES = ("left", "right", "tie", "skip", "undo")


class LabelPages:
    """The pages that write: people's labels, and nothing else."""

    def __init__(self, index: Index, pages: Pages, gate: Gate) -> None:
        self.index = index
        self.pages = pages
        self.gate = gate

    def routes(self) -> list[Route]:
        """Where these pages are."""
        return [
            Route("/label", self.label, methods=["GET"]),
            Route("/label", self.answer, methods=["POST"]),
            Route("/annotator", self.name, methods=["POST"]),
            Route("/labels", self.labels, methods=["GET"]),
            Route("/labels", self.take, methods=["POST"]),
            Route("/labels.jsonl", self.give, methods=["GET"]),
        ]

    def label(self, request: Request) -> Response:
        """The next pair of this annotator's queue, or the one asked for."""
        who = annotator(request)
        if not who:
            return self.pages.page("annotator", here="label", names=self._names())
        queue.take_in(self.index)
        asked = request.query_params.get("row", "")
        number = int(asked) if asked.isdecimal() and len(asked) < 15 else None
        if number is None:
            number = queue.following(self.index, who)
        outcome = None if number is None else self.index.outcome(number)
        if outcome is not None and len(outcome.candidates) < 2:
            raise InputError(f"row {number} has no two candidates to label")
        return self.pages.page(
            "label",
            here="label",
            who=who,
            progress=queue.progress(self.index, who),
            enough=queue.ENOUGH,
            undoable=queue.last_answer(self.index, who) is not None,
            **({"outcome": None} if outcome is None else shown(outcome, who)),
        )

    async def answer(self, request: Request) -> Response:
        """Save a label, and go on to the next pair."""
        form = await self._form(request)
        who = annotator(request)
        choice = form.get("choice", "")
        if not who or choice not in CHOICES:
            raise HTTPException(400, "the form names no annotator or no choice")
        to = await run_in_threadpool(self._save, form, who, choice)
        return RedirectResponse(to, 303)

    def _save(self, form: dict[str, str], who: str, choice: str) -> str:
        """Write what was chosen; where to go next."""
        if choice == "undo":
            last = queue.last_answer(self.index, who)
            if last is None:
                return "/label"
            back = {"winner": "skip", "note": queue.TAKEN_BACK, "made": 0.0}
            add_labels(self.index.run, [last.model_copy(update=back)])
            return f"/label?row={last.number}"
        number = form.get("number", "")
        if not number.isdecimal() or len(number) > 15:
            raise HTTPException(400, "the form names no row")
        order = queue.shown_order(who, int(number))
        label = HumanLabel(
            number=int(number),
            item=form.get("item", ""),
            annotator=who,
            winner=winner(choice, order),
            order=order,
        )
        add_labels(self.index.run, [label])
        return "/label"

    async def name(self, request: Request) -> Response:
        """Remember who labels, in this browser."""
        form = await self._form(request)
        who = line(form.get("name", ""), 100)
        to = RedirectResponse("/label", 303)
        if who:
            kept = quote(who, safe="")
            to.set_cookie(
                NAME, kept, max_age=31_536_000, httponly=True, samesite="strict"
            )
        else:
            to.delete_cookie(NAME)
        return to

    def labels(self, request: Request) -> Response:
        """The labels so far, by annotator and row, and what they say."""
        return self._labels(
            request, told(self.index.run, "say" in request.query_params)
        )

    def _labels(self, request: Request, report: Any, **more: Any) -> Response:
        queue.take_in(self.index)
        kept = labels_of(self.index.run)
        newest = sorted(kept, key=lambda label: -label.made)[:200]
        verdicts = {
            row["number"]: row["verdict"]
            for row in self.index.rows(
                "SELECT number, verdict FROM rows WHERE number IN"
                " (SELECT value FROM json_each(?))",
                (json.dumps([label.number for label in newest]),),
            )
        }
        return self.pages.page(
            "labels",
            here="labels",
            kept=len(kept),
            by=annotators(kept),
            newest=newest,
            verdicts=verdicts,
            turned=queue.turned,
            progress=queue.progress(self.index, annotator(request)),
            enough=queue.ENOUGH,
            report=report,
            margins=MARGINS,
            chances=chances(report.agree),
            **{"taken": None, "refused": "", **more},
        )

    def give(self, request: Request) -> Response:
        """All standing labels as a file."""
        with tempfile.TemporaryDirectory(prefix="fellowship-labels-") as folder:
            path = Path(folder) / "labels.jsonl"
            write_labels(self.index.run, path)
            text = path.read_bytes()
        head = {"content-disposition": 'attachment; filename="labels.jsonl"'}
        return Response(text, media_type="application/x-ndjson", headers=head)

    async def take(self, request: Request) -> Response:
        """Take in a file's labels."""
        form = await self._form(request)
        return await run_in_threadpool(self._take, request, form.get("lines", ""))

    def _take(self, request: Request, lines: str) -> Response:
        """Add what is new of some lines, and say what became of each."""
        taken, why = Attached(), ""
        with tempfile.TemporaryDirectory(prefix="fellowship-labels-") as folder:
            path = Path(folder) / "labels.jsonl"
            path.write_text(lines, encoding="utf-8", newline="\n")
            try:
                taken = attach_labels(
                    path, self.index.run, Columns(), annotator(request)
                )
            except InputError as error:
                why = str(error).replace(str(path), "these lines")
        report = told(self.index.run, False)
        return self._labels(request, report, taken=taken, refused=why)

    async def _form(self, request: Request) -> dict[str, str]:
        """A form of our own pages; anything else is turned away."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LONGEST_FORM:
                raise HTTPException(413, "the form is too long")
        said = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        form = {name: values[0] for name, values in said.items()}
        if not self.gate.own_form(form.pop("form", "")):
            raise HTTPException(403, "the form is not of this server: reload the page")
        return form

    def _names(self) -> list[str]:
        """Who has labelled this run."""
        return list(annotators(labels_of(self.index.run)))


def annotator(request: Request) -> str:
    """Who labels in this browser; empty where nobody has said."""
    return line(unquote(request.cookies.get(NAME, "")), 100)


def winner(choice: str, order: Order) -> Said:
    """What was chosen, as the row names its candidates."""
    if choice in ("skip", "tie"):
        return "skip" if choice == "skip" else "tie"
    first = (choice == "left") == (order == "forward")
    return "first" if first else "second"


def shown(outcome: Outcome, who: str) -> dict[str, Any]:
    """The pair as this annotator sees it: texts alone, in the order the coin gave."""
    order = queue.shown_order(who, outcome.number)
    places = (0, 1) if order == "forward" else (1, 0)
    return {
        "outcome": outcome,
        "conversation": reading.conversation(outcome),
        "answers": [reading.answer(outcome, place).bodies for place in places],
    }
