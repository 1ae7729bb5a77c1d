"""What a user brings from their own project: roles, personas, teams, rules, prompts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fellowship import custom_code
from fellowship.cli.main import outcome as command
from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.header import header
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from fellowship.prompts.library import Library
from fellowship.records import Outcome
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.viewer_pages import ask, served

ROLES = '''
from dataclasses import dataclass
from fellowship.agents.debater import Debater
from fellowship.agents.roles import Generator, Judge, Reviewer

class SkepticJuror(Judge):
    """Believes nothing it is not shown."""
    def instruction(self, case, structured):
        return "Believe nothing.\\n" + super().instruction(case, structured)

class Poet(Generator):
    prompt = "sing"
    def messages(self, case, heard, structured):
        made = super().messages(case, heard, structured)
        return (made[0].model_copy(update={"content": "In verse: " + made[0].content}),
                *made[1:])

class Grump(Reviewer):
    def instruction(self, case, structured):
        return "Grumble.\\n" + super().instruction(case, structured)

class Loud(Debater):
    def instruction(self, case, structured):
        return "SHOUT. " + super().instruction(case, structured)

@dataclass(frozen=True, kw_only=True)
class Needy(Judge):
    mood: str

class Clumsy(Judge):
    def instruction(self, case, structured):
        return self.library.get("judge_combined").text

class Broken(Judge):
    def instruction(self, case, structured):
        return {}["nothing"]

def not_a_class(): ...
'''

TEAMS = """
from fellowship.agents.case import Case
from fellowship.agents.roles import Generator
from fellowship.records import Scores, Verdict
from fellowship.teams.systems import candidate_of

class Twice:
    def __init__(self, model): self.model = model
    async def run(self, item, seats):
        role = Generator(model=self.model, library=seats.library)
        agents = [seats.seat(f"g{n}", role, Case(item.conversation)) for n in (1, 2)]
        await seats.ask(*agents)
        return [candidate_of(a, a.turn, seats.team, seats) for a in agents]

class Longest:
    async def compare(self, item, candidates, pair, seats):
        one, two = (len(candidates[i].text) for i in pair)
        scores = Scores(first=one, second=two)
        return [Verdict(winner=scores.winner, scores=scores, evaluator="longest")]

class Numbers:
    async def run(self, item, seats): return [1, 2]

class Plain:
    def run(self, item, seats): return []

class Nothing: ...

def veto(votes, scale):
    sides = {v.decision for v in votes}
    return (sides.pop(), None) if len(sides) == 1 else ("tie", Scores(first=1, second=1))

def bad_rule(votes, scale): return "maybe", None
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project folder with the user's modules, where the user stands."""
    (tmp_path / "own_roles.py").write_text(ROLES)
    (tmp_path / "own_teams.py").write_text(TEAMS)
    (tmp_path / "own_syntax.py").write_text("def (")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/sing.md").write_text("Sing again:\n$reviews")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield tmp_path
    for name in ("own_roles", "own_teams", "own_syntax"):
        sys.modules.pop(name, None)


def loop(**more: Any) -> dict[str, Any]:
    """A feedback loop of two drafts."""
    base = {"team": "feedback", "name": "loop", "generator": "writer", "drafts": 2}
    return base | {"reviewers": ["critic"]} | more


def refusal(project: Path, **sections: Any) -> str:
    """The one message a recipe is refused with."""
    path = recipe(project / "r.yaml", openai_model("http://127.0.0.1:9"), **sections)
    with pytest.raises(RecipeError) as error:
        load_recipe(path)
    return str(error.value)


async def ran(project: Path, rows: int = 2, **sections: Any) -> RunReport:
    """A run of a recipe against a loopback server."""
    async with openai_server() as server:
        path = recipe(
            project / "r.yaml", openai_model(server.base_url), rows, **sections
        )
        return await run_recipe(load_recipe(path), project / "run")


def requests(project: Path) -> str:
    """All requests of a run as one text."""
    import sqlite3

    link = sqlite3.connect(project / "run/ledger.db")
    rows = link.execute("SELECT role, request FROM calls").fetchall()
    link.close()
    return "\n".join(f"{role} {request}" for role, request in rows)


def first_row(project: Path) -> Outcome:
    """The first row's outcome."""
    import sqlite3

    link = sqlite3.connect(project / "run/ledger.db")
    text = link.execute("SELECT record FROM outcomes ORDER BY number").fetchone()[0]
    link.close()
    return Outcome.model_validate_json(text)


