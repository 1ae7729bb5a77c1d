"""Accessibility of the pages: axe, keyboard, narrow and enlarged screens."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


PAGES = ("", "row/1", "live", "label", "labels", "recipe")


def serious(page: Any) -> list[str]:
    """What axe finds that keeps somebody out."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:120]}"
        for v in found
        if v["impact"] in ("serious", "critical", "moderate")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_somebody_out(
    page: Any, address: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    for path in PAGES:
        page.goto(f"{address}/{path}")
        assert serious(page) == [], path


def test_axe_finds_nothing_while_somebody_labels(page: Any, address: str) -> None:
    page.goto(f"{address}/label")
    page.fill("#name", "Axe")
    page.keyboard.press("Enter")
    page.wait_for_selector("#choice")
    assert serious(page) == []


FOCUSABLE = """() => [...document.querySelectorAll(
  "a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, summary," +
  "[tabindex='0']")].filter(e => e.checkVisibility() && !e.closest("dialog:not([open])"))
  .map((e, n) => { e.dataset.n = n; return n; })"""


@pytest.mark.parametrize("path", ["", "row/1", "labels"])
def test_the_keyboard_alone_reaches_everything_and_shows_where_it_is(
    page: Any, address: str, path: str
) -> None:
    page.goto(f"{address}/{path}")
    wanted = set(page.evaluate(FOCUSABLE))
    reached = set()
    for _ in range(len(wanted) + 3):
        page.keyboard.press("Tab")
        n, outline = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
            return [Number(e.dataset?.n ?? -1), s.outlineStyle !== "none"]; }"""
        )
        assert outline or n == -1, f"no outline on {n}"
        reached.add(n)
    assert wanted <= reached


def test_the_list_is_walked_with_j_and_k_and_opened_with_enter(
    page: Any, address: str
) -> None:
    page.goto(address)
    for key in ("j", "j", "j", "k", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/row/2**")
    page.keyboard.press("j")
    page.wait_for_url("**/row/3**")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()


@pytest.mark.parametrize("size", ["360 px", "200 %", "large type"])
def test_a_narrow_or_enlarged_page_needs_no_sideways_scrolling(
    page: Any, address: str, size: str
) -> None:
    width = {"360 px": 360, "200 %": 640, "large type": 1280}[size]
    page.set_viewport_size({"width": width, "height": 450})
    for path in PAGES:
        page.goto(f"{address}/{path}")
        if size == "large type":
            page.evaluate("document.documentElement.style.fontSize = '32px'")
        room = page.evaluate("document.documentElement.scrollWidth")
        assert room <= width, path
