"""The page of a run in a real browser: read, filter, search, label, watch, attack."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fellowship.pipelines.labels.run_labels import latest_labels
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run as start
from fellowship.viewer import label_queue
from tests.support.hostile_texts import hostile_call, hostile_row, payloads
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.viewer_pages import (
    browser,
    needs_browser,
    row,
    served,
    verdict,
    written,
)

pytestmark = needs_browser

CLI = [sys.executable, "-m", "fellowship.cli.main"]
BOTH = (verdict("first"), verdict("first", "swapped"))
SPLIT = (verdict("first"), verdict("second", "swapped"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as made:
        yield made


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run of a jury over twelve prompts."""
    folder = tmp_path_factory.mktemp("viewed")
    jurors = [{"model": "judge", "name": "ann"}, {"model": "critic", "name": "bob"}]
    jury = {"team": "jury", "jurors": jurors, "order": "both", "early_stop": False}
    with openai_server() as server:
        model = openai_model(server.base_url)
        made = load_recipe(recipe(folder / "r.yaml", model, 12, evaluate=jury))
        with ThreadPoolExecutor() as elsewhere:  # the browser's loop is this thread's
            elsewhere.submit(start, made, folder / "run").result()
    return folder / "run"


@pytest.fixture(scope="module")
def address(run: Path) -> Iterator[str]:
    with served(run) as place:
        yield place.address.rstrip("/")


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    """A page that fails a test for any error or request to elsewhere."""
    wrong: list[str] = []
    with chromium.new_context(viewport={"width": 1280, "height": 900}) as context:
        made = context.new_page()
        made.set_default_timeout(10_000)
        made.on("pageerror", lambda error: wrong.append(str(error)))
        made.on(
            "console", lambda m: wrong.append(m.text) if m.type == "error" else None
        )
        made.on(
            "request",
            lambda r: None if r.url.startswith(address) else wrong.append(r.url),
        )
        yield made
    assert wrong == []


def shown(page: Any) -> list[int]:
    """The numbers of the rows in the list."""
    found = page.locator("table.rows tbody tr").evaluate_all(
        "rows => rows.map(r => Number(r.id.slice(4)))"
    )
    return [int(n) for n in found]


def settled(page: Any, count: int) -> None:
    from playwright.sync_api import expect

    expect(page.locator("table.rows tbody tr")).to_have_count(count)


# -- reading ----------------------------------------------------------------------------


def test_the_list_shows_every_row_with_its_figures(page: Any, address: str) -> None:
    page.goto(address)
    settled(page, 12)
    first = page.locator("#row-1")
    assert first.locator("[data-name=agreement]").inner_text()[0].isdigit()
    assert re.fullmatch(r"[\d,]+", first.locator("[data-name=tokens]").inner_text())


def test_choosing_a_state_narrows_the_list_and_the_address(
    page: Any, address: str
) -> None:
    page.goto(address)
    count = page.locator("table.rows .state-pair").count()
    assert 0 < count <= 12
    page.select_option("#state", "pair")
    page.wait_for_url("**/?state=pair")
    settled(page, count)


def test_searching_narrows_the_list_while_one_types(page: Any, address: str) -> None:
    page.goto(address)
    page.keyboard.press("/")
    page.keyboard.type('"number 7"')
    settled(page, 1)
    assert shown(page) == [8]
    assert page.locator("table.rows mark").count() >= 1
    page.fill("#q", "zebra")
    page.get_by_text("No row matches these filters").wait_for()


def test_a_row_reads_as_the_conversation_it_was(page: Any, address: str) -> None:
    page.goto(f"{address}/row/1")
    assert page.locator("#conversation .message").count() == 1
    who = page.locator("#sessions .sitting").first.locator(".who").all_inner_texts()
    assert who[:3] == ["generator", "reviewer", "generator"]
    rounds = page.locator("#sessions .sitting").first.locator(".round")
    assert rounds.all_inner_texts()[:2] == ["Round 1", "Round 2"]
    votes = page.locator("#verdicts .panel").first.locator("tbody tr")
    assert [t.split()[0] for t in votes.all_inner_texts()] == ["ann", "bob"]
    assert "majority of 2" in page.locator("#verdicts .sums").first.inner_text()
    assert page.locator("#why").inner_text().startswith("Why")


def test_roles_differ_by_name_colour_and_shape(page: Any, address: str) -> None:
    page.goto(f"{address}/row/1")
    looks = page.locator(".thread .message").evaluate_all(
        """all => all.map(m => { const s = getComputedStyle(m.querySelector(".shape"));
        return [m.className, s.backgroundColor, s.clipPath + s.borderRadius]; })"""
    )
    by_role = {name: (colour, shape) for name, colour, shape in looks}
    assert len(by_role) >= 4
    assert len({colour for colour, _ in by_role.values()}) == len(by_role)
    assert len({shape for _, shape in by_role.values()}) == len(by_role)