async def test_a_role_of_ones_own_sits_in_every_kind_of_seat(project: Path) -> None:
    await ran(
        project,
        prompts="mine",
        systems=[
            loop(
                generator={"model": "writer", "role": "own_roles:Poet"},
                reviewers=[{"model": "critic", "role": "own_roles:Grump"}],
            )
        ],
        evaluate={
            "team": "jury",
            "jurors": [
                {"model": "judge", "role": "own_roles:SkepticJuror"},
                {"model": "critic", "name": "other"},
            ],
        },
    )
    said = requests(project)
    assert all(words in said for words in ("In verse:", "Grumble.", "Believe nothing."))
    assert "Sing again:" in said
    assert {turn.role for turn in first_row(project).sessions[0].turns} == {
        "generator",
        "reviewer",
    }


async def test_a_persona_is_one_markdown_file_and_may_have_a_role(
    project: Path,
) -> None:
    (project / "mine/persona_lawyer.md").write_text("You are a lawyer.")
    await ran(
        project,
        prompts="mine",
        evaluate={
            "team": "debate",
            "model": "judge",
            "rounds": 1,
            "stop_when_unanimous": False,
            "personas": [
                {"name": "lawyer", "role": "own_roles:Loud"},
                {"name": "critic"},
            ],
        },
    )
    assert "SHOUT. You are a lawyer." in requests(project)


async def test_a_team_and_an_evaluator_of_ones_own_make_pairs_and_resume(
    project: Path,
) -> None:
    sections = {
        "systems": [{"team": "own_teams:Twice", "settings": {"model": "writer"}}],
        "evaluate": {"team": "own_teams:Longest"},
    }
    async with openai_server() as server:
        model = openai_model(server.base_url)
        made = load_recipe(recipe(project / "r.yaml", model, 4, **sections))
        half = await run_recipe(made, project / "run", limit=2)
        report = await run_recipe(made, project / "run")
    assert (half.calls, report.calls, report.balanced) == (4, 8, True)
    assert report.states["pair"] == 4


async def test_a_team_of_ones_own_is_in_transcript_viewer_and_report(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    systems = [
        {"team": "own_teams:Twice", "name": "twice", "settings": {"model": "writer"}}
    ]
    await ran(project, systems=systems, evaluate={"team": "own_teams:Longest"})
    assert command(["show", "run", "1"]) == 0
    shown = capsys.readouterr().out
    assert "Session twice" in shown
    assert "chosen over rejected" in shown
    with served(project / "run") as place:
        page = ask(place, "/row/1").text
    assert "longest" in page
    assert "g1" in page
    assert command(["report", "run", "--to", "r.html"]) == 0
    assert "twice" in (project / "r.html").read_text()


async def test_a_jury_rule_of_ones_own_decides(project: Path) -> None:
    jurors = [{"model": "judge"}, {"model": "critic"}]
    rule = {"team": "jury", "jurors": jurors, "rule": "own_teams:veto"}
    report = await ran(project, evaluate=rule)
    assert set(report.states) <= {"pair", "tie", "order-inconsistent", "unparsed"}
    assert first_row(project).ranking


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("own_roles:Nobody", "'own_roles' has no 'Nobody'"),
        ("own_roles:SkepticJurer", "did you mean 'SkepticJuror'?"),
        ("own_rolls:X", "no module 'own_rolls'"),
        ("own_syntax:X", "importing 'own_syntax' raised SyntaxError"),
        (
            "own_roles:Poet",
            "extends Generator, Role, ABC: this seat needs a class that",
        ),
        ("own_roles:not_a_class", "is a function: this seat needs a class"),
        ("own_roles:Needy", "so any other field needs a default"),
        ("own_roles:Clumsy", "has the slot $criteria; its role offers none"),
        ("own_roles:Broken", "can't write its request: KeyError: 'nothing'"),
        ("skeptic", "entry points 'fellowship.roles': none here"),
    ],
)
def test_a_role_that_cannot_sit_there_is_one_message_with_its_line(
    project: Path, role: str, said: str
) -> None:
    told = refusal(project, evaluate={"team": "judge", "model": "judge", "role": role})
    assert said in told
    assert told.startswith("r.yaml, line ")
    assert "evaluate.role: " in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("team", "said"),
    [
        ({"team": "own_teams:Plain"}, "'run' must be async"),
        ({"team": "own_teams:Nothing"}, "no method 'run': give it `async def run("),
        ({"team": "own_teams:Twice"}, "can't be made with none"),
        ({"team": "own_teams:veto"}, "is a function: a class is expected"),
        ({"team": "singel"}, "did you mean 'single'?"),
    ],
)
def test_a_team_that_cannot_run_is_one_message(
    project: Path, team: dict[str, Any], said: str
) -> None:
    told = refusal(project, systems=[team])
    assert said in told
    assert len(told.splitlines()) == 1


