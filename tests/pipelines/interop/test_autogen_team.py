"""Teams go out as AutoGen's own parts, and AutoGen's own agents and teams come in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.main import run_command as command
from fellowship.errors import RecipeError
from fellowship.pipelines.interop.autogen_team import stock_team
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.replay.branch import Edit, branch_row
from fellowship.pipelines.replay.replay import replay_row
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from fellowship.records import Outcome, Turn
from fellowship.run_outcomes import outcomes
from tests.support.loopback.fixtures import Handle
from tests.support.paths import ROOT
from tests.support.recipes import openai_model, recipe

pytestmark = pytest.mark.filterwarnings("ignore:Resolved model mismatch")
EVALUATORS: dict[str, dict[str, Any]] = {
    "judge": {"team": "judge", "model": "judge"},
    "jury": {"team": "jury", "jurors": [{"model": "judge"}, {"model": "critic"}]},
    "debate": {"team": "debate", "model": "judge", "rounds": 1},
}

AGENTS = """
from pathlib import Path
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_ext.models.openai import OpenAIChatCompletionClient

INFO = {"vision": False, "function_calling": False, "json_output": False,
        "structured_output": False, "family": "unknown"}

def client():
    return OpenAIChatCompletionClient(model="gpt-4o", api_key="none", model_info=INFO,
                                      base_url=Path("base_url").read_text())

def pair(poet, editor):
    agents = [AssistantAgent("poet", model_client=poet, system_message="Sing."),
              AssistantAgent("editor", model_client=editor, system_message="Edit.")]
    return RoundRobinGroupChat(agents, termination_condition=MaxMessageTermination(4))

def alone(model_client):
    return AssistantAgent("alone", model_client=model_client, system_message=None)

def number(): return 3
"""


@pytest.fixture
def project(
    tmp_path: Path, server: Handle, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A project with AutoGen code of its own."""
    (tmp_path / "own_agents.py").write_text(AGENTS)
    (tmp_path / "base_url").write_text(server.base_url)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield tmp_path
    sys.modules.pop("own_agents", None)


def written(project: Path, server: Handle, name: str, **sections: Any) -> Path:
    """A team of a recipe, as a component file."""
    model = openai_model(server.base_url)
    path = recipe(project / "out.yaml", model, 2, **sections)
    to = project / f"{name}.json"
    assert command(["team", str(path), name, "--as", "autogen", "--to", str(to)]) == 0
    return to


async def ran(project: Path, server: Handle, rows: int = 2, **more: Any) -> RunReport:
    """A run with further models, systems or an evaluator."""
    model = openai_model(server.base_url)
    extra = more.pop("models", {})
    path = recipe(project / "r.yaml", model, rows, **more)
    if extra:
        import yaml

        said = yaml.safe_load(path.read_text())
        said["models"] |= extra
        path.write_text(yaml.safe_dump(said))
    return await run_recipe(load_recipe(path), project / "run")


def row(project: Path) -> Outcome:
    """The run's first row."""
    return next(outcomes(project / "run"))


def turns(project: Path, team: str) -> tuple[Turn, ...]:
    """What was said in a session of the first row."""
    return next(s for s in row(project).sessions if s.team == team).turns


