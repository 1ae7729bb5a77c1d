"""Model settings of a recipe: provider, sampling, limits and price."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)

from fellowship.custom_code import FUNCTION_NAME, NAME
from fellowship.field_types import (
    NUMBER,
    WHOLE,
    GivenName,
    GivenPath,
    PositiveFloat,
    PositiveInt,
    Whole,
)
from fellowship.models.addresses import check_base_url, check_host
from fellowship.settings import Settings

NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False), NUMBER]
BaseUrl = Annotated[str, AfterValidator(check_base_url)]
Host = Annotated[str, AfterValidator(check_host)]


Reasoning = (
    StrictBool
    | Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
    | Annotated[int, Field(gt=0, strict=True)]
)
"""How much a model is to think: an effort, on or off, or a budget in tokens."""


class Price(Settings):
    """US dollars for a million tokens."""

    prompt: NonNegative
    completion: NonNegative
    cached: NonNegative | None = Field(
        default=None,
        description="price of a cached prompt token; the price of a prompt token if absent",
    )
    cache_write: NonNegative | None = Field(
        default=None,
        description="price of a prompt token written to a cache; that of a prompt token"
        " if absent",
    )
    long: PositiveInt | None = Field(
        default=None,
        description="prompt tokens above which a whole request costs more; never if absent",
    )
    long_prompt: NonNegative = Field(
        default=2.0, description="how many times as much the prompt costs then"
    )
    long_completion: NonNegative = Field(
        default=1.5, description="how many times as much the reply costs then"
    )


class Sampling(Settings):
    """How a model samples. What is None is left to the provider."""

    temperature: Annotated[float, Field(ge=0, le=5), NUMBER] | None = None
    top_p: Annotated[float, Field(gt=0, le=1), NUMBER] | None = None
    max_tokens: PositiveInt = Field(
        default=1024, description="longest reply in tokens; a longer one is cut off"
    )
    stop: tuple[str, ...] = ()
    logprobs: bool | None = None
    top_logprobs: PositiveInt | None = None

    def with_defaults(self, base: Sampling) -> Sampling:
        """These settings where they were given, `base` where not."""
        given = self.model_dump(exclude_unset=True)
        return Sampling(**(base.model_dump(exclude_unset=True) | given))


class ModelBase(Settings):
    """What every model has in a recipe, whoever serves it."""

    # Aliases keep `schema`-like words free; protected names are none of ours.
    model_config = ConfigDict(protected_namespaces=())

    temperature: Annotated[float, Field(ge=0, le=5), NUMBER] | None = 0.7
    top_p: Annotated[float, Field(gt=0, le=1), NUMBER] | None = None
    max_tokens: PositiveInt = 1024
    thinking_tokens: PositiveInt | None = Field(
        default=None,
        description="room for thinking, in tokens: added to max_tokens, which is for the"
        " answer, where the provider has one limit for both",
    )
    reasoning: Reasoning | None = Field(
        default=None,
        description="how much it thinks: none, minimal, low, medium, high, xhigh, max,"
        " true, false, or a number of tokens; as it does by itself if absent",
    )
    stop: tuple[str, ...] = ()
    family: str = Field(
        default="",
        description="model family, e.g. llama, for family bias; guessed from the name"
        " if absent",
    )
    concurrency: PositiveInt | None = Field(
        default=None,
        description="most calls in flight at this endpoint; adjusted"
        " automatically if absent",
    )
    rpm: PositiveFloat | None = Field(
        default=None, description="calls per minute that this endpoint allows"
    )
    tpm: PositiveFloat | None = Field(
        default=None,
        description="tokens per minute that this endpoint allows, prompt and completion",
    )
    deadline: PositiveFloat | None = Field(
        default=None,
        description="seconds until a try of a call times out; by measured speed if absent",
    )
    tries: PositiveInt = Field(
        default=5, description="tries of a call before its row fails"
    )
    patience: PositiveFloat = Field(
        default=600.0,
        description="seconds that this endpoint may be down before the run stops",
    )
    structured: bool = Field(
        default=True,
        description="ask for JSON by schema; if false, for text with marked lines",
    )
    system_role: bool = Field(
        default=True,
        description="false for models whose chat template has no system role",
    )
    price: Price | None = Field(
        default=None, description="USD per million tokens; the table's if absent"
    )
    usd_per_hour: NonNegative | None = Field(
        default=None,
        description="USD per hour that this endpoint is busy, in addition to tokens",
    )

    @property
    def batched(self) -> bool:
        """Whether its calls go through its provider's batch API."""
        return False

    @property
    def longest(self) -> int:
        """Tokens of the longest reply: the thinking and the answer."""
        return self.max_tokens + (self.thinking_tokens or 0)

    @property
    def sampling(self) -> Sampling:
        """How it samples where a role says nothing else."""
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            stop=self.stop,
        )


