"""Rubric forms by judging strategy: what is asked for each criterion, and how it is read.

One entry for each strategy: the fields that a reply must fill, their schema, the lines of a
reply in plain text, and the scores that come of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from fellowship.agents.logprob_scores import Expected
from fellowship.agents.parsing.criterion_fields import CriterionField
from fellowship.agents.parsing.replies import read_criteria, read_criteria_choices
from fellowship.agents.rubric import Criterion, criterion_line
from fellowship.records import CriterionMark, CriterionScores, Strategy
from fellowship.registry_check import check_registry

Rubric = Sequence[Criterion]
Values = Mapping[str, float | str]
"""What a reply says by field key: a score, or a winner."""

CHOICE_SCORES = {"first": (1.0, 0.0), "second": (0.0, 1.0), "tie": (0.5, 0.5)}


class RubricForm(NamedTuple):
    """What one strategy asks for each criterion.

    `asks`: what the judge is told to do; `value`: what a line ends with; `sides`: the
    responses that have a field of their own.
    """

    asks: str
    value: str
    prefix: str = "score"
    sides: tuple[str, ...] = ("",)


SCORED = (
    "Judge by each of these criteria alone, and score {what} by each from 1 to {{scale}};"
    " give no overall score:"
)
RUBRIC_FORMS: Mapping[str, RubricForm] = {
    "combined": RubricForm(
        SCORED.format(what="both responses"),
        "N/{scale}",
        sides=("first", "second"),
    ),
    "direct": RubricForm(
        "Judge by each of these criteria alone, and name by each the response to which it"
        " applies more, or say that it is a tie; name no overall winner:",
        "first, second or tie",
        prefix="winner",
    ),
    "independent": RubricForm(SCORED.format(what="the response"), "N/{scale}"),
}
check_registry("rubric form", get_args(Strategy), RUBRIC_FORMS)


def criterion_fields(strategy: str, rubric: Rubric) -> list[CriterionField]:
    """The fields that a reply must fill, in the rubric's order."""
    form = RUBRIC_FORMS[strategy]
    return [
        CriterionField(
            "_".join(filter(None, (form.prefix, criterion.key, side))),
            criterion.name,
            side,
        )
        for criterion in rubric
        for side in form.sides
    ]


def criteria_schema(
    strategy: str, rubric: Rubric, value: Mapping[str, Any]
) -> dict[str, Any]:
    """The schema's fields, sorted by name, which is the order servers may put them in."""
    keys = sorted(field.key for field in criterion_fields(strategy, rubric))
    return {key: dict(value) for key in keys}


def rubric_words(strategy: str, rubric: Rubric, scale: str) -> str:
    """The rubric as it is told to the judge."""
    asks = RUBRIC_FORMS[strategy].asks.format(scale=scale)
    return "\n".join([asks, *map(criterion_line, rubric)])


def rubric_ending(strategy: str, rubric: Rubric, scale: str) -> str:
    """The lines that a reply in plain text ends with."""
    value = RUBRIC_FORMS[strategy].value.format(scale=scale)
    fields = criterion_fields(strategy, rubric)
    lines = [f"{field.label}: {value}" for field in fields]
    return "\n".join(["End with lines of this form, one each:", *lines])


def read_values(
    strategy: str, text: str, rubric: Rubric, scale: float, how: Mapping[str, Any]
) -> Values:
    """What a reply says of every field; `UnreadableReply` where one is missing."""
    known = {key: value for key, value in how.items() if key != "revision"}
    fields = criterion_fields(strategy, rubric)
    if RUBRIC_FORMS[strategy].prefix == "winner":
        return read_criteria_choices(text, fields, **known)
    return read_criteria(text, fields, low=1.0, high=scale, **known)


def criterion_scores(
    strategy: str, rubric: Rubric, values: Values
) -> tuple[CriterionScores, ...]:
    """Two responses' scores by each criterion; of a choice 1 and 0, or a half each."""
    found = []
    for criterion in rubric:
        fields = criterion_fields(strategy, [criterion])
        if len(fields) == 2:
            first, second = (float(values[field.key]) for field in fields)
        else:
            first, second = CHOICE_SCORES[str(values[fields[0].key])]
        found.append(
            CriterionScores(
                name=criterion.name,
                weight=criterion.weight,
                first=first,
                second=second,
            )
        )
    return tuple(found)


def criterion_marks(rubric: Rubric, values: Values) -> tuple[CriterionMark, ...]:
    """One response's score by each criterion."""
    return tuple(
        CriterionMark(
            name=criterion.name,
            weight=criterion.weight,
            score=float(values[criterion_fields("independent", [criterion])[0].key]),
        )
        for criterion in rubric
    )


ExpectedScore = Callable[[CriterionField, float], Expected]
"""A field and the score that was written there -> its expected score."""


def expected_values(
    strategy: str, rubric: Rubric, written: Sequence[float], expect: ExpectedScore
) -> tuple[Values, float | None]:
    """Each field's expected score, and the least coverage among them.

    `written` are the scores as they were read, in the order of the fields.
    """
    fields = criterion_fields(strategy, rubric)
    found = [expect(*one) for one in zip(fields, written, strict=True)]
    known = [one.coverage for one in found if one.coverage is not None]
    values = {field.key: one.score for field, one in zip(fields, found, strict=True)}
    return values, min(known, default=None)