def test_a_misspelt_evaluator_is_told_what_there_is(project: Path) -> None:
    told = refusal(project, evaluate={"team": "jurry"})
    assert "'judge', 'jury', 'debate' or 'package.module:Class'" in told
    assert "did you mean 'jury'?" in told


async def test_a_team_that_returns_something_else_stops_the_run(project: Path) -> None:
    with pytest.raises(RecipeError, match="returned int, expected is Candidate"):
        await ran(project, systems=[{"team": "own_teams:Numbers"}])


async def test_a_rule_that_returns_something_else_stops_the_run(project: Path) -> None:
    jurors = [{"model": "judge"}, {"model": "critic"}]
    evaluate = {"team": "jury", "jurors": jurors, "rule": "own_teams:bad_rule"}
    with pytest.raises(RecipeError, match="returned 'maybe', NoneType"):
        await ran(project, evaluate=evaluate)


@pytest.mark.parametrize("name", ["update", "reviewer", "judge_combined", "repair"])
def test_a_prompt_with_a_wrong_slot_is_refused_with_its_line(
    project: Path, name: str
) -> None:
    (project / f"mine/{name}.md").write_text("Do $something.")
    told = refusal(project, prompts="mine", systems=[loop()])
    assert f"prompt '{name}' has the slot $something; its role offers" in told
    assert told.startswith("r.yaml, line ")


def test_own_prompts_and_code_are_in_the_header_by_digest(project: Path) -> None:
    evaluate = {
        "team": "judge",
        "model": "judge",
        "role": "own_roles:SkepticJuror",
    }
    model = openai_model("http://127.0.0.1:9")
    path = recipe(project / "r.yaml", model, prompts="mine", evaluate=evaluate)
    made = load_recipe(path)
    said = header(made, Library(made.prompts))["identity"]
    assert len(said["code"]["own_roles:SkepticJuror"]) == 16
    assert len(said["prompts"]["sing"]) == 16


def test_a_recipe_from_elsewhere_brings_no_code_with_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    told = refusal(project, systems=[{"team": "own_teams:Nothing"}])
    assert "there is no module 'own_teams'" in told


def test_a_project_s_file_cannot_pass_itself_off_as_a_library(project: Path) -> None:
    (project / "openai.py").write_text("raise SystemExit('taken')")
    model = openai_model("http://127.0.0.1:9")
    load_recipe(recipe(project / "r.yaml", model))
    assert sys.path.index(str(project)) >= len(sys.path) - 2


def test_a_package_offers_roles_teams_and_prompts_by_name(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = project / "own_pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "persona_cook.md").write_text("You are a cook.")
    (project / "site/own_pack-1.dist-info").mkdir(parents=True)
    (project / "site/own_pack-1.dist-info/METADATA").write_text("Name: own-pack\n")
    (project / "site/own_pack-1.dist-info/entry_points.txt").write_text(
        "[fellowship.roles]\nskeptic = own_roles:SkepticJuror\n"
        "[fellowship.teams]\ntwice = own_teams:Twice\nlongest = own_teams:Longest\n"
        "[fellowship.prompts]\nkitchen = own_pack\n"
    )
    sys.path.append(str(project / "site"))
    custom_code.entry_points.cache_clear()
    path = recipe(
        project / "r.yaml",
        openai_model("http://127.0.0.1:9"),
        prompts="kitchen",
        systems=[{"team": "twice", "settings": {"model": "writer"}}],
        evaluate={"team": "judge", "model": "judge", "role": "skeptic"},
    )
    made = load_recipe(path)
    custom_code.entry_points.cache_clear()
    assert made.prompts == package
    assert json.loads(made.model_dump_json())["systems"][0]["team"] == "twice"
