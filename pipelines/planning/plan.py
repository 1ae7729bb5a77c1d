"""Plan of a run: calls, tokens, money and time from recipe and prompts.

Every guess in it is listed among its assumptions. The expected figures take replies of
stated average lengths and every round played; the ceilings take every reply at
`max_tokens`. A price nobody knows is None, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from pydantic import Field

from fellowship.model_names import model_name
from fellowship.models.client import estimated_tokens
from fellowship.models.config import ModelConfig, family_of
from fellowship.models.providers.leaving import leaving_models
from fellowship.models.providers.pricing import price_of
from fellowship.models.providers.registry import PROVIDERS, provider_of
from fellowship.models.providers.unsent import unsent_of
from fellowship.models.record.prices import age_note, cost, table_date
from fellowship.number_format import percent
from fellowship.pipelines.planning.call_counts import (
    NOTHING,
    Span,
    evaluator_calls,
    system_calls,
)
from fellowship.pipelines.planning.context_room import context_warnings
from fellowship.pipelines.planning.token_counts import (
    ANSWER,
    INSTRUCTIONS,
    REVIEW,
    VERDICT,
    Lengths,
    Load,
    Rows,
    system_loads,
)
from fellowship.pipelines.recipe.checks import check_recipe
from fellowship.pipelines.recipe.new_run_checks import check_new_run
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.pipelines.sources.repeated_ids import find_repeated
from fellowship.pipelines.sources.source import Rejected
from fellowship.records import Item, Record
from fellowship.teams.settings import (
    AutogenSettings,
    CustomEvaluateSettings,
    FeedbackSettings,
    SingleSettings,
    SystemSettings,
    role_config,
)
from fellowship.usage import Usage


class ModelPlan(Record):
    """One model's share. The ceilings are reached if no reply ends by itself."""

    model: str
    calls_min: int
    calls_max: int
    prompt_tokens: int
    completion_tokens: int
    prompt_tokens_max: int
    completion_tokens_max: int
    usd: float | None
    usd_max: float | None
    seconds: float


class Plan(Record):
    """What a recipe would cost on its source."""

    rows: Rows
    models: tuple[ModelPlan, ...]
    assumptions: tuple[str, ...]
    not_counted: tuple[str, ...] = Field(
        default=(), description="teams whose calls nobody knows before they are made"
    )
    warnings: tuple[str, ...] = Field(
        default=(), description="models whose context is too small for what they read"
    )
    servers: tuple[str, ...] = Field(
        default=(), description="what the models' servers say of them"
    )

    @property
    def usd(self) -> float | None:
        """US dollars expected of all models; None while one has no known price.

        None too where the calls of a team of one's own are not known.
        """
        if self.not_counted:
            return None
        prices = [model.usd for model in self.models]
        return None if None in prices else sum(p for p in prices if p is not None)

    @property
    def seconds(self) -> float:
        """Time expected if no two models ever work at once."""
        return sum(model.seconds for model in self.models)


def measure_source(items: Iterable[object]) -> Rows:
    """What there is in a source: `Item`s counted and measured, anything else rejected."""
    prompts = rejected = tokens = longest = candidates = open_turns = 0
    reasons: dict[str, list[int]] = {}
    why, ids = "", list[tuple[int, str]]()
    for item in items:
        if not isinstance(item, Item):
            rejected += 1
            if isinstance(item, Rejected):
                why = why or f"row {item.number}: {item.why}"
                reasons.setdefault(item.why, []).append(item.number)
            continue
        prompts += 1
        if item.id is not None:
            ids.append((item.number, item.id))
        turns = item.conversation.messages
        size = sum(estimated_tokens(turn.content) for turn in turns)
        tokens, longest = tokens + size, max(longest, size)
        candidates = max(candidates, len(item.candidates))
        roles = [turn.role for turn in turns]
        open_turns += sum(pair == ("user", "user") for pair in pairwise(roles))
    return Rows(
        prompts=prompts,
        rejected=rejected,
        why=why,
        reasons={name: tuple(numbers) for name, numbers in reasons.items()},
        repeated=find_repeated(ids).sentence(),
        tokens=tokens,
        longest=longest,
        candidates=candidates,
        open_turns=open_turns,
    )


def plan(recipe: Recipe, rows: Rows) -> Plan:
    """Calls, tokens, money and time of a run over these rows.

    `RecipeError` where the recipe could not be run.
    """
    check_recipe(recipe, own_rows=False)
    check_new_run(recipe, None, own_rows=False)
    loads = [load for system in recipe.systems for load in system_loads(system)]
    candidates = Span(rows.candidates, rows.candidates)
    for system in recipe.systems:
        calls = system_calls(system)
        candidates += calls.candidates if calls else NOTHING
    loads += [
        Load(
            a.model,
            a.calls,
            a.writes,
            (1, a.answers, a.turns_read),
            share=recipe.pairs.sample if recipe.pairs.by_system else 1.0,
        )
        for a in evaluator_calls(recipe.evaluate, candidates, own_family_models(recipe))
    ]
    longest = max((config.max_tokens for config in recipe.models.values()), default=0)
    models = tuple(
        model_plan(name, config, rows, [x for x in loads if x.model == name], longest)
        for name, config in recipe.models.items()
    )
    return Plan(
        rows=rows,
        models=models,
        assumptions=tuple(assumptions(recipe)),
        not_counted=tuple(not_counted(recipe)),
        warnings=tuple(context_warnings(recipe, rows, loads)),
    )


