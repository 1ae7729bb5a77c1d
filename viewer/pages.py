"""Templates of the viewer's pages.

Every value is sanitized and escaped on its way into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

import fellowship.number_format as number_format
from fellowship.model_names import model_name
from fellowship.sanitize import sanitize, single_line
from fellowship.teams.vote_counting import score_bounds
from fellowship.verdict_words import criterion_title, verdict_order, verdict_reason
from fellowship.viewer import filters
from fellowship.viewer.index_tables import mark_hits
from fellowship.viewer.markdown import render_markdown
from fellowship.viewer.roles import role_class
from fellowship.wording import (
    decision_word,
    failure_word,
    finish_words,
    flag_word,
    order_word,
    phase_word,
    session_title,
    speaker_name,
    state_word,
)


def make_environment() -> Environment:
    """The templates with what they may call. A name that isn't there is an error."""
    environment = Environment(
        loader=PackageLoader("fellowship.viewer"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: sanitize(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "number_format": number_format,
        "filters": filters,
        "line": single_line,
        "role_class": role_class,
        "cost": cost,
    }
    environment.filters |= {"markdown": render_markdown, "marked": mark_hits}
    environment.filters["model_name"] = model_name
    environment.filters["verdict_reason"] = verdict_reason
    environment.filters["criterion_title"] = title_of
    environment.filters["score_range"] = lambda v: score_bounds(v.strategy, v.scale)
    words = (state_word, decision_word, order_word, phase_word, failure_word, flag_word)
    environment.filters |= {
        word.__name__: word
        for word in (*words, finish_words, session_title, speaker_name, verdict_order)
    }
    return environment


def title_of(criterion: Any) -> str:
    """A criterion's title, of a record or of JSON."""
    if isinstance(criterion, Mapping):
        return criterion_title(criterion["name"], criterion["weight"])
    return criterion_title(criterion.name, criterion.weight)


def cost(usd: float | None, tokens: int | None, unpaid: str) -> str:
    """What was paid; `unpaid` for calls that cost nothing, a dash where none is known."""
    if usd:
        return number_format.usd(usd)
    return unpaid if tokens else number_format.DASH


class Pages:
    """The templates of one server; `common` is what each of them is given."""

    def __init__(self, common: Mapping[str, Any]) -> None:
        self._templates = make_environment()
        self._common = dict(common)

    def page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """An answer made of a template."""
        template = self._templates.get_template(f"{name}.html")
        text = template.render({**self._common, **values})
        return HTMLResponse(text.encode("utf-8", "backslashreplace"), status)

    def error_page(self, status: int, why: str) -> HTMLResponse:
        """A page that says what can't be shown, and why."""
        return self.page("error", status, here="", why=why, code=status)
