"""One Chromium for the tests that look at pages, and a run to look at."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run as start
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.viewer_pages import (
    browser,
    served,
)


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
