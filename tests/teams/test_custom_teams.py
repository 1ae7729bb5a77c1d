"""Teams, evaluators and voting rules of a user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.main import run_command as command
from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run_recipe
from fellowship.run_outcomes import outcomes
from tests.support.custom_project import first_row, ran, refusal, requests
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.viewer_pages import ask, served


async def test_a_team_and_an_evaluator_of_ones_own_make_pairs_and_resume(
    custom_project: Path,
) -> None:
    sections = {
        "systems": [{"team": "own_teams:Twice", "settings": {"model": "writer"}}],
        "evaluate": {"team": "own_teams:Longest"},
    }
    async with openai_server() as server:
        model = openai_model(server.base_url)
        made = load_recipe(recipe(custom_project / "r.yaml", model, 4, **sections))
        half = await run_recipe(made, custom_project / "run", limit=2)
        report = await run_recipe(made, custom_project / "run")
    assert (half.calls, report.calls, report.balanced) == (4, 8, True)
    assert report.states["pair"] == 4


async def test_a_team_of_ones_own_is_in_transcript_viewer_and_report(
    custom_project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    systems = [
        {"team": "own_teams:Twice", "name": "twice", "settings": {"model": "writer"}}
    ]
    await ran(custom_project, systems=systems, evaluate={"team": "own_teams:Longest"})
    assert command(["show", "run", "1"]) == 0
    shown = capsys.readouterr().out
    assert "Session: twice" in shown
    assert "chosen over rejected" in shown
    with served(custom_project / "run") as place:
        page = ask(place, "/row/1").text
    assert "longest" in page
    assert "g1" in page
    assert command(["report", "run", "--to", "r.html"]) == 0
    assert "twice" in (custom_project / "r.html").read_text()


async def test_an_agent_of_autogen_s_takes_turns_with_ours_and_a_role_may_change(
    custom_project: Path,
) -> None:
    mixed = {"team": "own_teams:Mixed", "settings": {"model": "writer"}}
    await ran(
        custom_project, 1, systems=[mixed], evaluate={"team": "own_teams:Longest"}
    )
    turns = first_row(custom_project).sessions[0].turns
    assert [turn.source for turn in turns] == ["writer", "helper", "writer", "writer"]
    asked = [
        line for line in requests(custom_project).splitlines() if '"writer/' in line
    ]
    assert ['"temperature":0.0' in line for line in asked] == [False, False, True]


async def test_whatever_a_team_raises_ends_its_row_and_half_characters_are_marked(
    custom_project: Path,
) -> None:
    odd = {"team": "own_teams:Odd", "name": "odd"}
    await ran(custom_project, 4, systems=[odd], evaluate={"team": "own_teams:Longest"})
    *failed, last = outcomes(custom_project / "run")
    raised = ("SystemExit(3)", "CancelledError()", "ValueError: half ?")
    for row, what in zip(failed, raised, strict=True):
        assert (row.state, what in row.why) == ("failed", True)
    assert (last.state, last.candidates[0].text) == ("pair", "one ?")


@pytest.mark.parametrize(
    "quits",
    [
        {"jurors": [{"role": "own_roles:Quitter"}, {}]},
        {"jurors": [{}, {}], "rule": "own_teams:quit"},
    ],
)
async def test_a_role_or_rule_that_would_end_the_process_ends_its_row(
    custom_project: Path, quits: dict[str, Any]
) -> None:
    jurors = [
        {"model": "judge", "name": name, **one}
        for name, one in zip("ab", quits["jurors"], strict=True)
    ]
    await ran(custom_project, evaluate={"team": "jury", **quits, "jurors": jurors})
    row = first_row(custom_project)
    assert (row.state, "SystemExit(4)" in row.why) == ("failed", True)


async def test_a_jury_rule_of_ones_own_decides(custom_project: Path) -> None:
    jurors = [{"model": "judge"}, {"model": "critic"}]
    rule = {"team": "jury", "jurors": jurors, "rule": "own_teams:veto"}
    report = await ran(custom_project, evaluate=rule)
    assert set(report.states) <= {"pair", "tie", "order-inconsistent", "unparsed"}
    assert first_row(custom_project).ranking


@pytest.mark.parametrize(
    ("team", "said"),
    [
        ({"team": "own_teams:Plain"}, "'run' must be async"),
        ({"team": "own_teams:Nothing"}, "no method 'run': give it `async def run("),
        ({"team": "own_teams:Twice"}, "can't be made with no settings"),
        ({"team": "own_teams:veto"}, "is a function: a class is expected"),
        ({"team": "singel"}, "did you mean 'single'?"),
    ],
)
def test_a_team_that_cannot_run_is_one_message(
    custom_project: Path, team: dict[str, Any], said: str
) -> None:
    told = refusal(custom_project, systems=[team])
    assert said in told
    assert len(told.splitlines()) == 1


def test_a_misspelt_evaluator_is_told_what_there_is(custom_project: Path) -> None:
    told = refusal(custom_project, evaluate={"team": "jurry"})
    assert "'judge', 'jury', 'debate' or 'package.module:Class'" in told
    assert "did you mean 'jury'?" in told


async def test_a_team_that_returns_something_else_stops_the_run(
    custom_project: Path,
) -> None:
    with pytest.raises(RecipeError, match="returned int, expected is Candidate"):
        await ran(custom_project, systems=[{"team": "own_teams:Numbers"}])


async def test_a_rule_that_returns_something_else_stops_the_run(
    custom_project: Path,
) -> None:
    jurors = [{"model": "judge"}, {"model": "critic"}]
    evaluate = {"team": "jury", "jurors": jurors, "rule": "own_teams:bad_rule"}
    with pytest.raises(RecipeError, match="returned 'maybe', NoneType"):
        await ran(custom_project, evaluate=evaluate)
