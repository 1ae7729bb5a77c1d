"""Hostile texts in a browser: shown everywhere, run nowhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.hostile_texts import hostile_call, hostile_row, payloads
from tests.support.runs import written
from tests.support.viewer_pages import served

pytestmark = [pytest.mark.browser, pytest.mark.slow]


WATCH = """window.hits = []; window.hit = n => { hits.push(n); return false; };
window.alert = window.confirm = window.prompt = () => hits.push("dialog");"""


@pytest.mark.fault(number=20)
def test_hostile_texts_run_where_nothing_guards_against_them(chromium: Any) -> None:
    """The watch itself works: without escaping most of these do run."""
    with chromium.new_context() as context:
        context.add_init_script(WATCH)
        page = context.new_page()
        run = 0
        for text in payloads()[24:72]:
            page.set_content(f"<p>{text}</p>", wait_until="commit")
            page.wait_for_timeout(15)
            run += bool(page.evaluate("window.hits.length"))
        assert run >= 15


@pytest.mark.fault(number=20)
def test_200_hostile_texts_in_every_field_never_run(
    chromium: Any, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    every = payloads(200)
    record_property("payloads in every field", len(every))
    assert len(set(every)) == 200
    texts = ["\n\n".join(every[n::25]) for n in range(25)]  # eight to a page: faster
    run = written(
        tmp_path / "<img src=x onerror=hit(1)>",
        [hostile_row(n, text) for n, text in enumerate(texts, 1)],
        map(hostile_call, texts),
        recipe={"models": {t: {"model": t} for t in texts}},
    )
    elsewhere: list[str] = []
    with served(run) as place, chromium.new_context() as context:
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("dialog", lambda box: elsewhere.append(box.message) or box.dismiss())
        page.on(
            "request",
            lambda r: (
                None if r.url.startswith(place.address) else elsewhere.append(r.url)
            ),
        )
        calls = [f"call/{key}" for key in call_links(place.address, page)]
        rows = [f"row/{n}" for n in range(1, 26)]
        lists = ["", "?q=hit", "?q=%22%3E%3Cimg"]
        for path in (*lists, *rows, *calls, "live", "recipe", "label", "labels"):
            page.goto(f"{place.address}{path}", wait_until="load")
            assert page.evaluate("window.hits") == [], path
            bad = (
                "a[href^='javascript' i], a[href^='data' i], script:not([src]), iframe"
            )
            assert page.locator(bad).count() == 0, path
    assert elsewhere == []


def call_links(address: str, page: Any) -> list[str]:
    """Where the page of what is said now leads to."""
    page.goto(f"{address}live")
    links = page.locator("a.exact").evaluate_all("all => all.map(a => a.pathname)")
    return [link.removeprefix("/call/") for link in links]
