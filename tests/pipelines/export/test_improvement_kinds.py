"""Single-agent pairs are one model's own; multi-agent rows are turns and their gain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fellowship.ledger import LedgerReader
from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.export.kinds import examples_of
from fellowship.pipelines.export.workflow import loop_steps
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import (
    Candidate,
    Comparison,
    Outcome,
    Ranking,
    Session,
    Turn,
)
from fellowship.run_folder import LEDGER
from fellowship.run_outcomes import outcomes
from tests.support.outcomes import asked
from tests.support.runs import make_run, rows_in

Scored = dict[str, float | None]


def turn(role: str, text: str, number: int, call: str, **more: Any) -> Turn:
    value = {"critique": text, "score": 5} if role == "reviewer" else None
    known = {"value": value, "source": role, "model": f"m-{role}"} | more
    return Turn(role=role, text=text, round=number, call=call, **known)


def loop(name: str, drafts: list[str], reviews: list[str], **more: Any) -> Session:
    """A loop's turns: draft, review, draft, ..."""
    turns = []
    for n, draft in enumerate(drafts, 1):
        turns.append(turn("generator", draft, n, f"{name}-d{n}"))
        if n <= len(reviews):
            turns.append(turn("reviewer", reviews[n - 1], n, f"{name}-r{n}", **more))
    return Session(id=name, team=name, item="i", turns=tuple(turns))


def row(sessions: list[Session], scores: Scored, **more: Any) -> Outcome:
    """A row whose drafts have these scores."""
    texts = list(scores)
    made = tuple(
        Candidate(text=t, system="loop", model=more.get(t, "m-generator"))
        for t in texts
    )
    marks = tuple(scores.values())
    known = [(s, -i) for i, s in enumerate(marks) if s is not None]
    return Outcome(
        number=1,
        item="i",
        state="pair",
        conversation=asked("q"),
        candidates=made,
        ranking=Ranking(
            scores=marks,
            winner=-max(known)[1],
            comparisons=more.get("met", ()),
        ),
        sessions=tuple(sessions),
    )


def context(requests: dict[str, str] | None = None, margin: float = 0) -> ExportContext:
    """A run whose calls' requests are their keys, or what they are said to be."""
    known = requests or {}

    def request(call: str) -> list[dict[str, str]] | None:
        return [{"role": "user", "content": known.get(call, f"asked {call}")}]

    header = {"recipe": {"pairs": {"margin": margin}}}
    return ExportContext(Path("run"), header, request=request)


def told(outcome: Outcome, kind: str, of: ExportContext) -> list[tuple[Any, ...]]:
    """Each row's turn kind, request, texts and label."""
    return [
        (e.facts.get("turn"), e.prompt_text, *e.texts, e.label)
        for e in examples_of(outcome, kind, of)
    ]


def test_a_revision_is_chosen_over_leaving_the_draft_or_the_other_way_round() -> None:
    one = row([loop("l", ["a", "b", "c"], ["r1", "r2"])], {"a": 4, "b": 7, "c": 6})
    assert told(one, "multi-agent", context()) == [
        ("revision", "asked l-d2", "b", "a", None),
        ("revision", "asked l-d3", "b", "c", None),
    ]


def test_turns_are_labelled_by_whether_the_score_rose() -> None:
    one = row([loop("l", ["a", "b", "c"], ["r1", "r2"])], {"a": 4, "b": 7, "c": 6})
    assert told(one, "multi-agent-kto", context()) == [
        ("review", "asked l-r1", "r1", True),
        ("revision", "asked l-d2", "b", True),
        ("review", "asked l-r2", "r2", False),
        ("revision", "asked l-d3", "c", False),
    ]


def test_reviews_of_the_same_draft_meet_and_the_helpful_one_is_chosen() -> None:
    loops = [loop("x", ["a", "b"], ["helps"]), loop("y", ["a", "c"], ["harms"])]
    one = row(loops, {"a": 5, "b": 8, "c": 3})
    same = context({"x-r1": "review a", "y-r1": "review a"})
    reviews = [r for r in told(one, "multi-agent", same) if r[0] == "review"]
    assert reviews == [("review", "review a", "helps", "harms", None)]
    other = context({"x-r1": "review a", "y-r1": "review a, please"})
    assert not [r for r in told(one, "multi-agent", other) if r[0] == "review"]


def test_two_helpful_reviews_make_no_pair() -> None:
    loops = [loop("x", ["a", "b"], ["r"]), loop("y", ["a", "c"], ["s"])]
    one = row(loops, {"a": 5, "b": 8, "c": 6})
    same = context({"x-r1": "review a", "y-r1": "review a"})
    assert {r[0] for r in told(one, "multi-agent", same)} == {"revision"}


def test_what_cannot_be_compared_makes_no_row() -> None:
    void = Comparison(first=0, second=1, outcome="order-inconsistent")
    plain = [loop("l", ["a", "b"], ["r"])]
    scores: Scored = {"a": 4, "b": 7}
    assert told(row(plain, {"a": None, "b": 7}), "multi-agent-kto", context()) == []
    assert told(row(plain, scores, met=(void,)), "multi-agent-kto", context()) == []
    assert told(row(plain, {"a": 4, "b": 4}), "multi-agent-kto", context()) == []
    assert told(row(plain, scores), "multi-agent-kto", context(margin=4)) == []
    assert told(row(plain, scores), "multi-agent", ExportContext(Path("run"))) == []


def test_reviews_of_several_reviewers_or_repaired_ones_are_nobodys() -> None:
    one = loop("l", ["a", "b"], ["r"])
    second = turn("reviewer", "s", 1, "l-s1", source="reviewer_2")
    both = one.model_copy(update={"turns": (*one.turns[:2], second, one.turns[2])})
    repaired = loop("l", ["a", "b"], ["r"], repaired=True)
    scores: Scored = {"a": 4, "b": 7}
    for session in (both, repaired):
        assert [s.kind for s in loop_steps(row([session], scores))] == ["revision"]


def test_single_agent_pairs_are_each_models_best_and_worst() -> None:
    scores: Scored = {"a": 4, "b": 7, "c": 6, "d": 9, "e": None}
    one = row([], scores, d="m-other", c="m-other", e="m-other")
    assert [r[2:4] for r in told(one, "single-agent", context())] == [
        ("b", "a"),
        ("d", "c"),
    ]
    assert [r[2:] for r in told(one, "single-agent-kto", context())] == [
        ("b", True),
        ("a", False),
        ("d", True),
        ("c", False),
    ]


@pytest.mark.parametrize("kind", ["multi-agent", "multi-agent-kto"])
def test_a_real_runs_turns_are_prompted_by_their_very_requests(
    tmp_path: Path, kind: str
) -> None:
    run, _ = make_run(tmp_path, rows=8)
    (account,) = export_run(run, Export.model_validate({"kinds": [kind]}))
    rows = rows_in(account)
    assert rows
    assert account.balanced
    seen = {o.number for o in outcomes(run)}
    with LedgerReader(run / LEDGER) as reader:
        for each in rows:
            calls = [
                each[n] for n in ("call", "chosen_call", "rejected_call") if n in each
            ]
            asked_of = [reader.call(call) for call in calls]
            requests = [json.loads(c.request)["messages"] for c in asked_of if c]
            assert each["prompt"] in requests
            assert each["row"] in seen
            assert each["turn"] in ("review", "revision")
