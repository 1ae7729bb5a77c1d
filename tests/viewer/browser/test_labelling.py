"""Labelling in a browser: by keyboard alone, and without script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fellowship.pipelines.labels.label_queues import draw_of
from fellowship.pipelines.labels.run_labels import latest_labels
from fellowship.viewer import label_queue
from tests.support.outcomes import row_of, verdict
from tests.support.runs import written
from tests.support.viewer_pages import served

pytestmark = [pytest.mark.browser, pytest.mark.slow]


BOTH = (verdict("first"), verdict("first", "swapped"))

SPLIT = (verdict("first"), verdict("second", "swapped"))


def test_pairs_are_labelled_by_keyboard_alone(chromium: Any, tmp_path: Path) -> None:
    run = written(tmp_path / "run", [row_of(n, *SPLIT) for n in range(1, 8)])
    with served(run) as place, chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{place.address}label")
        page.keyboard.type("Ada")
        for key in ("Enter", "1", "2", "0", "s", "u", "ArrowLeft"):
            with page.expect_navigation():
                page.keyboard.press(key)
    said = {label.number: label.winner for label in latest_labels(run)}
    asked = sorted(range(1, 8), key=lambda n: draw_of(f"item{n}"))[:4]
    left = [label_queue.shown_order("Ada", n) == "forward" for n in asked]
    assert said == {
        asked[0]: "first" if left[0] else "second",
        asked[1]: "second" if left[1] else "first",
        asked[2]: "tie",
        asked[3]: "first" if left[3] else "second",
    }
    assert {label.queue for label in latest_labels(run)} == {"measure"}


def test_a_page_without_script_filters_and_labels_all_the_same(
    chromium: Any, tmp_path: Path
) -> None:
    run = written(tmp_path / "run", [row_of(1, *BOTH), row_of(2, *SPLIT, state="tie")])
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
        page.click("text=Left answer is better")
        page.wait_for_load_state()
    assert len(latest_labels(run)) == 1