def test_the_exact_request_and_raw_reply_are_one_click_away(
    page: Any, address: str
) -> None:
    page.goto(f"{address}/row/1")
    page.locator(".exact").first.click()
    page.wait_for_url("**/call/**")
    assert '"temperature": 0.7' in page.locator("#request").inner_text()
    assert '"chat.completion"' in page.locator("#reply").inner_text()
    page.keyboard.press("g")
    page.wait_for_url("**/row/1")


def test_two_drafts_stand_side_by_side_with_their_words_marked(
    page: Any, address: str
) -> None:
    page.goto(f"{address}/row/1?left=1&right=2")
    left, right = page.locator("#columns .answer").all()
    box = [side.bounding_box() for side in (left, right)]
    assert box[0]["y"] == box[1]["y"]
    assert left.locator("del").count() > 0
    assert right.locator("ins").count() > 0
    assert left.locator("ins").count() == right.locator("del").count() == 0
    page.uncheck("#show-difference")
    assert not left.locator(".difference").is_visible()
    assert left.locator(".plain").is_visible()


# -- labelling, live --------------------------------------------------------------------


def test_pairs_are_labelled_by_keyboard_alone(chromium: Any, tmp_path: Path) -> None:
    run = written(tmp_path / "run", [row(n, *SPLIT) for n in range(1, 8)])
    with served(run) as place, chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{place.address}label")
        page.keyboard.type("Ada")
        for key in ("Enter", "1", "2", "0", "s", "u", "ArrowLeft"):
            with page.expect_navigation():
                page.keyboard.press(key)
    said = {label.number: label.winner for label in latest_labels(run)}
    left = [label_queue.shown_order("Ada", n) == "forward" for n in range(1, 8)]
    assert said == {
        1: "first" if left[0] else "second",
        2: "second" if left[1] else "first",
        3: "tie",
        4: "first" if left[3] else "second",
    }


def test_rows_appear_while_the_run_goes_on(chromium: Any, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    with openai_server(latency=0.08) as server:
        path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 40)
        into = ["run", str(path), "--into", str(tmp_path / "run")]
        work = subprocess.Popen([*CLI, *into], stderr=subprocess.DEVNULL)
        try:
            while not (tmp_path / "run" / "ledger.db").exists():
                assert work.poll() is None
            with served(tmp_path / "run") as place, chromium.new_context() as context:
                page = context.new_page()
                page.goto(place.address)
                going = page.get_by_text("running", exact=True)
                expect(going).to_be_visible(timeout=30_000)
                seen = len(shown(page))
                page.evaluate("window.here = true")
                expect(page.locator("table.rows tbody tr")).not_to_have_count(
                    seen, timeout=30_000
                )
                page.fill("#q", "describe")
                work.wait(120)
                expect(page.locator("#list .count")).to_have_text(
                    re.compile("^40 of 40 rows"), timeout=30_000
                )
                expect(going).to_have_count(0)
                assert page.input_value("#q") == "describe"
                assert page.evaluate("window.here")
        finally:
            work.kill()
            work.wait()


# -- safe -------------------------------------------------------------------------------

WATCH = """window.hits = []; window.hit = n => { hits.push(n); return false; };
window.alert = window.confirm = window.prompt = () => hits.push("dialog");"""


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


def test_200_hostile_texts_in_every_field_never_run(
    chromium: Any, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    every = payloads(200)
    record_property("payloads in every field", len(every))
    assert len(set(every)) == 200
    texts = ["\n\n".join(every[n::50]) for n in range(50)]  # four to a page: faster
    run = written(
        tmp_path / "<img src=x onerror=hit(1)>",
        [hostile_row(n, text) for n, text in enumerate(texts, 1)],
        map(hostile_call, texts),
        {"recipe": {"models": {t: {"model": t} for t in texts}}, "identity": {}},
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
        rows = [f"row/{n}" for n in range(1, 51)]
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


# -- for everybody ----------------------------------------------------------------------

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


def test_a_page_without_script_filters_and_labels_all_the_same(
    chromium: Any, tmp_path: Path
) -> None:
    run = written(tmp_path / "run", [row(1, *BOTH), row(2, *SPLIT, state="tie")])
    with (
        served(run) as place,
        chromium.new_context(java_script_enabled=False) as context,
    ):
        page = context.new_page()
        page.goto(place.address)
        page.select_option("#state", "tie")
        page.click("text=Filter")
        assert page.locator("table.rows tbody tr").count() == 1
        page.goto(f"{place.address}label")
        page.fill("#name", "Ada")
        page.click("text=Begin")
        page.click("text=Left is better")
        page.wait_for_load_state()
    assert len(latest_labels(run)) == 1
