"""Checks of a recipe's evaluator.

What an evaluator can't do is said when its recipe is read, not at its first row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from fellowship.agents.roles import STRATEGIES, Judge
from fellowship.agents.rubric import rubric_of
from fellowship.errors import RecipeError, install_command
from fellowship.faults import Place, dotted_place
from fellowship.models.providers.registry import provider_of
from fellowship.pipelines.recipe.pair_settings import SIZES
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.prompts.library import PromptLibrary
from fellowship.suggestions import quoted_list
from fellowship.teams.meetings import MEETINGS
from fellowship.teams.settings import (
    CustomEvaluateSettings,
    DebateSettings,
    EvaluateSettings,
    JudgeSettings,
    JurySettings,
    VoterSettings,
)
from fellowship.teams.voting_rules import rule_named

EVALUATE: Place = ("evaluate",)


def evaluators_models(settings: EvaluateSettings) -> Iterator[tuple[Place, str]]:
    """Every model that an evaluator names, with the place where it does."""
    if isinstance(settings, DebateSettings):
        if settings.model is not None:
            yield (*EVALUATE, "model"), settings.model
        for n, persona in enumerate(settings.personas):
            if persona.model is not None:
                yield (*EVALUATE, "personas", n, "model"), persona.model
        return
    for place, asking in voters(settings):
        yield (*place, "model"), asking.model
    if isinstance(settings, JudgeSettings) and settings.stand_in is not None:
        yield (*EVALUATE, "stand_in"), settings.stand_in


def voters(settings: EvaluateSettings) -> Iterator[tuple[Place, VoterSettings]]:
    """Everyone who is asked for verdicts, with the place; none of a debate's."""
    if isinstance(settings, JudgeSettings):
        yield EVALUATE, settings
    if isinstance(settings, JurySettings):
        for n, juror in enumerate(settings.jurors):
            yield (*EVALUATE, "jurors", n), juror
        if settings.escalate is not None:
            yield (*EVALUATE, "escalate"), settings.escalate


def judge_names(settings: EvaluateSettings) -> tuple[str, ...]:
    """The names that an evaluator's verdicts carry; none known of a team of one's own."""
    if isinstance(settings, DebateSettings):
        return tuple(persona.name for persona in settings.personas)
    if isinstance(settings, JudgeSettings):
        return ("judge",)
    if isinstance(settings, JurySettings):
        strong = (settings.escalate,) if settings.escalate else ()
        return tuple(juror.speaker for juror in (*settings.jurors, *strong))
    return ()


def criteria_names(settings: EvaluateSettings) -> list[str]:
    """The criteria that an evaluator scores; none known of a team of one's own."""
    rubrics = [rubric_of(voter.criteria) for _, voter in voters(settings)]
    if isinstance(settings, DebateSettings):
        rubrics.append(rubric_of(settings.criteria))
    return sorted({one.name for rubric in rubrics for one in rubric})


def unknown_criterion(
    match: str, settings: EvaluateSettings
) -> Iterator[tuple[Place, str]]:
    """Where pairs are to be matched by a criterion that the evaluator does not score."""
    known = [*SIZES, *criteria_names(settings)]
    if not isinstance(settings, CustomEvaluateSettings) and match not in known:
        why = f"the evaluator has no criterion {match!r}: give {quoted_list(known)}"
        yield ("pairs", "match"), f"pairs.match: {why}"


