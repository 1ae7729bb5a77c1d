"""Feedback loops: reviewers by name and in order, and stop rules of a user's own."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import RecipeError
from fellowship.pipelines.planning.call_counts import feedback_calls
from fellowship.pipelines.planning.token_counts import system_loads
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.header import make_header
from fellowship.prompts.library import PromptLibrary
from fellowship.teams.settings import FeedbackSettings
from tests.support.custom_project import first_row, loop, ran, refusal
from tests.support.recipes import openai_model, recipe

CHECKER = {"model": "critic", "name": "fact_checker"}
STOPS = """
calls = []

def count(drafts, reviews):
    if drafts[0].text != "A lake is water.":  # the trial when the recipe is read
        calls.append((len(drafts), [r.source for r in reviews if r.value.score]))

def at_once(drafts, reviews): return count(drafts, reviews) is None

def late(drafts, reviews):
    count(drafts, reviews)
    return [False][len(drafts) - 1]

def by_name(drafts, reviews):
    last = {r.source: r.value for r in reviews if r.round == len(drafts)}
    return last["fact_checker"].score > 100

def number(drafts, reviews): return 1
def one(drafts): return True
async def later(drafts, reviews): return True
class Thing: ...
"""


@pytest.fixture
def stops(custom_project: Path) -> Iterator[Path]:
    """The user's project with a module of stop rules."""
    (custom_project / "own_stops.py").write_text(STOPS)
    yield custom_project
    sys.modules.pop("own_stops", None)


def calls_of_rule() -> list[tuple[int, list[str]]]:
    """Drafts and reviewers that the module's rules were called with in a run."""
    found: list[tuple[int, list[str]]] = sys.modules["own_stops"].calls
    return found


async def loops(project: Path, *systems: dict[str, Any]) -> None:
    """Run loops on one prompt, compared without a model."""
    longest = {"team": "own_teams:Longest"}
    await ran(project, 1, systems=[*systems], evaluate=longest)


def asked(project: Path) -> list[tuple[str, str]]:
    """Who was asked what in the loop, in order."""
    link = sqlite3.connect(project / "run/ledger.db")
    rows = link.execute("SELECT seat, request FROM calls ORDER BY rowid").fetchall()
    link.close()
    return [(seat, json.loads(r)["messages"][-1]["content"]) for seat, r in rows]


@pytest.mark.parametrize("in_order", [True, False])
async def test_reviewers_speak_by_name_and_a_later_one_reads_the_earlier_in_order(
    custom_project: Path, in_order: bool
) -> None:
    more = {"in_order": True} if in_order else {}
    reviewers = [CHECKER, "judge", {"model": "critic", "name": "editor"}]
    await loops(custom_project, loop(reviewers=reviewers, **more))
    sources = [turn.source for turn in first_row(custom_project).sessions[0].turns]
    round_one = ["generator", "fact_checker", "reviewer_2", "editor"]
    assert list(dict.fromkeys(sources)) == round_one
    assert sources[-1] == "generator"
    heard = {
        seat: [name for name in round_one if f"BEGIN message of {name} " in text]
        for seat, text in asked(custom_project)
        if seat in round_one[1:]
    }
    before = {name: round_one[1:at] for at, name in enumerate(round_one) if at}
    assert heard == (before if in_order else {name: [] for name in before})
    revision = [text for seat, text in asked(custom_project) if seat == "generator"][-1]
    assert all(f"{name}:\n" in revision for name in ("fact_checker", "editor"))
    assert "reviewer_2" not in revision


async def test_a_loop_stops_where_a_rule_of_ones_own_says_so(stops: Path) -> None:
    reviewers = [CHECKER, "judge"]
    system = loop(drafts=4, reviewers=reviewers, stop="own_stops:at_once")
    await loops(stops, {"team": "single", "generator": "writer"}, system)
    session = next(s for s in first_row(stops).sessions if s.team == "loop")
    assert session.stopped == "the stop rule own_stops:at_once stopped it after draft 1"
    assert len(session.candidates) == 1
    assert calls_of_rule() == [(1, ["fact_checker", "reviewer_2"])]


