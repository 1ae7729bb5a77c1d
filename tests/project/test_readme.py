"""What README says can be done, is done here."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest
import yaml

from fellowship.cli.exit_codes import Exit
from fellowship.cli.main import VERBS
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.run_outcomes import outcomes
from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text()


def block(language: str) -> str:
    """The first fenced block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.S)
    assert found, f"README has no {language} block"
    return found.group(1)


@pytest.mark.slow
@pytest.mark.embedded
@pytest.mark.timeout(600)
def test_the_python_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipes").mkdir()
    demo = (ROOT / "recipes/demo.yaml").read_text()
    short = re.sub("max_tokens: 160", "max_tokens: 48", demo)
    (tmp_path / "recipes/demo.yaml").write_text(short)
    (tmp_path / "examples").mkdir()
    row = {"id": "ice", "prompt": "Is ice cold? Answer in one short sentence."}
    (tmp_path / "examples/prompts.jsonl").write_text(json.dumps(row))
    monkeypatch.chdir(tmp_path)
    example = tmp_path / "example.py"
    example.write_text(block("python"))
    runpy.run_path(str(example))
    assert "dpo.jsonl" in capsys.readouterr().out
    (end,) = outcomes(tmp_path / "runs/from-python")
    assert end.state in ("pair", "tie", "order-inconsistent", "unparsed")
    assert end.ranking
    assert all(made.verdicts for made in end.ranking.comparisons)
    assert min(turn.completion_tokens for s in end.sessions for turn in s.turns) > 0


def test_the_python_example_is_ten_lines_at_most() -> None:
    lines = [line for line in block("python").splitlines() if line.strip()]
    assert len(lines) <= 10


def test_the_three_model_lines_are_the_recipe_s() -> None:
    said = yaml.safe_load(block("yaml"))["models"]
    real = yaml.safe_load((ROOT / "recipes/paper-best.yaml").read_text())["models"]
    assert said == real


def test_the_paper_s_recipe_is_the_demo_but_for_its_models() -> None:
    demo, best = (
        load_recipe(ROOT / "recipes" / name)
        for name in ("demo.yaml", "paper-best.yaml")
    )
    changed = {"models"}
    assert demo.model_dump(exclude=changed) == best.model_dump(exclude=changed)


def test_every_verb_and_exit_code_is_named() -> None:
    assert all(f"`fellowship {verb} " in README for verb in VERBS)
    assert all(f"| {code.value} |" in README for code in Exit)


def test_the_two_commands_come_first() -> None:
    assert re.search(r"^    make demo .*\n    make test ", README, re.M)
    assert README.index("make demo") < 600
