"""Bias probes of a judge, and planted biases found again."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from fellowship.pipelines.attacks.probe_estimates import Row, position_bias
from fellowship.pipelines.attacks.probes import pad, strip_markdown
from fellowship.records import (
    Candidate,
    Comparison,
    Outcome,
    Ranking,
    Verdict,
    Winner,
)
from tests.support.attacked_judges import honest, invoke
from tests.support.commands import checked
from tests.support.labelled_judges import scored


def follows_place(first: str, second: str) -> str:
    return scored(True)


def test_a_probe_finds_a_judge_that_follows_the_place(tmp_path: Path) -> None:
    code, told, _ = invoke("probe", tmp_path, follows_place, "--json")
    (judge,) = checked("probe", told)["probes"]["judges"]
    assert judge["position"]["value"] == 1
    assert judge["length"]["value"] == judge["style"]["value"] == 0
    assert judge["repeatability"]["value"] == 1
    assert judge["position"]["rows"] == 4
    assert code == 0


@pytest.mark.parametrize("firsts", [50, 25, 0])
def test_a_position_that_decides_every_row_is_said_whichever_it_favours(
    firsts: int,
) -> None:
    rows = [
        {"forward": "first", "swapped": "second"}
        if n < firsts
        else {"forward": "second", "swapped": "first"}
        for n in range(50)
    ]
    found = position_bias("j", [Row(verdicts={"pair": {"j": row}}) for row in rows])
    assert found.value == firsts / 25 - 1
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low > 0.1
    assert "the order changes 100.0 % [92.9 %, 100.0 %]" in found.note


def test_a_probe_finds_a_judge_that_likes_length_and_markup(tmp_path: Path) -> None:
    def likes(first: str, second: str) -> str:
        one, other = (len(t) + 50 * t.count("**") for t in (first, second))
        return scored(one > other) if one != other else scored(True, 5, 5)

    rows = ["--rows", "3"]
    _, told, _ = invoke("probe", tmp_path, likes, *rows)
    assert "+1.00" in told
    (tmp_path / "json").mkdir()
    _, told, _ = invoke("probe", tmp_path / "json", likes, *rows, "--json")
    (judge,) = told["probes"]["judges"]
    assert judge["length"]["value"] == judge["style"]["value"] == 1


def test_every_juror_is_probed_also_one_who_is_rarely_asked(tmp_path: Path) -> None:
    jury = {
        "team": "jury",
        "jurors": [{"model": "writer"}, {"model": "critic"}],
        "escalate": {"model": "judge"},
    }
    _, told, _ = invoke("probe", tmp_path, honest, "--json", evaluate=jury)
    assert [j["judge"] for j in told["probes"]["judges"]] == [
        "writer",
        "critic",
        "judge",
    ]


def test_rows_that_share_an_id_are_probed_one_by_one(tmp_path: Path) -> None:
    lines = [
        {"id": "same", "prompt": f"Q{n}", "first": "a", "second": "b"} for n in (1, 2)
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)))
    source = {"path": "rows.jsonl", "id": "id", "candidates": ["first", "second"]}
    _, told, _ = invoke(
        "probe", tmp_path, follows_place, "--json", source=source, systems=[]
    )
    assert told["probes"]["judges"][0]["position"]["rows"] == 2
    assert told["probes"]["not_tried"] == {"style": 2}


def test_markup_goes_and_words_stay() -> None:
    text = "# Head\n\n- one **bold** _it_\n> quote `code` [link](http://x)\n2 * 3 = a_b"
    assert strip_markdown(text) == "Head\n\none bold it\nquote code link\n2 * 3 = a_b"
    assert pad("x" * 500).startswith("x" * 500)
    assert len(pad("x" * 500)) > 1000


OWN, OTHER = (Candidate(text=n, system=n, model=n) for n in ("own", "other"))

TURNED: dict[Winner, Winner] = {"first": "second", "second": "first"}

BIASES = ("position", "length", "style", "family", "noise")

KINDS = ("pair", "again", "length", "style")

Both = tuple[Winner, Winner]


@cache
def verdicts(judge: str, said: Both) -> tuple[Verdict, Verdict]:
    """What a judge said in both orders, turned to the case's."""
    one, other = (
        Verdict(winner=w, evaluator=judge, model="own", order=o)
        for w, o in zip(said, ("forward", "swapped"), strict=True)  # type: ignore[arg-type]
    )
    return one, other


def trial(number: int, kind: str, said: dict[str, Both], label: Winner) -> Outcome:
    """A trial's outcome, without what a report doesn't read."""
    made = Comparison.model_construct(
        verdicts=tuple(v for judge, both in said.items() for v in verdicts(judge, both))
    )
    return Outcome.model_construct(
        number=4 * number + KINDS.index(kind) - 3,
        id=f"{number}/{kind}",
        candidates=(OWN, OTHER) if number % 2 else (OTHER, OWN),
        ranking=Ranking.model_construct(comparisons=(made,)),
        labels=(label,),
    )


def simulated(b: float, seed: int) -> Iterator[Outcome]:
    """2,000 rows before a judge a bias; with chance b it follows it, else the truth."""
    dice = random.Random(seed)

    def said(bias: str, kind: str, truth: Winner, own: Winner) -> Both:
        pushed: dict[str, Both] = {
            "position": ("first", "second"),
            "noise": (TURNED.get(truth, "first"),) * 2,
        }
        if bias == "length" and kind == "length":
            pushed["length"] = ("second", "second")
        if bias == "style" and kind == "style":
            pushed["style"] = ("first", "first")
        if bias == "family" and kind == "pair":
            pushed["family"] = (own, own)
        one, other = pushed.get(bias, (truth, truth))
        if bias == "family":
            return (one, other) if dice.random() < b else (truth, truth)
        return (
            one if dice.random() < b else truth,
            other if dice.random() < b else truth,
        )

    for n in range(1, 2001):
        better: Winner = dice.choice(("first", "second", "tie"))
        own: Winner = "first" if n % 2 else "second"
        for kind in KINDS:
            truth: Winner = better if kind in ("pair", "again") else "tie"
            each = {bias: said(bias, kind, truth, own) for bias in BIASES}
            yield trial(n, kind, each, better)


@pytest.mark.parametrize("b", [0.1, 0.3])
def test_planted_biases_are_recovered_within_two_points(b: float) -> None:
    report = pytest.importorskip("fellowship.pipelines.attacks.probe_report")
    found = report.probe_report(simulated(b, 20261125), {"own": "own"})
    judges = {judge.judge: judge for judge in found.judges}
    for bias in BIASES[:4]:
        assert getattr(judges[bias], bias).value == pytest.approx(b, abs=0.02)
        assert getattr(judges[bias], bias).rows == 2000
    same = b**2 + (1 - b) ** 2  # both times the truth, or both times the lie
    assert judges["noise"].repeatability.value == pytest.approx(same, abs=0.02)
    for other in ("length", "style", "family"):
        for bias in set(BIASES[:4]) - {other, "family"}:
            assert getattr(judges[other], bias).value == pytest.approx(0, abs=0.02)
