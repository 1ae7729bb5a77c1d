"""One Chromium for the tests that look at pages, and a run to look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.chromium import browser
from tests.support.runs import make_run
from tests.support.viewer_pages import served


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    with browser() as made:
        yield made


@pytest.fixture(scope="package")
def viewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a jury of two over twelve prompts."""
    jurors = [{"model": "judge", "name": "ann"}, {"model": "critic", "name": "bob"}]
    jury = {"team": "jury", "jurors": jurors, "order": "both", "early_stop": False}
    return make_run(tmp_path_factory.mktemp("viewed"), 12, evaluate=jury).folder


@pytest.fixture(scope="package")
def address(viewed: Path) -> Iterator[str]:
    with served(viewed) as place:
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