class LlamaCppModel(ModelBase):
    """The embedded engine: a GGUF file in this process, no server, no key."""

    python_name: ClassVar[str] = "LlamaCpp"
    provider: Literal["llama_cpp"] = "llama_cpp"
    model: GivenName = Field(
        default="smollm2-135m-instruct",
        description="the packaged model's name, or the path of a GGUF file",
    )
    num_ctx: PositiveInt = Field(
        default=4096, description="context size in tokens, per sequence"
    )
    slots: PositiveInt = Field(default=4, description="sequences decoded in parallel")
    threads: PositiveInt | None = Field(default=None, description="all cores if absent")

    @model_validator(mode="after")
    def _no_reasoning(self) -> LlamaCppModel:
        """Nothing here says how much to think."""
        refuse_reasoning(self)
        return self


class OllamaModel(ModelBase):
    """A model on an Ollama server, through its native /api/chat."""

    python_name: ClassVar[str] = "Ollama"
    provider: Literal["ollama"] = "ollama"
    model: GivenName = Field(
        description="the model's name as in `ollama list`, e.g. llama3.1:8b"
    )
    host: Host | None = Field(
        default=None, description="the server; $OLLAMA_HOST or localhost if absent"
    )
    hosts: tuple[Host, ...] = Field(
        default=(),
        description="several servers that all have this model, instead of host",
    )
    max_loaded: PositiveInt = Field(
        default=1, description="models that the server keeps in memory at once"
    )
    num_ctx: PositiveInt = Field(
        default=8192, description="context size in tokens, the same for every call"
    )
    keep_alive: str | Whole = Field(default="30m", description="Ollama's keep_alive")
    think: bool | Literal["low", "medium", "high", "max"] | None = Field(
        default=None,
        description="true, false or a level, for models that can; they think if absent",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="further Ollama options, e.g. repeat_penalty"
    )

    @model_validator(mode="after")
    def _one_way_to_say_where(self) -> OllamaModel:
        """`hosts` is instead of `host`."""
        if self.think is not None and self.reasoning is not None:
            raise ValueError("think and reasoning are one setting: keep reasoning only")
        if self.host and self.hosts:
            raise ValueError(
                "give host or hosts, not both: a pool lists all of its hosts"
            )
        return self


class Batching(Settings):
    """How calls of a model in batch mode are gathered and waited for."""

    gather: PositiveFloat = Field(
        default=10.0, description="seconds without a new call before a batch is sent"
    )
    lines: Annotated[int, Field(gt=0, le=50_000), WHOLE] = Field(
        default=20_000, description="most calls in one batch"
    )
    poll: PositiveFloat = Field(
        default=30.0, description="seconds between status checks of a batch"
    )