def own_family_models(recipe: Recipe) -> frozenset[str]:
    """The models of a family that also writes candidates."""
    writers = {
        role_config(system.generator).model
        for system in recipe.systems
        if isinstance(system, SingleSettings | FeedbackSettings)
    }
    families = {family_of(recipe.models[name]) for name in writers}
    return frozenset(n for n, c in recipe.models.items() if family_of(c) in families)


def model_plan(
    name: str, config: ModelConfig, rows: Rows, loads: list[Load], longest: int
) -> ModelPlan:
    """One model's calls, tokens, money and time over all rows.

    `longest` is the largest `max_tokens` of the recipe: no text is longer than that.
    """
    used = expected_usage(rows, loads, Lengths.average(longest), config)
    high = expected_usage(rows, loads, Lengths(longest, longest, longest), config)
    price, rate = price_of(config), (config.usd_per_hour or 0.0) / 3600
    if price is not None:  # the tokens are of many calls, none of which is that long
        price = price.model_copy(update={"long": None})
    speed = provider_of(config).tokens_per_second
    return ModelPlan(
        model=f"{name} ({model_name(config.model) or config.provider})",
        calls_min=sum(load.calls.low * load.times(rows) for load in loads),
        calls_max=sum(load.calls.high * load.times(rows) for load in loads),
        prompt_tokens=used.prompt,
        completion_tokens=used.completion,
        prompt_tokens_max=high.prompt,
        completion_tokens_max=high.completion,
        usd=total_cost(cost(price, used), used.completion / speed * rate),
        usd_max=total_cost(cost(price, high), high.completion / speed * rate),
        seconds=used.completion / speed,
    )


def total_cost(tokens: float | None, hours: float) -> float | None:
    """What tokens and busy hours cost together; None while the tokens' price is."""
    return None if tokens is None else tokens + hours


def expected_usage(
    rows: Rows, loads: list[Load], long: Lengths, config: ModelConfig
) -> Usage:
    """Tokens of every call made, with texts of these lengths and all its thinking."""
    average = rows.tokens / max(rows.prompts, 1)
    most, thinking = config.max_tokens, config.thinking_tokens or 0
    prompt = completion = 0
    for load in loads:
        prompts, answers, reviews = load.reads
        read = prompts * average + answers * long.answer + reviews * long.review
        calls = load.calls.high * load.times(rows)
        prompt += round(calls * (read + INSTRUCTIONS))
        completion += calls * (min(getattr(long, load.writes), most) + thinking)
    return Usage(prompt, completion)


def not_counted(recipe: Recipe) -> list[str]:
    """What no plan can know: the calls of teams of one's own."""
    found = [
        f"the calls of your team {own_team_name(system)!r}, nor what judging its answers"
        " takes"
        for system in recipe.systems
        if system_calls(system) is None
    ]
    if isinstance(recipe.evaluate, CustomEvaluateSettings):
        found.append(f"the calls of your team {recipe.evaluate.team!r}")
    return found


def own_team_name(system: SystemSettings) -> str:
    """A team as the recipe names it: by what it is, or by its name where that says less."""
    return system.name if isinstance(system, AutogenSettings) else system.team


def assumptions(recipe: Recipe) -> list[str]:
    """What the figures rest on, in sentences."""
    sentences = [
        f"expected: answers of {ANSWER} tokens, reviews of {REVIEW}, verdicts of"
        f" {VERDICT}, or max_tokens where that is less; every round is run",
        "at most: every reply is as long as its max_tokens",
        *(
            [f"judged: {percent(recipe.pairs.sample)} of the rows, by pairs.sample"]
            if recipe.pairs.by_system
            else ()
        ),
        *(
            [
                "thinking: every call of a model with thinking_tokens uses all of them;"
                " what other models think is not counted"
            ]
            if any(config.thinking_tokens for config in recipe.models.values())
            else ()
        ),
        f"a role's instructions take {INSTRUCTIONS} tokens; prompts are counted at"
        " four bytes a token; nothing is cached",
        "calls: from the earliest stop to the last"
        " round; repair turns (one for each invalid reply)"
        " and retries are extra",
        "assumed speed: "
        + ", ".join(
            f"{entry.tokens_per_second:g} tokens/s on {name}"
            for name, entry in PROVIDERS.items()
        ),
        f"prices of {table_date()} unless the recipe gives its own; local models are free",
    ]
    sentences += [f"NOT counted: {what}" for what in not_counted(recipe)]
    sentences += unsent_of(recipe.models)
    today = date.today()
    sentences += leaving_models(recipe.models, today)
    if note := age_note(today):
        sentences.append(note)
    unknown = [name for name, config in recipe.models.items() if not price_of(config)]
    if unknown:
        sentences.append(
            f"price unknown: {', '.join(unknown)}; set `price:` in the recipe"
        )
    return sentences
