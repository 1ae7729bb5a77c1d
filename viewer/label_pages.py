"""Labelling pages.

Blind to models and verdicts, the order shuffled, each label saved at once.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fellowship.errors import InputError
from fellowship.pipelines.labels.run_labels import (
    HumanLabel,
    LabelChoice,
    add_labels,
    count_by_annotator,
    latest_labels,
)
from fellowship.records import Order, Outcome
from fellowship.sanitize import single_line
from fellowship.viewer import label_queue, side_by_side, transcripts
from fellowship.viewer.access import AccessPolicy
from fellowship.viewer.forms import NAME, annotator, read_own_form
from fellowship.viewer.index import Index
from fellowship.viewer.pages import Pages

CHOICES = ("left", "right", "tie", "skip", "undo")


class LabelPages:
    """The pages on which somebody labels."""

    def __init__(self, index: Index, pages: Pages, access: AccessPolicy) -> None:
        self.index = index
        self.pages = pages
        self.access = access

    def routes(self) -> list[Route]:
        """Where these pages are."""
        return [
            Route("/label", self.label, methods=["GET"]),
            Route("/label", self.answer, methods=["POST"]),
            Route("/annotator", self.name, methods=["POST"]),
        ]

    def label(self, request: Request) -> Response:
        """The next pair of this annotator's queue, or the one asked for."""
        who = annotator(request)
        if not who:
            return self.pages.page("annotator", here="label", names=self._names())
        label_queue.index_labels(self.index)
        queue = asking(request.query_params.get("queue", ""))
        row_given = request.query_params.get("row", "")
        number = (
            int(row_given) if row_given.isdecimal() and len(row_given) < 15 else None
        )
        if number is None:
            number = label_queue.next_row(self.index, who, queue)
        outcome = None if number is None else self.index.outcome(number)
        if outcome is not None and len(outcome.candidates) < 2:
            raise InputError(f"row {number} has fewer than two answers to label")
        return self.pages.page(
            "label",
            here="label",
            who=who,
            queue=queue,
            progress=label_queue.progress(self.index, who),
            enough=label_queue.ENOUGH,
            undoable=label_queue.last_label(self.index, who) is not None,
            **({"outcome": None} if outcome is None else shown_pair(outcome, who)),
        )

    async def answer(self, request: Request) -> Response:
        """Save a label, and go on to the next pair."""
        form = await read_own_form(request, self.access)
        who = annotator(request)
        choice = form.get("choice", "")
        if not who or choice not in CHOICES:
            raise HTTPException(400, "the form names no annotator or no choice")
        to = await run_in_threadpool(self._save, form, who, choice)
        return RedirectResponse(to, 303)

    def _save(self, form: dict[str, str], who: str, choice: str) -> str:
        """Write what was chosen; where to go next."""
        queue = asking(form.get("queue", ""))
        again = "/label?queue=teach" if queue == "teach" else "/label"
        if choice == "undo":
            last = label_queue.last_label(self.index, who)
            if last is None:
                return again
            back = {"winner": "skip", "note": label_queue.TAKEN_BACK, "made": 0.0}
            add_labels(self.index.run, [last.model_copy(update=back)])
            return f"/label?row={last.number}" + again[6:].replace("?", "&")
        number = form.get("number", "")
        if not number.isdecimal() or len(number) > 15:
            raise HTTPException(400, "the form names no row")
        order = label_queue.shown_order(who, int(number))
        label_queue.index_labels(self.index)
        label = HumanLabel(
            number=int(number),
            item=form.get("item", ""),
            annotator=who,
            winner=winner_of_choice(choice, order),
            order=order,
            **label_queue.how_asked(self.index, who, int(number), queue),
        )
        add_labels(self.index.run, [label])
        return again

    async def name(self, request: Request) -> Response:
        """Remember who labels, in this browser."""
        form = await read_own_form(request, self.access)
        who = single_line(form.get("name", ""), 100)
        to = RedirectResponse("/label", 303)
        if who:
            kept = quote(who, safe="")
            to.set_cookie(
                NAME, kept, max_age=31_536_000, httponly=True, samesite="strict"
            )
        else:
            to.delete_cookie(NAME)
        return to

    def _names(self) -> list[str]:
        """Who has labelled this run."""
        return list(count_by_annotator(latest_labels(self.index.run)))


def asking(name: str) -> label_queue.Asking:
    """The queue that a page or form names; the one to measure where it names none."""
    return "teach" if name == "teach" else "measure"


def winner_of_choice(choice: str, order: Order) -> LabelChoice:
    """What was chosen, as the row names its candidates."""
    if choice in ("skip", "tie"):
        return "skip" if choice == "skip" else "tie"
    first = (choice == "left") == (order == "forward")
    return "first" if first else "second"


def shown_pair(outcome: Outcome, who: str) -> dict[str, Any]:
    """The pair as this annotator sees it: texts alone, in the order the coin gave."""
    order = label_queue.shown_order(who, outcome.number)
    places = (0, 1) if order == "forward" else (1, 0)
    return {
        "outcome": outcome,
        "conversation": transcripts.prompt_views(outcome),
        "answers": [
            side_by_side.answer_column(outcome, place).bodies for place in places
        ],
    }
