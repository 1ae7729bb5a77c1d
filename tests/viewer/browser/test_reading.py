"""Reading a run in a browser: list, conversation, drafts, and rows as they come."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.loopback.fixtures import openai_server
from tests.support.processes import Command
from tests.support.recipes import openai_model, recipe
from tests.support.viewer_pages import served, settled, shown
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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
    order = page.locator("main section").evaluate_all("all => all.map(one => one.id)")
    assert order == ["conversation", "candidates", "sessions", "verdicts", "why"]
    who = page.locator("#sessions .session").first.locator(".who").all_inner_texts()
    assert who[:3] == ["generator", "reviewer", "generator"]
    rounds = page.locator("#sessions .session").first.locator(".round")
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


def test_rows_appear_while_the_run_goes_on(chromium: Any, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    with openai_server(latency=0.2) as server:
        model = openai_model(server.base_url)
        path = recipe(tmp_path / "r.yaml", model, 16, concurrency=3)
        into = tmp_path / "run"
        with Command("run", path, "--into", into) as work:
            wait_until((into / "ledger.db").exists)
            with served(into) as place, chromium.new_context() as context:
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
                server.script(set={"latency": 0.0})
                work.ended()
                expect(page.locator("#list .count")).to_have_text(
                    re.compile("^16 of 16 rows"), timeout=30_000
                )
                expect(going).to_have_count(0)
                assert page.input_value("#q") == "describe"
                assert page.evaluate("window.here")