def evaluator_faults(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """Where an evaluator's parts don't fit one another or the way candidates meet."""
    settings = recipe.evaluate
    yield from _meet_faults(settings)
    yield from _names(settings)
    yield from _rules(settings)
    yield from _escalation(settings)
    yield from _unread_criteria(settings)
    yield from _exact(recipe)
    yield from _speakers(settings)
    yield from _chances(recipe)
    yield from _tie_bands(settings)
    if recipe.prompts is None or recipe.prompts.is_dir():
        yield from _prompts(settings, PromptLibrary(recipe.prompts))


def _meet_faults(settings: EvaluateSettings) -> Iterator[tuple[Place, str]]:
    meeting = MEETINGS[settings.meet]
    if meeting.pairwise:
        return
    if isinstance(settings, DebateSettings):
        yield (
            (*EVALUATE, "meet"),
            f"evaluate.meet: a debate compares two answers: it can't be {settings.meet}",
        )
    if meeting.listed:
        yield from _list_faults(settings)
        return
    for place, asking in voters(settings):
        if not STRATEGIES[asking.strategy].alone:
            yield (
                place,
                f"{dotted_place(place)}: meet: pointwise scores each answer alone:"
                " give strategy: independent",
            )


NOT_OF_LISTS = ("strategy", "samples", "expected", "tie_band", "prompt", "role")
"""What says how a judge compares two answers, and nothing of a list."""


def _list_faults(settings: EvaluateSettings) -> Iterator[tuple[Place, str]]:
    """What a judge who ranks all answers in one reply can't be told."""
    for place, asking in voters(settings):
        for field in NOT_OF_LISTS:
            if getattr(asking, field) != VoterSettings.model_fields[field].default:
                where = (*place, field)
                yield (
                    where,
                    f"{dotted_place(where)}: meet: listwise ranks all answers in one"
                    " reply: leave it out (shuffles: N asks in N orders, and a folder of"
                    " `prompts` may have a judge_listwise.md)",
                )
        if not isinstance(asking.criteria, str):
            where = (*place, "criteria")
            yield (
                where,
                f"{dotted_place(where)}: meet: listwise gives a ranking and no scores by"
                " criterion: give the criteria as a text, which is told to the judge, or"
                " meet: round-robin, which scores each of them",
            )


def _names(settings: EvaluateSettings) -> Iterator[tuple[Place, str]]:
    """Verdicts are told apart by who gave them."""
    named: list[tuple[Place, str]] = []
    if isinstance(settings, JurySettings):
        named = [
            ((*EVALUATE, "jurors", n), j.speaker) for n, j in enumerate(settings.jurors)
        ]
        if settings.escalate is not None:
            named.append(((*EVALUATE, "escalate"), settings.escalate.speaker))
    if isinstance(settings, DebateSettings):
        named = [
            ((*EVALUATE, "personas", n), p.name)
            for n, p in enumerate(settings.personas)
        ]
    for at, (place, name) in enumerate(named):
        if name in [other for _, other in named[:at]]:
            yield (
                place,
                f"{dotted_place(place)}: the name {name!r} is taken: give each a `name`"
                " of its own",
            )


def _escalation(settings: EvaluateSettings) -> Iterator[tuple[Place, str]]:
    """A jury of one with nobody to escalate to, and a threshold that nothing reaches."""
    if not isinstance(settings, JurySettings):
        return
    strong, where = settings.escalate, (*EVALUATE, "sure_from")
    if strong is None and len(settings.jurors) < 2:
        yield (
            (*EVALUATE, "jurors"),
            "evaluate.jurors: one juror is no jury: give another, or the judge that decides"
            " where it is unsure as `escalate`, or write evaluate: {team: judge}",
        )
    if not settings.sure_from:
        return
    if strong is None:
        yield (
            where,
            "evaluate.sure_from: nobody decides where the jurors are unsure: give a judge"
            " as `escalate`",
        )
    if rule_named(settings.rule).gives_scores is False:
        yield (
            where,
            f"evaluate.sure_from: rule {settings.rule!r} gives no score gap: give rule:"
            " mean",
        )
    if settings.sure_from > settings.scale - 1:
        yield (
            where,
            f"evaluate.sure_from: gaps are at most {settings.scale - 1:g}: nobody would"
            " ever be sure",
        )


def _unread_criteria(settings: EvaluateSettings) -> Iterator[tuple[Place, str]]:
    """A jury's shared criteria that were given to none of its jurors."""
    if isinstance(settings, JurySettings) and settings.criteria:
        yield (
            (*EVALUATE, "criteria"),
            "evaluate.criteria: no juror reads them: each has its own or is a model of"
            " scores, which is told nothing: leave them out",
        )


def _rules(settings: EvaluateSettings) -> Iterator[tuple[Place, str]]:
    if not isinstance(settings, JurySettings):
        return
    rule = settings.rule
    if not rule_named(rule).whole_run:
        return
    if find_spec("numpy") is None:
        yield (
            (*EVALUATE, "rule"),
            f"evaluate.rule: {rule} needs numpy: {install_command('stats')}",
        )
    if settings.escalate is not None:
        yield (
            (*EVALUATE, "rule"),
            f"evaluate.rule: {rule} needs the whole run, so it can't decide row by"
            " row what to escalate: give rule: majority",
        )


def _exact(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """A run can't stop at the Nth pair where pairs are known only when it is over."""
    settings = recipe.evaluate
    if recipe.limits.accept is None or not isinstance(settings, JurySettings):
        return
    if rule_named(settings.rule).whole_run:
        yield (
            ("limits", "accept"),
            f"limits.accept: {settings.rule} needs the whole run, so which rows are pairs"
            " is not known while it is running: give rule: majority, or source.limit",
        )


def _chances(recipe: Recipe) -> Iterator[tuple[Place, str]]:
    """Chances of tokens are asked for only where they come back, and of a score."""
    for place, asking in voters(recipe.evaluate):
        model = recipe.models.get(asking.model)
        if not asking.expected or model is None:
            continue
        given = provider_of(model).gives_logprobs
        if not given or asking.strategy == "direct":
            lacks = "a direct verdict has no score"
            if not given:
                lacks = f"provider {model.provider} gives no token probabilities"
            yield (
                (*place, "expected"),
                f"{dotted_place((*place, 'expected'))}: {lacks}: give samples: k instead",
            )


def _tie_bands(settings: EvaluateSettings) -> Iterator[tuple[Place, str]]:
    """A band needs score gaps, and one as wide as the scale leaves nobody a win."""
    for place, asking in voters(settings):
        where = (*place, "tie_band")
        if not asking.tie_band:
            continue
        if not STRATEGIES[asking.strategy].scored:
            yield (
                where,
                f"{dotted_place(where)}: a direct verdict has no score gap: leave it out,"
                " or give strategy: combined",
            )
        elif asking.tie_band >= (widest := asking.scale - 1):
            yield (
                where,
                f"{dotted_place(where)}: {asking.tie_band:g} makes every verdict a tie:"
                f" scores are at most {widest:g} apart",
            )


def _speakers(settings: EvaluateSettings) -> Iterator[tuple[Place, str]]:
    if isinstance(settings, DebateSettings) and settings.model is None:
        for n, persona in enumerate(settings.personas):
            if persona.model is None:
                place = (*EVALUATE, "personas", n)
                yield (
                    place,
                    f"{dotted_place(place)}: persona {persona.name!r} has no model: name"
                    " one here, or under evaluate.model for all",
                )


def _prompts(
    settings: EvaluateSettings, library: PromptLibrary
) -> Iterator[tuple[Place, str]]:
    slots = ("scale", "criteria", "format")
    wanted: list[tuple[Place, str, tuple[str, ...]]] = []
    for place, asking in voters(settings):
        role = Judge(model="", strategy=asking.strategy, prompt=asking.prompt)
        wanted.append(((*place, "prompt"), role.prompt_name, slots))
    if isinstance(settings, DebateSettings):
        wanted += [
            ((*EVALUATE, "personas", n, "prompt"), persona.prompt_file, ())
            for n, persona in enumerate(settings.personas)
        ]
    for place, name, offered in wanted:
        try:
            library.get(name, offered)
        except RecipeError as error:
            yield place, f"{dotted_place(place)}: {error}"
    yield from _untold_rubrics(settings, library, wanted)


def _untold_rubrics(
    settings: EvaluateSettings,
    library: PromptLibrary,
    wanted: Sequence[tuple[Place, str, tuple[str, ...]]],
) -> Iterator[tuple[Place, str]]:
    """A rubric is scored by who was told it: the prompt needs a place for it."""
    rubrics = {
        place for place, asking in voters(settings) if rubric_of(asking.criteria)
    }
    for place, name, offered in wanted:
        if place[:-1] not in rubrics:
            continue
        try:
            slots = library.get(name, offered).slots
        except RecipeError:
            continue  # said above
        if missing := sorted({"criteria", "format"} - slots):
            yield (
                place,
                f"{dotted_place(place)}: prompt {name!r} has no slot ${missing[0]}, so the"
                " rubric would not be told: add it, or give criteria as a text",
            )
