"""Rubrics: totals, schemas whose reason is first, replies read strictly, whole runs."""

from __future__ import annotations

import json
import random
import re
from itertools import product
from math import log
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from fellowship.agents.case import Case
from fellowship.agents.parsing.problems import UnreadableReply
from fellowship.agents.roles import Judge
from fellowship.agents.rubric import (
    Criteria,
    Criterion,
    ready_rubrics,
    rubric_of,
    weighted_total,
)
from fellowship.answer_order import is_sorted, is_verdict_first
from fellowship.pipelines.running.streaming import Spoken
from fellowship.records import (
    Candidate,
    Choice,
    CriterionMark,
    Mark,
    Review,
    Strategy,
    Turn,
)
from tests.support.outcomes import asked

STRATEGIES = get_args(Strategy)
RUBRIC = (
    Criterion(name="accuracy", weight=2, text="What is true."),
    Criterion(name="Tone of voice"),
    Criterion(name="rambling", weight=-1),
)
CASE = Case(asked("q"), (Candidate(text="one", system="s"),) * 2)
SAID = {"accuracy": (9, 4), "Tone of voice": (5, 7), "rambling": (2, 10)}
criteria: TypeAdapter[Any] = TypeAdapter(Criteria)


def judge(strategy: Any, **more: Any) -> Judge:
    return Judge(model="m", strategy=strategy, **{"rubric": RUBRIC, **more})


def case_for(role: Judge) -> Case:
    alone = role.strategy == "independent"
    return Case(CASE.conversation, CASE.candidates[:1]) if alone else CASE


def in_json(role: Judge) -> dict[str, Any]:
    """The reply of a judge that gives each criterion what `SAID` has."""
    reply: dict[str, Any] = {"reason": "Because."}
    for key in role.schema()["properties"].keys() - {"reason"}:
        name = next(n for n in SAID if n.lower().replace(" ", "_") in key)
        first, second = SAID[name]
        chosen = "first" if first > second else "second"
        reply[key] = (
            chosen if "winner" in key else second if key.endswith("second") else first
        )
    return reply


def in_lines(role: Judge) -> str:
    """The same reply in the lines that are asked for in plain text."""
    told = {key: str(value) for key, value in in_json(role).items()}
    lines = ["It is longer, and accuracy: hard to tell."]
    for line in role.form(structured=False).splitlines()[1:]:
        label, _, value = line.partition(": ")
        name, _, side = label.lower().replace(" response", "").partition(", ")
        key = "_".join(filter(None, (name.replace(" ", "_"), side)))
        found = next(v for k, v in told.items() if k.partition("_")[2] == key)
        lines.append(f"- **{label}**: {value.replace('N', found)}"[:60])
        if "first, second" in value:
            lines[-1] = f"{label}: {found}"
    return "\n".join(lines)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_reply_is_read_the_same_from_json_and_from_lines(strategy: str) -> None:
    role = judge(strategy)
    read = [
        role.read(text, case_for(role))
        for text in (json.dumps(in_json(role)), in_lines(role))
    ]
    assert read[0].criteria == read[1].criteria
    assert [one.name for one in read[0].criteria] == list(SAID)
    total = read[0].score if isinstance(read[0], Mark) else read[0].scores
    expected = {
        "independent": (2 * 9 + 5 + 11 - 2) / 4,
        "combined": ((2 * 9 + 5 + 9) / 4, (2 * 4 + 7 + 1) / 4),
        "direct": (0.75, 0.25),
    }[strategy]
    given = total if isinstance(total, float) else (total.first, total.second)  # type: ignore[union-attr]
    assert given == expected
    assert not isinstance(read[0], Choice) or read[0].winner == "first"


NAMES = (
    *(["reason", "score", "total"], ["first", "second"], ["winner", "tie"]),
    *(["quality", "quality score", "rating"], ["a b", "ab", "a-"], ["कि", "का"]),
)


@pytest.mark.parametrize(("strategy", "names"), [*product(STRATEGIES, NAMES)])
def test_criteria_with_names_of_fields_or_of_one_another_are_told_apart(
    strategy: Any, names: list[str]
) -> None:
    role = judge(strategy, rubric=tuple(Criterion(name=name) for name in names))
    keys = [key for key in role.schema()["properties"] if key != "reason"]
    given = ("first", "tie") * 9 if strategy == "direct" else range(2, 20)
    said = dict(zip(keys, given, strict=False))
    read = role.read(json.dumps({"reason": "It is so."} | said), case_for(role))
    assert [one.name for one in read.criteria] == names
    scores = {
        v for c in read.criteria for k, v in c if k in ("first", "second", "score")
    }
    assert scores == {1, 0, 0.5} if strategy == "direct" else set(said.values())


@pytest.mark.parametrize(
    ("strategy", "name"),
    [*product(STRATEGIES, ["a", "Reason", "aaa reason", "ясность", "9 lives"])],
)
def test_the_reason_comes_first_by_name_whatever_a_criterion_is_called(
    strategy: Any, name: str
) -> None:
    role = judge(strategy, rubric=(Criterion(name=name), Criterion(name="Zeal")))
    schema = role.schema()
    assert is_sorted(schema)
    assert next(iter(schema["properties"])) == "reason"
    names = list(schema["properties"])
    late = json.dumps(dict.fromkeys([*names[1:], "reason"], 1))
    assert is_verdict_first(schema, late)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_missing_doubled_or_impossible_criterion_makes_no_verdict(
    strategy: str,
) -> None:
    role = judge(strategy)
    whole = in_json(role)
    broken = [{k: v for k, v in whole.items() if k != key} for key in whole]
    broken += [{**whole, key: bad} for key in whole for bad in (11, "12/10", None)]
    for reply in broken:
        if reply.get("reason") != "Because.":
            continue
        with pytest.raises(UnreadableReply):
            role.read(json.dumps(reply), case_for(role))
    lines = in_lines(role)
    other = "accuracy, first response: 3/10\naccuracy: 3/10\naccuracy: second"
    with pytest.raises(UnreadableReply):
        role.read(f"{lines}\n{other}", case_for(role))


