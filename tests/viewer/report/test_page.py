"""The report as a page: asks nobody, runs nothing, and is the same for the same run."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fellowship.pipelines.report.figures import Figures, figures
from fellowship.records import Outcome, State
from fellowship.stats.intervals import Resampling
from fellowship.viewer.report.document import policy
from fellowship.viewer.report.flow import bands
from fellowship.viewer.report.page import Cover, page
from fellowship.viewer.report.svg import COLOUR, draw_figure
from fellowship.wording import state_word
from tests.support.outcomes import row
from tests.support.runs import MadeRun, written

FEW = Resampling(50)

HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> $\\frac{$ \x1b[2J\u202e"
)


class Read(HTMLParser):
    """Which elements, attributes and identities a page has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def seen(run: Path) -> tuple[Figures, str]:
    found = figures(run, plan=FEW)
    return found, page(found)


def test_the_bands_of_a_flow_are_as_wide_as_the_rows_in_them() -> None:
    laid = bands([("pair", 300), ("tie", 100)])
    assert laid[0].height == pytest.approx(3 * laid[1].height)
    assert laid[1].left == pytest.approx(laid[0].left + laid[0].height)


def test_one_row_of_a_million_can_still_be_seen() -> None:
    assert bands([("pair", 10**6), ("failed", 1)])[1].height > 1


def test_a_run_without_a_row_is_a_page_that_says_so(tmp_path: Path) -> None:
    found, text = seen(written(tmp_path / "run", []))
    assert found.flow.rows == 0
    assert "No prompt has an outcome yet" in text


def test_a_run_without_a_pair_says_there_is_nothing_to_train_on(tmp_path: Path) -> None:
    rows = [row(n, "tie") for n in range(1, 4)]
    _, text = seen(written(tmp_path / "run", rows))
    assert "nothing to train on" in text


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_page(state: State, tmp_path: Path) -> None:
    bare = Outcome(number=1, item="i", state=state, why="because")
    _, text = seen(written(tmp_path / "run", [bare]))
    assert f"{state_word(state)}: 1" in text


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    rows = [row(n, words=HOSTILE, judge=HOSTILE, text=HOSTILE) for n in range(1, 41)]
    recipe = {"models": {HOSTILE: {"model": HOSTILE}}, "source": {"path": HOSTILE}}
    _, text = seen(written(tmp_path / "run", rows, recipe=recipe))
    read = Read(text)
    assert not {"script", "img", "iframe", "object", "link"} & set(read.tags)
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_page_asks_nobody_and_allows_nothing(loop_run: MadeRun) -> None:
    _, text = seen(loop_run.folder)
    read = Read(text)
    told = [
        v for name, v in read.attributes if name == "content" and "default-src" in v
    ]
    assert len(told) == 1
    assert told[0].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in told[0]
    assert "style" not in {name for name, _ in read.attributes}
    links = [v for n, v in read.attributes if n in ("src", "href", "action")]
    assert all(link.startswith("#") for link in links)
    assert read.tags.count("style") == 1
    assert "://" not in re.sub(r"<pre.*?</pre>", "", text, flags=re.S)


def test_every_plot_is_told_in_words_and_identities_are_apart(
    jury_run: MadeRun,
) -> None:
    _, text = seen(jury_run.folder)
    read = Read(text)
    plots = re.findall(r'<svg role="img" aria-label="([^"]+)"', text)
    assert len(plots) == read.tags.count("svg") >= 8
    identities = [v for name, v in read.attributes if name == "id"]
    assert len(identities) == len(set(identities))


def test_the_same_run_gives_the_same_bytes(loop_run: MadeRun) -> None:
    assert seen(loop_run.folder)[1] == seen(loop_run.folder)[1]


def test_a_page_keeps_the_folders_of_its_maker_to_itself(loop_run: MadeRun) -> None:
    _, text = seen(loop_run.folder)
    assert "prompts.jsonl" in text
    assert str(loop_run.folder.parent) not in text


def test_a_plot_takes_the_colours_of_its_page() -> None:
    text = draw_figure(
        lambda axes: axes.plot([1, 2], color=COLOUR["accent"]), (2, 2), "n", "a"
    )
    assert 'stroke="var(--accent)"' in text
    assert "currentColor" in text
    assert "#01" not in text
    assert "style=" not in text


def test_the_policy_is_of_the_style_that_is_there() -> None:
    assert policy("a") != policy("b")


def test_one_transcript_of_each_state_is_there_the_commonest_first(
    tmp_path: Path,
) -> None:
    rows = [
        *(row(n, "tie", words=f"why {n}", text=HOSTILE) for n in range(1, 4)),
        *(row(n, "first", words=f"why {n}") for n in range(4, 6)),
    ]
    found, text = seen(written(tmp_path / "run", rows))
    assert [(e.number, e.state, e.rows) for e in found.examples] == [
        (1, "tie", 3),
        (4, "pair", 2),
    ]
    shown = text.partition('id="examples"')[2]
    assert re.findall(r"<summary>(Row \d: \w+ \(\d rows\))", shown) == [
        "Row 1: tie (3 rows)",
        "Row 4: pair (2 rows)",
    ]
    assert "why 1" in shown
    assert "why 2" not in shown
    assert "script" not in Read(text).tags
    assert "examples" not in found.as_json()


def test_a_report_has_its_author_s_title_and_note(tmp_path: Path) -> None:
    found = figures(written(tmp_path / "run", [row(1, "tie")]), plan=FEW)
    text = page(found, cover=Cover(f"Pilot {HOSTILE}", f"One.\nTwo. {HOSTILE}"))
    assert "<h1>Pilot &lt;script" in text
    assert '<p class="remark" dir="auto">One.\nTwo. &lt;script' in text
    assert "script" not in Read(text).tags
    assert "remark" not in page(found).partition("</style>")[2]
