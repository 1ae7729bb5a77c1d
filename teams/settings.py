"""Team settings of a recipe, one frozen value for each kind of team."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import ConfigDict, Discriminator, Field, Tag

from fellowship.agents.rubric import Criteria
from fellowship.custom_code import FUNCTION_NAME, NAME, is_offered
from fellowship.field_types import (
    NUMBER,
    WHOLE,
    GivenPath,
    Number,
    PositiveFloat,
    PositiveInt,
)
from fellowship.name_patterns import PROMPT_NAME, SPEAKER_NAME
from fellowship.records import Strategy
from fellowship.settings import Settings
from fellowship.spellings import either, with_older_names

ModelName = Annotated[str, Field(min_length=1, description="a name under `models`")]
PromptName = Annotated[str, Field(pattern=PROMPT_NAME)]
RoleName = Annotated[str, Field(pattern=f"^$|{NAME}")]
"""A role of the user's own: `package.module:Class`, or an entry point's name."""

SpeakerName = Annotated[str, Field(pattern=SPEAKER_NAME)]


class RoleConfig(Settings):
    """A role's model, class and prompt, where more is given than the model's name."""

    model: ModelName
    role: RoleName = Field(
        default="", description="a role of your own: `package.module:Class`"
    )
    prompt: PromptName = Field(
        default="", description="a prompt file to use instead of the role's own"
    )


BUILT_IN_TEAMS = ("single", "feedback", "autogen", "judge", "jury", "debate")
CustomTeam = Annotated[
    str, Field(pattern=NAME, json_schema_extra={"not": {"enum": list(BUILT_IN_TEAMS)}})
]
"""A team of the user's own: `package.module:Class`, or an entry point's name."""


def role_ref_tag(role_ref: Any) -> str:
    """Whether a role is given in full or by its model's name alone."""
    return "entry" if isinstance(role_ref, dict | RoleConfig) else "name"


StopName = Annotated[str, Field(pattern=NAME)]
"""A stop rule of the user's own: `package.module:function`, or an entry point's name."""


E = TypeVar("E", bound=RoleConfig)

RoleRef = Annotated[
    Annotated[ModelName, Tag("name")] | Annotated[RoleConfig, Tag("entry")],
    Discriminator(role_ref_tag),
]


def role_config(role_ref: str | RoleConfig) -> RoleConfig:
    """A role's entry in full."""
    return entry_of(RoleConfig, role_ref) if isinstance(role_ref, str) else role_ref


@lru_cache(maxsize=256)
def entry_of(kind: type[E], model: str) -> E:
    """The entry of a role that is a model's name alone: made once, for all rows."""
    return kind(model=model)


class ReviewerConfig(RoleConfig):
    """A reviewer: `reviewer`, or `reviewer_2` among several, unless it has a name."""

    name: SpeakerName | None = Field(
        default=None,
        description="its name in transcripts, and for the generator, which reads whose"
        " review is whose",
        exclude_if=lambda value: value is None,  # headers of older runs are the same
    )


ReviewerRef = Annotated[
    Annotated[ModelName, Tag("name")] | Annotated[ReviewerConfig, Tag("entry")],
    Discriminator(role_ref_tag),
]


def reviewer_config(reviewer: str | ReviewerConfig) -> ReviewerConfig:
    """A reviewer's entry in full."""
    return entry_of(ReviewerConfig, reviewer) if isinstance(reviewer, str) else reviewer


class SingleSettings(Settings):
    """One model answers, `samples` times, independently."""

    python_name: ClassVar[str] = "Single"
    team: Literal["single"] = "single"
    name: str = "single"
    generator: RoleRef
    samples: PositiveInt = 1


class FeedbackSettings(Settings):
    """A generator drafts, reviewers criticise, the generator drafts again."""

    python_name: ClassVar[str] = "Feedback"
    team: Literal["feedback"] = "feedback"
    name: str = "feedback"
    generator: RoleRef
    reviewers: tuple[ReviewerRef, ...] = Field(
        min_length=1,
        description="each reviews every draft, one after another; the generator gets all"
        " reviews",
    )
    in_order: bool = Field(
        default=False,
        description="a reviewer also reads what the reviewers before it wrote of the same"
        " draft; else each reads the draft alone",
        exclude_if=lambda value: not value,  # headers of older runs are the same bytes
    )
    drafts: Annotated[int, Field(ge=2, le=10), WHOLE] = 3
    scale: PositiveFloat = Field(default=10, description="reviewers score 1 to scale")
    stop_on_falling_score: bool = Field(
        default=True,
        description="stop when a draft's review score is below the draft's before",
    )
    stop: StopName | None = Field(
        default=None,
        description="a stop rule of your own, `package.module:function`: it is called"
        " with the drafts and reviews so far once all have reviewed a draft, and the loop"
        " stops where it returns True",
        exclude_if=lambda value: value is None,  # headers of older runs are the same
    )

    @property
    def reviewer_names(self) -> tuple[str, ...]:
        """The reviewers' names in transcripts, in the order in which they speak."""
        several = len(self.reviewers) > 1
        return tuple(
            reviewer_config(one).name or (f"reviewer_{n}" if several else "reviewer")
            for n, one in enumerate(self.reviewers, 1)
        )

    @property
    def given_names(self) -> tuple[str, ...]:
        """The names that the recipe gives reviewers."""
        names = (reviewer_config(one).name for one in self.reviewers)
        return tuple(name for name in names if name)


