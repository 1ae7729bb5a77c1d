"""Whole runs with a rubric: every strategy and team, samples, exports, the reason first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.errors import RecipeError
from fellowship.ledger import LedgerReader
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.records import Outcome
from fellowship.run_outcomes import outcomes
from tests.support.commands import said as ran
from tests.support.labelled_judges import good_first, judge_run, rows, said, source
from tests.support.recipes import openai_model, recipe

RUBRIC = [
    {"name": "accuracy", "weight": 3, "text": "What is true."},
    {"name": "waffle", "weight": -1, "text": "Words that say nothing."},
]
ONE = {"model": "a", "criteria": RUBRIC}
TEAMS: dict[str, dict[str, Any]] = {
    "combined": {"team": "judge", **ONE, "samples": 2},
    "direct": {"team": "judge", **ONE, "strategy": "direct"},
    "independent": {"team": "judge", **ONE, "strategy": "independent"},
    "jury": {
        "team": "jury",
        "rule": "mean",
        "jurors": [ONE, {**ONE, "model": "b", "strategy": "independent"}],
    },
    "debate": {
        "team": "debate",
        "model": "a",
        "criteria": RUBRIC,
        "stop_when_unanimous": False,
        "rounds": 1,
    },
}
TOTALS = {"combined": (8.75, 3.0), "direct": (1.0, 0.0)}


def reply(body: dict[str, Any]) -> str:
    """A good answer has accuracy 9 and waffle 3, a poor one 2 and 5."""
    if "response_format" not in body:
        return "The good one."
    schema = body["response_format"]["json_schema"]["schema"]
    good = good_first(body)
    if "BEGIN second response" not in said(body):
        good = "good answer" in said(body)
    made: dict[str, Any] = {"reason": "Because."}
    for key in schema["properties"]:
        side = not key.endswith("second")
        better = good is side
        if key.startswith("winner"):
            side = good is ("accuracy" in key)
            made[key] = "first" if side else "second"
        elif key != "reason":
            made[key] = (
                (9 if better else 2) if "accuracy" in key else 3 if better else 5
            )
    assert list(made) == sorted(made)
    return json.dumps(made)


@pytest.mark.parametrize("team", TEAMS)
def test_every_team_and_strategy_keeps_scores_by_criterion(
    tmp_path: Path, team: str
) -> None:
    judge_run(tmp_path, TEAMS[team], ["first", "second"], reply)
    found: list[Outcome] = list(outcomes(tmp_path / "run"))
    for outcome, label in zip(found, ("first", "second"), strict=True):
        assert outcome.ranking
        (met,) = outcome.ranking.comparisons
        assert met.outcome == label
        for verdict in met.verdicts:
            assert [one.name for one in verdict.criteria] == ["accuracy", "waffle"]
            assert {one.winner for one in verdict.criteria} == {label}
            good, poor = TOTALS.get(team, (8.75, 3.0))
            assert verdict.scores
            given = (verdict.scores.first, verdict.scores.second)
            assert given == ((good, poor) if label == "first" else (poor, good))
    with LedgerReader(tmp_path / "run" / "ledger.db") as ledger:
        sql = "SELECT request FROM calls WHERE role = 'judge'"
        asked = [str(row[0]) for row in ledger.rows(sql, ())]
    assert all("accuracy: What is true." in text for text in asked)
    assert not any("weight" in text for text in asked)


def test_exports_have_a_column_by_criterion_and_a_filter_goes_by_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge_run(tmp_path, TEAMS["combined"], ["first", "second"], reply)
    (run, to) = tmp_path / "run", tmp_path / "out" / "dpo.jsonl"
    for wanted, kept in (("accuracy:9,waffle:3", 2), ("waffle:2", 0)):
        ask = ("--as", "dpo", "--to", to, "--filter", f"criteria={wanted}")
        assert ran(capsys, "export", run, *ask)[0] == Exit.DONE
        lines = to.read_text().splitlines()
        assert len(lines) == kept
        for line in lines:
            first, second = json.loads(json.loads(line)["criteria"])
            assert (first["chosen"], first["rejected"]) == (9, 2)
            assert (second["name"], second["weight"]) == ("waffle", -1)
    ask = ("--as", "dpo", "--to", to, "--filter", "criteria=zeal:3")
    code, _, fault = ran(capsys, "export", run, *ask)
    assert code != Exit.DONE
    assert "'zeal': the rubric has 'accuracy', 'waffle'" in fault


@pytest.mark.parametrize(
    ("judge", "fault"),
    [
        ({"criteria": [{"name": "a"}, {"name": "A"}]}, "two criteria named 'A'"),
        ({"criteria": [{"name": "a", "wieght": 2}]}, "unknown key 'wieght'"),
        ({"criteria": RUBRIC, "prompt": "mine"}, "has no slot \\$criteria"),
        ({"criteria": "helpsteer", "strategy": "direct", "expected": True}, "no score"),
        ({"criteria": "helpsteer", "meet": "listwise"}, "as a text, .* round-robin"),
        ({"criteria": ["accuracy"]}, "give entries such as {name: accuracy"),
        ({"criteria": {"accuracy": 2}}, "give a text, or a list such as"),
        ({"criteria": [{"name": "a!"}]}, "give at most 40 letters"),
    ],
)
def test_a_rubric_that_would_do_nothing_is_refused_before_the_run(
    tmp_path: Path, judge: dict[str, Any], fault: str
) -> None:
    rows(tmp_path / "judged.jsonl", ["first"])
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/mine.md").write_text("Say which. $format")
    evaluate = {"team": "judge", "model": "judge", **judge}
    model = openai_model("http://127.0.0.1:9/v1")
    more = {"source": source(), "systems": [], "prompts": "prompts"}
    path = recipe(tmp_path / "r.yaml", model, 1, evaluate=evaluate, **more)
    with pytest.raises(RecipeError, match=fault):
        load_recipe(path)
