"""Settings that would do nothing or can't be met are refused by all verbs, with no file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.recipe.new_run_checks import check_new_run
from fellowship.pipelines.running.runner import run
from fellowship.pipelines.running.streaming import listen
from fellowship.run_folder import HEADER
from tests.support.commands import said
from tests.support.paths import ROOT
from tests.support.recipes import openai_model, recipe

JUDGE = {"team": "judge", "model": "judge"}
JURORS = [{"model": "judge", "name": name} for name in "abc"]
SINGLE = [{"team": "single", "generator": "writer", "samples": 2}]
AGENT = {
    "team": "autogen",
    "component": {"config": {"participants": [{"config": {"name": "poet"}}]}},
    "model": "writer",
    "drafts_of": "poets",
}

FAULTS: dict[str, dict[str, Any]] = {
    "evaluate.rule: 'weighted'": {
        "evaluate": {"team": "jury", "jurors": JURORS, "rule": "weighted"}
    },
    "evaluate.stand_in: 'judge' would": {"evaluate": JUDGE | {"substitute": "judge"}},
    "export.kinds[1]: 'multi-agent' is made": {
        "systems": SINGLE,
        "export": {"kinds": ["dpo", "multi-agent"]},
    },
    "export.kinds[1]: 'dpo' is named twice": {"export": {"kinds": ["dpo", "dpo"]}},
    "no score gap for order: adaptive": {
        "evaluate": JUDGE | {"strategy": "direct", "order": "adaptive"}
    },
    "scored alone have no order": {
        "evaluate": JUDGE | {"strategy": "independent", "order": "adaptive"}
    },
    "evaluate.shuffles: meet: knockout shuffles nothing": {
        "evaluate": JUDGE | {"shuffles": 9}
    },
    "evaluate.order: meet: listwise asks in": {
        "evaluate": JUDGE | {"meet": "listwise", "order": "first"}
    },
    "evaluate.samples: expected": {
        "evaluate": JUDGE | {"expected": True, "samples": 3}
    },
    "limits.accept: 9 rows": {
        "limits": {"accept": 9},
        "source": {"path": "prompts.jsonl", "limit": 3},
    },
    "pairs.match: 'sentences' is measured": {
        "pairs": {"rule": "length-matched", "match": "sentences"},
        "evaluate": JUDGE | {"criteria": [{"name": "sentences", "text": "Few."}]},
    },
    "models.judge.model: it is empty: name the model": {
        "models": {
            name: openai_model("http://127.0.0.1:9/v1", model=model)
            for name, model in (("writer", "a"), ("critic", "b"), ("judge", ""))
        }
    },
    "source.subset: a file has none": {
        "source": {"path": "prompts.jsonl", "subset": "en"}
    },
    "source.split: a file has none": {
        "source": {"path": "prompts.jsonl", "split": "test"}
    },
    "evaluate.meet: two-way compares": {"evaluate": JUDGE | {"meet": "two-way"}},
    "pairs.margin: no score gap can be 50": {"pairs": {"min_gap": 50}},
    "export.filters.margin: no score gap can be 1.5": {
        "evaluate": {"team": "jury", "jurors": JURORS, "meet": "round-robin"},
        "export": {"filters": {"min_gap": 1.5}},
    },
    "benchmark_overlap_words: nothing is compared": {
        "export": {"filters": {"contamination_words": 8}}
    },
    "drafts_of: no agent is called 'poets'": {"systems": [AGENT, *SINGLE]},
    "'probability' needs people's labels": {
        "export": {"filters": {"probability": 0.6}}
    },
    "'klingon' is not a language code": {
        "export": {"filters": {"languages": ["klingon"]}}
    },
    "export.labels: there is no file": {"export": {"labels": "nobody.jsonl"}},
}


@pytest.fixture(params=FAULTS, ids=str)
def fault(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """What is said of a faulty recipe, and its file."""
    model = openai_model("http://127.0.0.1:9/v1")
    made = recipe(tmp_path / "r.yaml", model, 4, **FAULTS[request.param])
    return request.param, made


def test_the_run_is_refused_before_there_is_a_file(
    fault: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, path = fault
    folder = tmp_path / "run"
    code, _, err = said(capsys, "run", path, "--into", folder)
    assert (code, words in " ".join(err.split())) == (Exit.USAGE, True), err
    assert not folder.exists()


def test_code_is_refused_as_the_command_line_is(
    fault: tuple[str, Path], tmp_path: Path
) -> None:
    words, path = fault
    folder = tmp_path / "run"
    for start in (run, lambda made, into: next(listen(made, into))):
        with pytest.raises(RecipeError) as raised:
            start(load_recipe(path), folder)
        assert words in str(raised.value)
        assert not folder.exists()


def test_a_run_that_began_so_goes_on(tmp_path: Path) -> None:
    path = recipe(
        tmp_path / "r.yaml",
        openai_model("http://127.0.0.1:9/v1"),
        export={"kinds": ["dpo", "dpo"]},
    )
    made = load_recipe(path)
    with pytest.raises(RecipeError):
        check_new_run(made, tmp_path)
    (tmp_path / HEADER).write_text("{}")
    check_new_run(made, tmp_path)


@pytest.mark.parametrize("path", sorted((ROOT / "recipes").glob("*.yaml")), ids=str)
def test_every_recipe_that_is_shipped_uses_all_of_its_settings(path: Path) -> None:
    check_new_run(load_recipe(path), None, own_rows=False)