class CustomSettings(Settings):
    """A team of the user's own: `my_package.my_module:MyTeam`."""

    team: CustomTeam
    name: str = "custom"
    settings: dict[str, Any] = Field(
        default_factory=dict, description="passed to the class as keyword arguments"
    )


class AutogenSettings(Settings):
    """An AutoGen agent or team that exists already; its calls go to the recipe's models."""

    python_name: ClassVar[str] = "AutogenTeam"
    team: Literal["autogen"] = "autogen"
    name: str = "autogen"
    component: dict[str, Any] | None = Field(
        default=None, description="its component configuration"
    )
    component_file: GivenPath | None = Field(
        default=None, description="a JSON file with its component configuration"
    )
    build: Annotated[str, Field(pattern=f"^$|{NAME}")] = Field(
        default="",
        description="`package.module:function` that builds it from model clients",
    )
    model: str = Field(default="", description="the model of all its agents")
    models: dict[str, ModelName] = Field(
        default_factory=dict,
        description="models by agent, or by argument of `build`",
    )
    drafts_of: str = Field(
        default="",
        description="the agent whose messages are the drafts; if absent, only the last"
        " message is one",
    )


SystemSettings = SingleSettings | FeedbackSettings | AutogenSettings | CustomSettings


AskedOrder = Literal["both", "adaptive", "first"]
Meet = Annotated[
    Literal["knockout", "round-robin", "two-way", "pointwise", "listwise"],
    Field(
        description="which answers are compared: knockout: the winner so far with the"
        " next; round-robin: all with all; two-way: the first two; pointwise: each is"
        " scored alone (with strategy independent); listwise: all are ranked in one"
        " reply, in `shuffles` orders"
    ),
]
SHUFFLES = Field(
    default=4,
    description="orders in which all answers are put to each judge, with meet: listwise",
)
NamedRule = Literal["majority", "mean", "weighted", "dawid-skene"]
CustomRule = Annotated[str, Field(pattern=FUNCTION_NAME)]


def is_custom_rule(rule: object) -> bool:
    """Whether a rule is the user's own function."""
    return ":" in str(rule)


Rule = Annotated[
    Annotated[NamedRule, Tag("named")] | Annotated[CustomRule, Tag("own")],
    Discriminator(lambda rule: "own" if is_custom_rule(rule) else "named"),
]
"""A rule of ours, or a function of the user's own: `package.module:function`."""
Scale = Annotated[float, Field(gt=1, allow_inf_nan=False), NUMBER]


class VoterSettings(Settings):
    """How one model is asked for a verdict."""

    model: ModelName
    strategy: Strategy = "combined"
    scale: Scale = Field(default=10, description="scores run from 1 to scale")
    samples: PositiveInt = Field(
        default=1, description="independent replies in each order, averaged"
    )
    expected: bool = Field(
        default=False,
        description="score by the expected value over the token probabilities, where"
        " the provider gives them",
    )
    criteria: Criteria = Field(
        default="",
        description="criteria to judge by: a text that is added to the prompt; or a list"
        " of criteria that are scored one by one in the same reply, their total the mean"
        " by weight; or the name of such a list: helpsteer, paper-factors or"
        " safety-factors",
    )
    prompt: PromptName = Field(
        default="", description="a prompt file to use instead of the strategy's own"
    )
    role: RoleName = Field(
        default="", description="a role of your own: a subclass of Judge"
    )
    tie_band: Number = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        exclude_if=lambda value: not value,  # headers of older runs are the same bytes
        description="score gaps up to this many points are a tie, once all orders asked"
        " are averaged",
    )


class JudgeSettings(VoterSettings):
    """One judge compares answers, by default in both orders."""

    python_name: ClassVar[str] = "OneJudge"
    model_config = ConfigDict(json_schema_extra=with_older_names)

    team: Literal["judge"] = "judge"
    name: SpeakerName | None = Field(
        default=None,
        description="the name its verdicts carry, `judge` if absent: part of each call's"
        " seed, so that a judge called as a juror was finds that juror's replies by"
        " --fork",
        exclude_if=lambda value: value is None,  # headers of older runs are the same
    )
    order: AskedOrder = Field(
        default="both",
        description="order of the answers; both: A first and B first; adaptive: B first"
        " only where the score gap is small; first: A first only",
    )
    stand_in: ModelName | None = Field(
        default=None,
        validation_alias=either("substitute"),
        description="the model that judges where an answer is by `model`'s own family",
    )
    meet: Meet = "knockout"
    shuffles: PositiveInt = SHUFFLES

    @property
    def speaker(self) -> str:
        """The name its verdicts carry."""
        return self.name or "judge"


