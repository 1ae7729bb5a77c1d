"""Model names in every view: no view names a folder of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.model_names import model_name
from fellowship.pipelines.report.figures import figures
from fellowship.run_folder import HEADER
from fellowship.run_outcomes import outcomes
from fellowship.viewer.report.page import page
from tests.support.commands import said
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.runs import go
from tests.support.viewer_pages import ask, served

FOLDER, STEM = "/srv/llama.cpp/ann", "tiny-3b.Q4_K_M"
MODEL = f"{FOLDER}/{STEM}.gguf"


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [
        (MODEL, STEM),
        ("weights/big-00001-of-00003.GGUF", "big"),
        (r"C:\models\tiny.gguf", "tiny"),
        ("~/models/Llama-3.1-8B/", "Llama-3.1-8B"),
        ("./merged", "merged"),
        *((name, name) for name in ("meta-llama/Llama-3.1-8B", "llama3.1:8b", "", "/")),
        *((name, name) for name in ("hf.co/bartowski/Tiny-GGUF:Q4_K_M", "gpt-4o")),
    ],
)
def test_a_path_is_named_by_its_last_part_and_a_name_stays(
    recorded: str, shown: str
) -> None:
    assert model_name(recorded) == shown


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four rows, one of them a pair, whose models were named by paths of weights."""
    folder = tmp_path_factory.mktemp("names")
    with openai_server() as server:
        model = openai_model(server.base_url) | {"model": MODEL}
        go(recipe(folder / "recipe.yaml", model, 4), folder / "run")
    assert next(outcomes(folder / "run")).candidates[0].model == MODEL
    return folder / "run"


@pytest.mark.parametrize(
    "words", [("show",), ("show", 1), ("show", 1, "--why"), ("show", 1, "--diff")]
)
def test_the_terminal_names_models_and_no_folder(
    words: tuple[object, ...], run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verb, *rest = words
    code, out, _ = said(capsys, verb, run, *rest)
    assert (code, FOLDER in out) == (Exit.DONE, False)
    assert len(rest) < 1 or "--diff" in rest or STEM in out


def test_page_and_report_name_models_and_no_folder(run: Path) -> None:
    report = page(figures(run))
    with served(run) as place:
        row, listed = (ask(place, path).text for path in ("/row/1", "/"))
    assert f">{STEM}</option>" in listed
    for text in (report, row):
        assert (STEM in text, FOLDER in text) == (True, False)


def test_exports_and_card_name_models_and_an_older_run_keeps_its_bytes(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def export(to: str) -> str:
        file = tmp_path / to / "dpo.jsonl"
        assert said(capsys, "export", run, "--as", "dpo", "--to", file)[0] == 0
        return file.read_text()

    new = export("new")
    assert (STEM in new, FOLDER in new) == (True, False)
    assert FOLDER not in "".join(p.read_text() for p in (run / "exports").iterdir())
    header = json.loads((run / HEADER).read_text())
    header["rules"]["export-columns"] = 2
    (run / HEADER).write_text(json.dumps(header))
    assert json.loads(export("old").splitlines()[0])["chosen_model"] == MODEL
