"""Teams as components of stock AutoGen.

What AutoGen's own parts can't do is lost, and listed with the file. Plain AutoGen loads
the component and runs it without Fellowship. Every role becomes an `AssistantAgent`
whose system message is the role's prompt, every model a stock client without its key,
every talk a `RoundRobinGroupChat`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fellowship.agents.case import Case
from fellowship.agents.custom_roles import make_role
from fellowship.agents.debater import Debater
from fellowship.agents.role import Role
from fellowship.agents.roles import ONE_TITLE, TWO_TITLES, Judge, Reviewer
from fellowship.agents.rubric import criteria_text
from fellowship.errors import RecipeError
from fellowship.models.providers.registry import provider_of
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.new_run_checks import check_new_run
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Candidate, Conversation, Message
from fellowship.suggestions import select_name
from fellowship.teams.debate import VOTE
from fellowship.teams.settings import (
    AutogenSettings,
    CustomEvaluateSettings,
    CustomSettings,
    DebateSettings,
    FeedbackSettings,
    JurySettings,
    SingleSettings,
    VoterSettings,
    role_config,
)
from fellowship.teams.voter import criteria_fields

EVALUATE = "evaluate"
NOTHING = Case(
    Conversation(messages=(Message(role="user", content=""),)),
    (Candidate(text="", system=""),) * 2,
)

LOST = (
    "no ledger: nothing is recorded, resumed, limited or priced",
    "no seeds by session and turn: two agents of one model may give the same reply",
    "no schema and no repair turn: a verdict is text that you parse yourself",
    "one order only: position bias is not measured",
    "every agent sees all messages: jurors and voters are not blind",
    "answers are not fenced: an answer may contain instructions to its judge",
    "no early stop: every turn is run",
)
"""What the stock parts lose, one sentence each."""


def stock_team(
    recipe: Recipe, name: str, base_url: str | None = None
) -> dict[str, Any]:
    """The component of the system `name`, or of the evaluator for `evaluate`.

    `base_url` is where a server of the embedded model would be. `RecipeError` for a
    name the recipe doesn't have, for what stock parts can't be, and where the recipe
    could not be run.
    """
    check_recipe(recipe, own_rows=False)
    check_new_run(recipe, None, own_rows=False)
    library = PromptLibrary(recipe.prompts)
    maker = StockParts(recipe, library, base_url)
    known = [*(system.name for system in recipe.systems), EVALUATE]
    name = select_name(name, known, "team in the recipe called", RecipeError)
    for system in recipe.systems:
        if system.name == name != EVALUATE:
            if isinstance(system, SingleSettings | FeedbackSettings):
                return maker.system(system)
            if isinstance(system, CustomSettings | AutogenSettings):
                raise RecipeError(
                    f"team {name!r} is not a Fellowship team: dump it with what made it"
                )
    return maker.evaluator()


class StockParts:
    """Stock parts for the roles of one recipe."""

    def __init__(
        self, recipe: Recipe, library: PromptLibrary, base_url: str | None
    ) -> None:
        self.recipe = recipe
        self.library = library
        self.base_url = base_url

    def system(self, settings: SingleSettings | FeedbackSettings) -> dict[str, Any]:
        """A writer alone, or with its reviewers in turn."""
        writer = role_config(settings.generator)
        if isinstance(settings, SingleSettings):
            agents = [self.agent("generator", writer.model, "")]
            return round_robin(settings.name, agents, 1, "Send the user's message.")
        update_prompt = self.library.get("update", ("reviews",)).fill(
            {"reviews": "(see above)"}
        )
        agents = [
            self.agent("generator", writer.model, self.reviewed_message(update_prompt))
        ]
        for name, role_ref in zip(
            settings.reviewer_names, settings.reviewers, strict=True
        ):
            who = role_config(role_ref)
            role = make_role(
                Reviewer,
                who.role,
                model=who.model,
                prompt=who.prompt,
                scale=settings.scale,
                library=self.library,
            )
            agents.append(self.agent(name, who.model, self.system_message(role)))
        turns = (settings.drafts - 1) * len(agents) + 1
        return round_robin(settings.name, agents, turns, "Send the user's message.")

    @staticmethod
    def reviewed_message(update_prompt: str) -> str:
        """A generator's one system message: it can't be told later."""
        return (
            "Answer the user. When reviews of your answer follow, do as this says:\n\n"
            + update_prompt
        )

    def evaluator(self) -> dict[str, Any]:
        """A judge alone, jurors in turn, or a debate with everyone's vote at its end."""
        settings = self.recipe.evaluate
        if isinstance(settings, CustomEvaluateSettings):
            raise RecipeError(f"team {settings.team!r} is your own: it can't be dumped")
        send = "Send the conversation, then both responses, the first one first."
        if isinstance(settings, DebateSettings):
            agents = [*self.debate_turns(settings), *self.debate_votes(settings)]
        elif isinstance(settings, JurySettings):
            agents = [self.judge(j.speaker, j) for j in settings.jurors]
        else:
            agents = [self.judge(settings.speaker, settings)]
        return round_robin(EVALUATE, agents, len(agents), send)

    def debate_turns(self, settings: DebateSettings) -> list[dict[str, Any]]:
        """Every persona once a round; a turn is an agent, so that names are unique."""
        agents = []
        for n in range(1, settings.rounds + 1):
            for persona in settings.personas:
                role = make_role(
                    Debater,
                    persona.role,
                    model=settings.model_of(persona),
                    persona=self.library.get(persona.prompt_file).text,
                    criteria=criteria_text(settings.criteria),
                    library=self.library,
                )
                name = f"{persona.name}_round_{n}"
                agents.append(self.agent(name, role.model, self.system_message(role)))
        return agents

    def debate_votes(self, settings: DebateSettings) -> list[dict[str, Any]]:
        """Every persona's scores after the debate."""
        agents = []
        for persona in settings.personas:
            view = self.library.get(persona.prompt_file).text
            asking = VoterSettings(
                model=settings.model_of(persona),
                scale=settings.scale,
                criteria=settings.criteria,
                prompt=VOTE,
            )
            agents.append(self.judge(f"{persona.name}_vote", asking, view))
        return agents

    def judge(self, name: str, asking: VoterSettings, view: str = "") -> dict[str, Any]:
        """An agent that is told what a judge is told."""
        independent = asking.strategy == "independent"
        role = make_role(
            Judge,
            asking.role,
            model=asking.model,
            strategy=asking.strategy,
            scale=asking.scale,
            **criteria_fields(asking.criteria, view),
            prompt=asking.prompt,
            titles=ONE_TITLE if independent else TWO_TITLES,
            library=self.library,
        )
        return self.agent(name, asking.model, self.system_message(role))

    def system_message(self, role: Role) -> str:
        """A role's prompts as one system message, its answer in marked text."""
        system = self.library.get("system").text
        return f"{system}\n\n{role.instruction(NOTHING, False)}"

    def agent(self, name: str, model: str, system: str) -> dict[str, Any]:
        """One AssistantAgent."""
        served = self.recipe.models[model]
        config: dict[str, Any] = {
            "name": name,
            "model_client": provider_of(served).stock_component(
                model, served, self.base_url
            ),
            "description": f"{name} of a Fellowship recipe",
            "model_client_stream": False,
            "reflect_on_tool_use": False,
            "tool_call_summary_format": "{result}",
        }
        if system:
            config["system_message"] = system
        return {
            "provider": "autogen_agentchat.agents.AssistantAgent",
            "component_type": "agent",
            "version": 2,
            "component_version": 2,
            "label": name,
            "config": config,
        }


def round_robin(
    name: str, agents: Sequence[dict[str, Any]], turns: int, send: str
) -> dict[str, Any]:
    """Agents in turn, for so many turns."""
    lost = "; ".join(LOST)
    return {
        "provider": "autogen_agentchat.teams.RoundRobinGroupChat",
        "component_type": "team",
        "version": 1,
        "component_version": 1,
        "label": name,
        "description": f"{send} Lost without Fellowship: {lost}.",
        "config": {"participants": list(agents), "max_turns": turns},
    }


__all__ = ["EVALUATE", "LOST", "stock_team"]