class Juror(VoterSettings):
    """One member of a jury; it is called by its model unless it has a name."""

    name: SpeakerName | None = None
    weight: PositiveFloat = Field(
        default=1,
        description="weight of its vote in rule: weighted, of its scores in rule: mean,"
        " and what a rule of your own makes of it; the other rules take none",
    )

    @property
    def speaker(self) -> str:
        """The name its verdicts carry."""
        return self.name or self.model


class JurySettings(Settings):
    """Jurors vote at the same time, without seeing one another's votes."""

    python_name: ClassVar[str] = "Jury"
    model_config = ConfigDict(json_schema_extra=with_older_names)

    team: Literal["jury"] = "jury"
    jurors: tuple[Juror, ...] = Field(
        min_length=1,
        description="two or more; one alone where `escalate` names who decides where it is"
        " unsure",
    )
    rule: Rule = Field(
        default="majority",
        description="majority: of the votes, a split is a tie; mean: of the scores,"
        " by weight;"
        " weighted: votes count by weight; dawid-skene: a majority row by row, decided"
        " again with estimated accuracies once the run is complete",
    )
    scale: Scale = Field(default=10, description="scale of the mean score")
    criteria: Criteria = Field(
        default="",
        exclude_if=lambda value: not value,  # headers of older runs are the same bytes
        description="criteria of every juror that has none of its own and reads any",
    )
    order: AskedOrder = "both"
    early_stop: bool = Field(
        default=True,
        description="don't ask jurors whose vote can't change the outcome any more",
    )
    recuse: bool = Field(
        default=True,
        validation_alias=either("abstain"),
        description="a juror abstains where an answer is by its own model family, as long"
        " as two others vote",
    )
    escalate: Juror | None = Field(
        default=None, description="a judge that decides where the jurors disagree"
    )
    sure_from: Number = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        exclude_if=lambda value: not value,  # headers of older runs are the same bytes
        description="with `escalate` and rule: mean, the score gap from which on jurors who"
        " agree are sure; where it is smaller, the judge of `escalate` decides, too",
    )
    meet: Meet = "knockout"
    shuffles: PositiveInt = SHUFFLES


class Persona(Settings):
    """Somebody in a debate: a point of view, and the model that speaks for it."""

    name: SpeakerName
    model: ModelName | None = Field(
        default=None, description="the debate's `model` if absent"
    )
    prompt: PromptName = Field(default="", description="persona_NAME if absent")
    role: RoleName = Field(
        default="", description="a role of your own: a subclass of Debater"
    )

    @property
    def prompt_file(self) -> str:
        """The prompt file that describes it."""
        return self.prompt or f"persona_{self.name}"


PERSONAS = tuple(
    Persona(name=name) for name in ("general_public", "psychologist", "critic")
)


class DebateSettings(Settings):
    """Personas vote blind, debate where they disagree, and vote again, each alone."""

    python_name: ClassVar[str] = "Debate"
    team: Literal["debate"] = "debate"
    model: ModelName | None = Field(
        default=None, description="the personas' model, unless they name one"
    )
    personas: tuple[Persona, ...] = Field(default=PERSONAS, min_length=2)
    rounds: Annotated[int, Field(ge=1, le=10), WHOLE] = 2
    scale: Scale = 10
    order: Literal["both", "first"] = "both"
    criteria: Criteria = Field(default="", description="as a judge's `criteria`")
    blind_samples: PositiveInt = Field(
        default=1, description="replies per persona and order in the blind vote"
    )
    equal_cost: bool = Field(
        default=True,
        description="where they debate, also take a vote of equal cost: as many calls as"
        " the debate, without debating",
    )
    stop_when_unanimous: bool = Field(
        default=True, description="don't debate where the blind vote is unanimous"
    )
    meet: Meet = "knockout"

    @property
    def further_samples(self) -> int:
        """Replies that bring the blind vote to the cost of the debate and its vote."""
        return max(0, self.rounds + 1 - self.blind_samples) if self.equal_cost else 0

    def model_of(self, persona: Persona) -> str:
        """The model a persona speaks with."""
        return persona.model or self.model or ""


class CustomEvaluateSettings(Settings):
    """An evaluator of the user's own: `my_package.my_module:MyJudges`."""

    team: CustomTeam
    settings: dict[str, Any] = Field(
        default_factory=dict, description="passed to the class as keyword arguments"
    )
    meet: Meet = "knockout"


def team_kind(settings: Any) -> str | None:
    """The kind of team an entry asks for; `custom` for one of the user's own.

    The kind is settled before the entry is validated, so that its errors speak of the
    team that was meant and not of every team there is.
    """
    if isinstance(settings, dict):
        team = settings.get("team")
    else:
        team = getattr(settings, "team", None)
    if not isinstance(team, str):
        return None
    own = ":" in team or (team not in BUILT_IN_TEAMS and is_offered(team, "team"))
    return "custom" if own else team


EvaluateSettings = Annotated[
    Annotated[JudgeSettings, Tag("judge")]
    | Annotated[JurySettings, Tag("jury")]
    | Annotated[DebateSettings, Tag("debate")]
    | Annotated[CustomEvaluateSettings, Tag("custom")],
    Discriminator(team_kind),
]