async def test_a_stop_rule_is_asked_once_a_round_and_its_error_is_one_message(
    stops: Path,
) -> None:
    system = loop(drafts=3, stop="own_stops:late", stop_on_falling_score=False)
    with pytest.raises(RecipeError) as error:
        await loops(stops, system)
    assert str(error.value) == (
        "stop rule 'own_stops:late' raised IndexError: list index out of range after 2"
        " drafts and 2 reviews; expected is `def stop(drafts, reviews) -> bool`"
    )
    assert calls_of_rule() == [(1, ["reviewer"]), (2, ["reviewer"] * 2)]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"stop": "own_stops:latee"}, "has no 'latee'; did you mean 'late'?"),
        (
            {"stop": "no_stops:f"},
            "stop rule 'no_stops:f': there is no module 'no_stops'",
        ),
        ({"stop": "nobodys"}, "install a package that offers the name"),
        ({"stop": "a b"}, "systems.0.stop"),
        ({"stop": "own_stops:Thing"}, "is a type: give `def stop(drafts, reviews)"),
        ({"stop": "own_stops:calls"}, "is a list: give `def stop(drafts, reviews)"),
        ({"stop": "own_stops:one"}, "takes other arguments (too many positional"),
        ({"stop": "own_stops:later"}, "is async: give `def stop"),
        ({"stop": "own_stops:number"}, "returned int: expected is `def stop"),
        (
            {"stop": "own_stops:by_name"},
            "raised KeyError: 'fact_checker' after 1 draft",
        ),
        ({"reviewers": [CHECKER, CHECKER]}, "the name 'fact_checker' is taken"),
        ({"reviewers": [CHECKER | {"name": "user"}]}, "the name 'user' is taken"),
        (
            {"reviewers": [CHECKER | {"name": "reviewer_2"}, "critic"]},
            "the name 'reviewer_2' is taken",
        ),
        ({"reviewers": [CHECKER | {"name": "a b"}]}, "systems[0].reviewers[0].name"),
        ({"reviewers": [CHECKER | {"nme": "a"}]}, "did you mean 'name'?"),
    ],
)
def test_what_cannot_be_is_one_message_when_the_recipe_is_read(
    stops: Path, more: dict[str, Any], said: str
) -> None:
    told = refusal(stops, systems=[loop(**more)])
    assert said.replace("systems.0.", "systems[0].") in told
    assert told.startswith("r.yaml, line ")
    assert "\n" not in told.replace("\nr.yaml", "")


async def test_an_order_of_one_reviewer_is_refused_before_the_run(
    custom_project: Path,
) -> None:
    with pytest.raises(RecipeError, match="one reviewer has none before it"):
        await ran(custom_project, systems=[loop(in_order=True)])


def test_a_stop_rule_is_in_the_header_by_digest_and_older_loops_are_as_they_were(
    stops: Path,
) -> None:
    def header(**more: Any) -> dict[str, Any]:
        model = openai_model("http://127.0.0.1:9")
        made = load_recipe(recipe(stops / "r.yaml", model, systems=[loop(**more)]))
        return make_header(made, PromptLibrary(None))

    code = header(stop="own_stops:late")["identity"]["code"]
    assert len(code["own_stops:late"]) == 16
    old = header(reviewers=["critic", {"model": "judge"}])["recipe"]["systems"][0]
    assert not {"in_order", "stop"} & old.keys()
    assert old["reviewers"] == ["critic", {"model": "judge", "role": "", "prompt": ""}]


@pytest.mark.parametrize(("more", "fewest"), [({}, 2), ({"stop": "a:b"}, 1)])
def test_a_plan_knows_that_a_rule_may_stop_a_loop_after_one_draft(
    more: dict[str, str], fewest: int
) -> None:
    made = FeedbackSettings.model_validate(
        {"generator": "g", "reviewers": ["a", "b"], "in_order": True, **more}
    )
    assert feedback_calls(made).generator == (fewest, 3)
    loads = system_loads(made)
    drafts = [load.calls.low for load in loads if load.writes == "answer"]
    assert sum(drafts[1:]) == fewest
    assert [load.reads[2] for load in loads if load.writes == "review"] == [0, 1]
