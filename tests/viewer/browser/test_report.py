"""The report in a browser: a file, with the network cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fellowship.pipelines.report.figures import figures
from fellowship.stats.intervals import Resampling
from fellowship.viewer.report.page import page
from tests.support.outcomes import row
from tests.support.runs import MadeRun, written

pytestmark = [pytest.mark.browser, pytest.mark.slow]


XSS = "<img src=x onerror=window.hit=1><svg onload=window.hit=2></svg>"

XSS += "</style></title></pre><script>window.hit=3</script>{{7*7}}"


@pytest.fixture(scope="module")
def jury(jury_run: MadeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put(jury_run.folder, tmp_path_factory.mktemp("report"))


def put(run: Path, folder: Path) -> Path:
    file = folder / "report.html"
    file.write_text(page(figures(run, plan=Resampling(50))), encoding="utf-8")
    return file


def opened(chromium: Any, file: Path, asked: list[str], **how: Any) -> Any:
    """The file in a new window that may ask for nothing but itself."""
    context = chromium.new_context(**how)
    tab = context.new_page()
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: asked.append(message.text))
    context.route(lambda url: url != file.as_uri(), lambda route: route.abort())
    tab.goto(file.as_uri())
    return tab


def test_a_report_makes_no_request_and_no_complaint(chromium: Any, jury: Path) -> None:
    asked: list[str] = []
    tab = opened(chromium, jury, asked, java_script_enabled=True)
    assert tab.title().startswith("run")
    assert asked == [jury.as_uri()]


def test_hostile_text_runs_nowhere_in_a_report(chromium: Any, tmp_path: Path) -> None:
    rows = [row(n, words=XSS, judge=XSS, text=XSS) for n in range(1, 41)]
    recipe = {"models": {XSS: {"model": XSS}}}
    file = put(written(tmp_path / "run", rows, recipe=recipe), tmp_path)
    asked: list[str] = []
    tab = opened(chromium, file, asked)
    assert tab.evaluate("window.hit") is None
    assert tab.locator("img, script").count() == 0
    assert asked == [file.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_report(chromium: Any, jury: Path, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(
        opened(chromium, jury, [], color_scheme=scheme, bypass_csp=True)
    )
    assert [each["id"] for each in found.response["violations"]] == []


def test_dark_is_dark_and_the_plots_follow(chromium: Any, jury: Path) -> None:
    def ink(scheme: str) -> tuple[str, str]:
        tab = opened(chromium, jury, [], color_scheme=scheme)
        found = "e => getComputedStyle(e).fill"
        text = tab.locator("svg text").first.evaluate(found)
        return text, tab.evaluate("getComputedStyle(document.body).backgroundColor")

    assert ink("light") != ink("dark")
    assert ink("dark")[0] == "rgb(231, 229, 225)"


@pytest.mark.parametrize("width", [360, 640])
def test_a_narrow_screen_scrolls_one_way(chromium: Any, jury: Path, width: int) -> None:
    tab = opened(chromium, jury, [], viewport={"width": width, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert tab.locator(".for-narrow:visible").count() == (4 if width == 360 else 0)


def test_a_report_prints_without_leaving_its_pages(chromium: Any, jury: Path) -> None:
    tab = opened(chromium, jury, [], viewport={"width": 680, "height": 980})
    tab.emulate_media(media="print")
    wider = "[...document.querySelectorAll('svg, table')].filter(e =>"
    wider += " e.getBoundingClientRect().right > 681).length"
    assert tab.evaluate(wider) == 0
    assert not tab.locator("nav.contents").is_visible()
    assert len(tab.pdf(prefer_css_page_size=True)) > 20_000


def test_the_keyboard_reaches_every_table_and_section(
    chromium: Any, jury: Path
) -> None:
    tab = opened(chromium, jury, [])
    stops = tab.locator("a[href], [tabindex='0'], summary").count()
    reached = set()
    for _ in range(stops):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("document.activeElement.outerHTML.slice(0, 400)"))
    tables = tab.locator(".table-room").count()
    assert sum("table-room" in each for each in reached) == tables