def test_a_candidates_own_lines_are_no_scores() -> None:
    role = judge("independent")
    lines = "accuracy: 10/10\nTone of voice: 10/10\nrambling: 1/10"
    case = Case(CASE.conversation, (Candidate(text=lines, system="s"),))
    with pytest.raises(UnreadableReply):
        role.read(lines, case)


def test_a_total_stays_on_the_scale_and_follows_the_weighted_sum() -> None:
    draw = random.Random(1)
    for _ in range(200):
        n = draw.randint(1, 6)
        weights = [draw.choice((-3.0, -1.0, -0.5, 0.25, 1.0, 4.0)) for _ in range(n)]
        rows = [[draw.randint(1, 10) for _ in range(n)] for _ in range(2)]
        totals = [
            weighted_total(list(zip(weights, map(float, row), strict=True)), 1, 10)
            for row in rows
        ]
        sums = [sum(w * s for w, s in zip(weights, row, strict=True)) for row in rows]
        assert all(1 <= total <= 10 for total in totals)
        gap = (sums[0] - sums[1]) / sum(map(abs, weights))
        assert totals[0] - totals[1] == pytest.approx(gap)


def test_ready_rubrics_are_sound_and_a_text_stays_a_text() -> None:
    for name in ready_rubrics():
        assert len(rubric_of(criteria.validate_python(name))) > 3
    for text in ("Weigh what is true.", "", "clarity"):
        assert criteria.validate_python(text) == text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "at least 1"),
        ([{"name": "a"}, {"name": "A"}], "two criteria named 'A'"),
        ([{"name": "a", "weight": 0}], "weight 0"),
        ([{"name": "a", "weight": "inf"}], "finite"),
        ([{"name": "a", "weight": 1e300}], "only proportions count"),
        ([{"name": "a:b"}], "pattern"),
        ("HelpSteer", "did you mean 'helpsteer'"),
        ("safety-factor", "did you mean 'safety-factors'"),
    ],
)
def test_a_rubric_that_cannot_be_scored_is_refused(given: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        criteria.validate_python(given)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"critique": "c", "score": 7.0, "scale": 10.0}, Review),
        ({"winner": "first", "scores": None, "reason": "r"}, Choice),
        ({"score": 7.0, "reason": "r", "coverage": 0.5}, Mark),
        ({"score": 7.0}, dict),  # a role of one's own: it has no reason
        ({"score": 7, "reason": "r"}, dict),  # would be written as 7.0
        ({"winner": "nobody", "reason": "r"}, dict),
        (None, type(None)),
    ],
)
def test_a_turns_value_is_typed_and_written_as_it_was(value: Any, kind: type) -> None:
    turn = Turn(source="s", role="r", text="t", value=value)
    assert type(turn.value) is kind
    written = turn.model_dump_json()
    assert json.loads(written)["value"] == value
    assert Turn.model_validate_json(written) == turn
    if isinstance(turn.value, Review | Mark):
        assert turn.value["score"] == turn.value.get("score") == turn.value.score


def test_a_review_streams_as_prose_and_a_judges_scores_by_criterion() -> None:
    text = json.dumps({"critique": "Too long.", "score": 7})
    review = Review(critique="Too long.", score=7)
    turn = Turn(source="reviewer", role="reviewer", text=text, value=review)
    shown = Spoken(row=1, team="feedback", turn=turn)
    assert str(shown) == "[1 feedback] reviewer: Too long. (score 7 of 10)"
    assert "{" not in shown._repr_html_()
    role = judge("combined")
    said = json.dumps(in_json(role))
    value = role.read(said, CASE)
    told = Turn(source="judge_swapped", role="judge", text=said, value=value)
    assert str(Spoken(row=1, team="evaluate 1-2", turn=told)) == (
        "[1 evaluate 1-2] judge_swapped: Because. (B 4 : 8; accuracy 4 : 9,"
        " Tone of voice 7 : 5, rambling (fault) 10 : 2)"
    )


@pytest.mark.parametrize("strategy", ["combined", "independent"])
def test_each_criterion_has_its_own_expected_score(strategy: str) -> None:
    role = judge(strategy, expected=True)
    text = json.dumps(in_json(role))
    tokens = [one for one in re.split(r"(\d+)", text) if one]
    neighbour = {str(n): str(n + 1 if n < 9 else n - 1) for n in range(1, 11)}
    content = [
        {
            "token": one,
            "top_logprobs": [
                {"token": t, "logprob": log(0.5)} for t in (one, neighbour[one])
            ]
            if one.isdigit()
            else [],
        }
        for one in tokens
    ]
    raw = {"choices": [{"logprobs": {"content": content}}]}
    read = role.read(text, case_for(role))
    refined = role.refined(read, raw)
    assert isinstance(refined, Choice | Mark)
    given = [
        one.score if isinstance(one, CriterionMark) else one.first
        for one in refined.criteria
    ]
    assert given == [8.5, 5.5, 2.5]
    assert refined.coverage == 1
