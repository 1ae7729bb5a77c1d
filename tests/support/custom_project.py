"""A user's own project: roles, teams, rules and prompts beside a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import RecipeError
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run_recipe
from fellowship.records import Outcome
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe

ROLES = '''
from dataclasses import dataclass
from fellowship.agents.debater import Debater
from fellowship.agents.roles import Generator, Judge, Reviewer

class SkepticJuror(Judge):
    """Believes nothing it is not shown."""
    def instruction(self, case, structured):
        vars(self)["shown"] = len(case.candidates)
        return "Believe nothing.\\n" + super().instruction(case, structured)
    def schema(self):
        made = super().schema()
        made["properties"]["zeal"] = {"type": "string", "enum": ["none"]}
        shown = vars(self).get("shown")
        made["properties"]["reason"]["description"] = f"why none of {shown} is believed"
        return made

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

class Quitter(Judge):
    def spoken(self, text, value):
        raise SystemExit(4)

def not_a_class(): ...
'''

TEAMS = """
from asyncio import CancelledError
from dataclasses import replace
from autogen_agentchat.agents import AssistantAgent
from fellowship.agents.case import Case
from fellowship.agents.roles import Generator
from fellowship.models.config import Sampling
from fellowship.records import Candidate, Scores, Verdict
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

class Mixed:
    def __init__(self, model): self.model = model
    async def run(self, item, seats):
        role = Generator(model=self.model, library=seats.library)
        writer = seats.add_agent("writer", role, Case(item.conversation))
        helper = AssistantAgent("helper", seats.client(self.model, "helper"))
        await seats.chat([writer, helper], 3)
        writer.role = replace(role, sampling=Sampling(temperature=0.0))
        await seats.chat([writer], 1)
        return [candidate_of(writer, writer.turn, seats.team, seats)]

class Odd:
    async def run(self, item, seats):
        raised = {1: SystemExit(3), 2: CancelledError(), 3: ValueError("half \\ud800")}
        if item.number in raised: raise raised[item.number]
        texts = ("one \\udfff", "another, which is longer")
        return [Candidate(text=text, system="odd") for text in texts]

class Numbers:
    async def run(self, item, seats): return [1, 2]

class Plain:
    def run(self, item, seats): return []

class Nothing: ...

def veto(votes, scale):
    sides = {v.decision for v in votes}
    return (sides.pop(), None) if len(sides) == 1 else ("tie", Scores(first=1, second=1))

def quit(votes, scale): raise SystemExit(4)

def bad_rule(votes, scale): return "maybe", None
"""


def write_project(folder: Path) -> None:
    """Write the user's modules, one of them broken, and a folder of prompts."""
    (folder / "own_roles.py").write_text(ROLES)
    (folder / "own_teams.py").write_text(TEAMS)
    (folder / "own_syntax.py").write_text("def (")
    (folder / "mine").mkdir()
    (folder / "mine/sing.md").write_text("Sing again:\n$reviews")


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
