"""Pictures of the page and the report in docs/images.

`python tools/pictures.py runs/demo` takes them again: the page's of a finished run of
recipes/demo.yaml, the report's of 160 prompts against the tests' loopback server. Needs
what `make dev` installs and a Chromium (`tools/browser.sh`).
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.report.figures import figures
from fellowship.pipelines.running.runner import run
from fellowship.run_outcomes import outcomes
from fellowship.viewer.report.page import page as report_page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.loopback.fixtures import openai_server  # noqa: E402
from tests.support.recipes import openai_model, recipe  # noqa: E402
from tests.support.viewer_pages import browser, served  # noqa: E402

IMAGES = ROOT / "docs/images"
JURY = {"team": "jury", "jurors": [{"model": "gpt"}, {"model": "gemma"}]}


def main(demo: Path) -> None:
    """Take all pictures."""
    with browser() as chromium, tempfile.TemporaryDirectory() as folder:
        with ThreadPoolExecutor() as elsewhere:  # the browser's loop is this thread's
            report = elsewhere.submit(report_file, Path(folder)).result()
        with opened(chromium, 1100, 1150) as page:
            page.goto(report.as_uri())
            saved(page, "report")
        with served(demo) as place:
            view_pictures(chromium, place.address.rstrip("/"), demo)


def view_pictures(chromium: Any, address: str, demo: Path) -> None:
    """The list, a row in the dark, its verdicts, and labelling."""
    pairs = [(o.number, o.pairs[0]) for o in outcomes(demo) if o.pairs]
    row, _ = min(pairs, key=lambda p: len(p[1].chosen.text + p[1].rejected.text))
    with opened(chromium, 1200, 820) as page:
        page.goto(address)
        page.wait_for_selector("table.rows tbody tr")
        saved(page, "view-rows")
    with opened(chromium, 1200, 900, "dark") as page:
        page.goto(f"{address}/row/{row}")
        saved(page, "view-row")
    with opened(chromium, 1200, 900) as page:
        page.goto(f"{address}/row/{row}#candidates")
        saved(page, "view-drafts")
    with opened(chromium, 1200, 760) as page:
        page.goto(f"{address}/label")
        page.fill("#name", "Ada")
        page.press("#name", "Enter")
        page.wait_for_selector("#choice")
        saved(page, "view-label")


def report_file(folder: Path) -> Path:
    """The report of a jury over 160 prompts, two of which are unusable."""
    with openai_server() as server:
        model = openai_model(server.base_url)
        models = {"gpt": model, "gemma": {**model, "family": "gemma"}, "writer": model}
        systems = [{"team": "single", "generator": "writer", "samples": 3}]
        sections = {"models": models, "systems": systems, "evaluate": JURY}
        path = recipe(folder / "lakes.yaml", model, 158, **sections)
        with (folder / "prompts.jsonl").open("a") as prompts:
            prompts.write(json.dumps({"id": "p158"}) + "\nno JSON\n")
        run(load_recipe(path), folder / "lakes")
    made = folder / "lakes.html"
    made.write_text(report_page(figures(folder / "lakes")), encoding="utf-8")
    return made


@contextmanager
def opened(
    chromium: Any, width: int, height: int, scheme: str = "light"
) -> Iterator[Any]:
    """A page of this size."""
    size = {"width": width, "height": height}
    with chromium.new_context(viewport=size, color_scheme=scheme) as context:
        yield context.new_page()


def saved(page: Any, name: str) -> None:
    """Write a picture in 256 colours, a third of the bytes."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(256)
    picture.save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