@pytest.mark.slow
def test_plain_autogen_runs_every_component_without_fellowship(
    project: Path, server: Handle
) -> None:
    paths = [written(project, server, "loop")]
    for kind, evaluate in EVALUATORS.items():
        made = written(project, server, "evaluate", evaluate=evaluate)
        paths.append(made.rename(project / f"{kind}.json"))
    script = ROOT / "benchmarks/run_component.py"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script, *paths, "A?"],
        env=os.environ | {"FELLOWSHIP_HIDDEN": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for path, line in zip(paths, done.stdout.splitlines(), strict=True):
        turns = json.loads(path.read_text())["config"]["max_turns"]
        assert len(json.loads(line)["messages"]) == turns + 1, path.name


def test_no_key_gets_into_a_component(
    project: Path, server: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    path = recipe(project / "r.yaml", {"provider": "openai", "model": "gpt-4o"})
    text = json.dumps(stock_team(load_recipe(path), "loop"))
    assert "secret" not in text
    assert "api_key" not in text


def test_an_embedded_model_needs_an_address_outside(project: Path) -> None:
    path = recipe(project / "r.yaml", {"provider": "llama_cpp"})
    with pytest.raises(RecipeError, match="give its address with --base-url"):
        stock_team(load_recipe(path), "loop")
    made = stock_team(load_recipe(path), "loop", "http://127.0.0.1:8080/v1")
    assert "8080" in json.dumps(made)


def test_a_team_that_is_not_there_is_refused_with_the_nearest(project: Path) -> None:
    path = recipe(project / "r.yaml", {"provider": "llama_cpp"})
    with pytest.raises(RecipeError, match="did you mean 'loop'"):
        stock_team(load_recipe(path), "lop")


async def test_a_component_comes_back_in_with_every_call_on_record(
    project: Path, server: Handle
) -> None:
    path = written(project, server, "loop")
    guest = {
        "team": "autogen",
        "name": "guest",
        "component_file": str(path),
        "model": "writer",
        "models": {"reviewer": "critic"},
        "drafts_of": "generator",
    }
    report = await ran(project, server, systems=[guest])
    assert report.balanced
    spoke = turns(project, "guest")
    assert [t.source for t in spoke] == [
        *("generator", "reviewer", "generator", "reviewer", "generator")
    ]
    assert all(len(turn.call) == 64 for turn in spoke)
    assert {c.draft for c in row(project).candidates} <= {1, 2, 3}
    assert (await replay_row(project / "run", "1")).identical


async def test_a_team_made_in_python_is_seated_with_the_recipe_s_models(
    project: Path, server: Handle
) -> None:
    guest = {
        "team": "autogen",
        "build": "own_agents:pair",
        "models": {"poet": "writer", "editor": "critic"},
        "drafts_of": "poet",
    }
    await ran(project, server, systems=[guest])
    assert {t.source for t in turns(project, "autogen")} == {"poet", "editor"}


async def test_an_agent_made_in_python_answers_like_a_system(
    project: Path, server: Handle
) -> None:
    systems = [
        {"team": "autogen", "build": "own_agents:alone", "model": "writer"},
        {"team": "single", "generator": "critic"},
    ]
    report = await ran(project, server, systems=systems)
    assert report.states.get("failed", 0) == 0
    assert {c.system for c in row(project).candidates} == {"autogen", "single"}


async def test_a_whole_team_sits_as_reviewer_and_as_judge(
    project: Path, server: Handle
) -> None:
    path = written(project, server, "evaluate", evaluate=EVALUATORS["jury"])
    guest = {"provider": "autogen", "component_file": str(path), "model": "council"}
    loop = {
        "team": "feedback",
        "name": "loop",
        "generator": "writer",
        "reviewers": ["council"],
        "drafts": 2,
    }
    report = await ran(
        project,
        server,
        models={"council": guest},
        systems=[loop],
        evaluate={"team": "judge", "model": "council"},
    )
    assert report.balanced
    assert report.states.get("failed", 0) == 0
    judged = row(project).sessions[-1].turns
    assert {t.model for t in judged} == {"council"}
    assert all(turn.prompt_tokens > 0 for turn in judged)
    assert (await replay_row(project / "run", "1")).identical


async def test_a_client_made_in_python_is_a_provider(
    project: Path, server: Handle
) -> None:
    own = {"provider": "autogen", "build": "own_agents:client", "price": None}
    evaluate = {"team": "judge", "model": "own"}
    report = await ran(project, server, models={"own": own}, evaluate=evaluate)
    assert report.states.get("failed", 0) == 0
    assert (await replay_row(project / "run", "1")).identical


async def test_a_secret_is_not_in_the_header_so_a_branch_says_it_needs_it(
    project: Path, server: Handle
) -> None:
    config = {"model": "gpt-4o", "api_key": "sk-1", "base_url": server.base_url}
    info = dict.fromkeys(("vision", "function_calling", "json_output"), False)
    config["model_info"] = info | {"family": "unknown", "structured_output": False}
    provider = "autogen_ext.models.openai.OpenAIChatCompletionClient"
    component = {"provider": provider, "component_type": "model", "config": config}
    own = {"provider": "autogen", "component": component}
    evaluate = {"team": "judge", "model": "own"}
    await ran(project, server, models={"own": own}, evaluate=evaluate)
    assert "sk-1" not in (project / "run/run.json").read_text()
    assert (await replay_row(project / "run", "1")).identical
    with pytest.raises(RecipeError, match="keep secrets in variables"):
        await branch_row(project / "run", Edit("1", 1, "x"), project / "b")


@pytest.mark.parametrize(
    ("guest", "said"),
    [
        ({"build": "own_agents:pair"}, "name its model"),
        ({"build": "own_agents:pairs"}, "did you mean 'pair'?"),
        (
            {"component": {"provider": "x"}, "build": "own_agents:pair"},
            "give it one of",
        ),
        ({"component_file": "none.json", "model": "writer"}, "there is no file"),
        ({"component_file": "base_url", "model": "writer"}, "component_file"),
    ],
)
def test_a_guest_that_cannot_sit_is_one_message(
    project: Path, server: Handle, guest: dict[str, Any], said: str
) -> None:
    model = openai_model(server.base_url)
    path = recipe(project / "r.yaml", model, systems=[{"team": "autogen", **guest}])
    with pytest.raises(RecipeError) as error:
        load_recipe(path)
    assert said in str(error.value)
    assert str(error.value).startswith("r.yaml, line ")


async def test_a_function_that_makes_something_else_stops_the_run(
    project: Path, server: Handle
) -> None:
    own = {"provider": "autogen", "build": "own_agents:number"}
    with pytest.raises(RecipeError, match="gives a int: an AutoGen agent or team"):
        await ran(project, server, models={"own": own})