class OpenAIModel(ModelBase):
    """A model behind an OpenAI-style API: OpenAI, vLLM, llama-server, a gateway."""

    python_name: ClassVar[str] = "OpenAI"
    provider: Literal["openai"] = "openai"
    model: str = Field(
        description="the model's name on the server, e.g. gpt-4o-2024-08-06"
    )
    base_url: BaseUrl | None = Field(default=None, description="OpenAI's own if absent")
    base_urls: tuple[BaseUrl, ...] = Field(
        default=(),
        description="several servers that all serve this model, instead of base_url",
    )
    max_loaded: PositiveInt | None = Field(
        default=None,
        description="models that the server keeps loaded at once, if it swaps models",
    )
    mode: Literal["live", "batch"] = Field(
        default="live",
        description="batch: use the Batch API, at half price, with results within a day",
    )
    batch: Batching = Batching()
    api_key_env: str | None = Field(
        default="OPENAI_API_KEY",
        description="environment variable with the API key; null if none is needed",
    )
    extra_body: dict[str, Any] = Field(
        default_factory=dict, description="more fields for the request body"
    )

    @property
    def batched(self) -> bool:
        """Whether its calls are lines of a batch's file."""
        return self.mode == "batch"

    @model_validator(mode="after")
    def _one_way_to_say_where(self) -> OpenAIModel:
        """`base_urls` is instead of `base_url`, and a batch stays where it was sent."""
        if self.base_url and self.base_urls:
            raise ValueError(
                "give base_url or base_urls, not both: a pool lists all of its servers"
            )
        if self.base_urls and self.mode == "batch":
            raise ValueError(
                "a batch is kept by one server: give base_url, not base_urls"
            )
        return self


ScoreRange = (
    Literal["scale", "probability", "logit"]
    | tuple[
        Annotated[float, Field(allow_inf_nan=False), NUMBER],
        Annotated[float, Field(allow_inf_nan=False), NUMBER],
    ]
)
"""Where a scoring model's numbers lie: on the judge's scale, 0 to 1, any (by their
probability), or between two ends."""

ScoreForm = Literal["score", "scores", "side"]
"""What a model of scores is asked for: one answer's score, two answers', or a side."""


def check_score_range(value: ScoreRange | None) -> ScoreRange | None:
    """A range with its lower end first; `ValueError` for another."""
    if isinstance(value, tuple) and not value[0] < value[1]:
        raise ValueError(f"{list(value)} has no room: give [lowest, highest]")
    return value


SCORES = Field(
    default=None,
    description="where its numbers lie: scale (the judge's), probability, logit, or"
    " [lowest, highest]; they are put onto the judge's scale",
)


class RewardModel(ModelBase):
    """A reward model or classifier on a vLLM server: it scores, and writes nothing."""

    provider: Literal["reward"] = "reward"
    model: str = Field(description="the model's name on the server")
    base_url: BaseUrl | None = Field(
        default=None, description="the server, e.g. http://localhost:8000/v1"
    )
    base_urls: tuple[BaseUrl, ...] = Field(
        default=(),
        description="several servers that all serve this model, instead of base_url",
    )
    route: Literal["classify", "score", "pooling"] = Field(
        default="classify",
        description="what the server is asked: /classify (class probabilities), /score"
        " (prompt against answer) or /pooling (a raw reward)",
    )
    send: Literal["messages", "text"] = Field(
        default="messages",
        description="the conversation as messages, put into the model's own template by"
        " the server, or as one text (older servers; always with /score)",
    )
    output: Annotated[int, Field(ge=0), WHOLE] | None = Field(
        default=None,
        description="which of several numbers is the score, from 0; needed for more"
        " than one",
    )
    scores: Annotated[ScoreRange | None, AfterValidator(check_score_range)] = SCORES
    api_key_env: str | None = Field(
        default=None,
        description="environment variable with the API key; none is needed if absent",
    )
    extra_body: dict[str, Any] = Field(
        default_factory=dict,
        description="more fields for the request body, e.g. use_activation: false",
    )
    max_tokens: PositiveInt = Field(
        default=1, description="not used: it writes nothing"
    )

    @property
    def range(self) -> ScoreRange:
        """As given, else what its route replies with: probabilities, or raw rewards."""
        return self.scores or ("logit" if self.route == "pooling" else "probability")

    @model_validator(mode="after")
    def _one_way_to_say_where(self) -> RewardModel:
        """One of `base_url` and `base_urls`; nothing here thinks."""
        refuse_reasoning(self)
        if bool(self.base_url) == bool(self.base_urls):
            raise ValueError("give base_url, or base_urls for several servers")
        return self


