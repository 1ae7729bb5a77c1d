"""Fellowship: preference data made by language models that check one another.

What is listed in `__all__` is the public interface, loaded when it is first used, so that
`import fellowship` costs next to nothing. Code inside imports from where things are.
"""

from importlib import import_module

__version__ = "0.1.0"

HOMES = {
    "agents.agent": ("RoleAgent",),
    "agents.case": ("Case",),
    "agents.debater": ("Debater",),
    "agents.role": ("Line", "Role"),
    "agents.rubric": ("Criterion",),
    "agents.roles": ("Generator", "Judge", "Reviewer"),
    "errors": (
        *("BudgetStop", "EndpointDown", "FellowshipError", "InputError"),
        *("LedgerError", "ModelError", "RecipeError", "RowError", "SettingsError"),
        "VerdictError",
    ),
    "models.record.meter": ("Limits",),
    "pipelines.asking.judgement": ("Judgement", "Rating"),
    "pipelines.asking.judging": ("ajudge", "ascore", "judge", "score"),
    "pipelines.asking.rewards": ("RewardFunction", "reward_function"),
    "pipelines.replay.branch": ("Edit", "branch", "branch_row"),
    "pipelines.agreement.drift": ("Drift", "drift"),
    "run_outcomes": ("outcomes", "pairs"),
    "pipelines.interop.frames": ("Frames", "frames"),
    "pipelines.interop.opened_run": ("OpenedRun", "open"),
    "pipelines.recipe.export_settings": ("Export",),
    "pipelines.recipe.loading": ("load_recipe",),
    "pipelines.recipe.pair_settings": ("Pairs",),
    "pipelines.recipe.recipe": ("Recipe", "Source"),
    "pipelines.recipe.teams_in_code": (
        *("AutogenTeam", "Debate", "Feedback", "Jury", "LlamaCpp", "Ollama"),
        *("OneJudge", "OpenAI", "Single"),
    ),
    "pipelines.replay.rejudge": ("rejudge", "rejudge_recipe", "rejudge_run"),
    "pipelines.replay.replay": ("Replayed", "replay", "replay_row"),
    "pipelines.running.run_report": ("RunReport",),
    "pipelines.running.runner": ("run", "run_recipe"),
    "pipelines.running.streaming": ("Spoken", "listen", "stream"),
    "records": (
        *("Candidate", "Comparison", "Conversation", "Item", "Message", "Outcome"),
        *(
            "Choice",
            "CriterionMark",
            "CriterionScores",
            "Decision",
            "Mark",
            "PreferencePair",
            "Ranking",
            "Review",
            "Scores",
            "Session",
            "Turn",
            "Verdict",
        ),
    ),
    "teams.settings": ("Juror", "Persona", "ReviewerConfig"),
    "teams.vote_counting": ("Vote",),
    "teams.session": ("Seats", "SessionContext"),
    "teams.systems": ("candidate_of", "make_candidate"),
}
"""Where each public name lives, below `fellowship`; `__init__.pyi` tells type checkers."""

_HOME = {name: module for module, names in HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'fellowship' has no attribute {name!r}")
    found: object = getattr(import_module(f"fellowship.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
