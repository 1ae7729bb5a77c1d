"""One figure reads the same on the terminal, on the page and in the report."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from re import findall, sub

import pytest

from fellowship.cli.main import run_command as cli
from fellowship.number_format import figure, limits
from fellowship.pipelines.report.figures import figures
from fellowship.records import Outcome, Winner
from fellowship.viewer.report.page import page
from tests.support.outcomes import row
from tests.support.runs import written
from tests.support.viewer_pages import ask, served

SIDES: tuple[Winner, ...] = ("first", "second", "tie")


def labelled() -> Iterable[Outcome]:
    """Ninety rows; the judge says what people say on two of three."""
    for n in range(90):
        label = SIDES[n % 3]
        said = label if n % 9 < 6 else SIDES[(n + 1) % 3]
        yield row(n + 1, said, labels=(label,))


def spelt(html: str) -> str:
    """A page's text with single spaces."""
    return " ".join(unescape(sub(r"<[^>]+>", " ", html)).split())


def test_terminal_page_and_report_print_one_interval_of_a_kappa(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", labelled())
    assert cli(["agree", str(run), "--json"]) == 0
    [judge] = json.loads(capsys.readouterr().out)["judges"]
    kappa, right = (
        f"{figure(found['value'])} {limits(found['low'], found['high'])}"
        for found in (judge["kappa"], judge["accuracy"])
    )
    assert cli(["agree", str(run)]) == 0
    terminal = capsys.readouterr().out
    with served(run) as place:
        labels = spelt(ask(place, "/labels?say=1").text)
    report = spelt(page(figures(run)))
    for text in (terminal, labels, report):
        assert kappa in text
        assert right in text
        assert len(findall(r"0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]", text)) >= 2