class FunctionModel(ModelBase):
    """A Python function that scores answers; it runs in this process, unsandboxed."""

    provider: Literal["function"] = "function"
    function: Annotated[str, Field(pattern=FUNCTION_NAME)] = Field(
        description="`package.module:name`, called with the messages and one answer, or"
        " two where it compares; it may be async"
    )
    model: str = Field(default="", description="a name for reports")
    family: str = Field(default="unknown", description="model family, for family bias")
    scores: Annotated[ScoreRange | None, AfterValidator(check_score_range)] = SCORES
    max_tokens: PositiveInt = Field(
        default=1, description="not used: it writes nothing"
    )

    @property
    def range(self) -> ScoreRange:
        """As given, else the judge's own scale."""
        return self.scores or "scale"

    @model_validator(mode="after")
    def _no_reasoning(self) -> FunctionModel:
        """Nothing here says how much to think."""
        refuse_reasoning(self)
        return self


class AutogenModel(ModelBase):
    """Any AutoGen ChatCompletionClient, agent or team: a component, or made in Python."""

    provider: Literal["autogen"] = "autogen"
    model: str = Field(default="", description="a name for reports")
    component: dict[str, Any] | None = Field(
        default=None, description="its component configuration"
    )
    component_file: GivenPath | None = Field(
        default=None, description="a JSON file with its component configuration"
    )
    build: Annotated[str, Field(pattern=f"^$|{NAME}")] = Field(
        default="",
        description="`package.module:function` that builds it, called without arguments",
    )
    arguments: tuple[str, ...] = Field(
        default=("temperature", "top_p", "max_tokens", "stop", "seed"),
        description="sampling arguments that its client accepts in a call",
    )

    @model_validator(mode="after")
    def _no_reasoning(self) -> AutogenModel:
        """Nothing here says how much to think."""
        refuse_reasoning(self)
        return self


def refuse_reasoning(config: ModelBase) -> None:
    """`ValueError` for an effort that nothing would tell the model of."""
    if config.reasoning is not None:
        raise ValueError(
            "reasoning can't be set here: the embedded engine, AutoGen's clients and"
            " models that score have no such argument"
        )


ModelConfig = Annotated[
    LlamaCppModel
    | OllamaModel
    | OpenAIModel
    | AutogenModel
    | RewardModel
    | FunctionModel,
    Field(discriminator="provider"),
]

FAMILIES = (
    *("llama", "gemma", "gpt", "qwen", "mistral", "mixtral", "claude", "phi"),
    *("deepseek", "smollm", "command", "gemini", "granite", "olmo", "yi", "falcon"),
)


AnyModel = (
    LlamaCppModel
    | OllamaModel
    | OpenAIModel
    | AutogenModel
    | RewardModel
    | FunctionModel
)


def family_of(config: AnyModel) -> str:
    """The family a model is of: as configured, else the first one its name contains.

    Of a file of weights only its own name counts: it may lie in a folder `llama.cpp`.
    """
    if config.family:
        return config.family
    name = config.model.lower()
    if name.endswith(".gguf"):
        name = re.split(r"[/\\]", name)[-1]
    return next((family for family in FAMILIES if family in name), name)


def is_batched(config: AnyModel) -> bool:
    """Whether a model's calls go through its provider's batch API."""
    return config.batched
