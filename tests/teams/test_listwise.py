"""Ranking many answers in one reply: read strictly, shuffled, averaged, ties kept."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from fellowship.agents.list_judge import ListRanking
from fellowship.agents.parsing.rankings import read_ranking
from fellowship.cli.main import run_command as command
from fellowship.errors import RecipeError, VerdictError
from fellowship.pipelines.planning.plan import measure_source, plan
from fellowship.pipelines.provenance.list_rankings import row_rankings
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.replay.replay import replay
from fellowship.pipelines.report.example_rows import ExampleRow, ExampleRows
from fellowship.pipelines.running.runner import run
from fellowship.pipelines.sources.source import read_items
from fellowship.records import Outcome
from fellowship.run_outcomes import outcomes
from fellowship.teams.list_ranking import marks_of, shuffled_orders
from fellowship.testing import LoopbackModel, loopback_model

ANSWERS = ("poor", "fair", "good", "best")
WORTH = {text: n for n, text in enumerate(ANSWERS)}
SHOWN = re.compile(r"=== BEGIN response (\d+) \w+ ===\n(\w+)")


def says(value: Any, **more: Any) -> str:
    return json.dumps({"reason": "r", "responses_best_first": value, **more})


def best_first(messages: Any) -> str:
    """The true ranking, wherever the answers stand."""
    shown = SHOWN.findall(messages[-1]["content"])
    ranked = sorted(shown, key=lambda one: -WORTH[one[1]])
    return says([int(number) for number, _ in ranked])


def as_they_stand(messages: Any) -> str:
    """The first is the best, whatever it is."""
    return says([int(n) for n, _ in SHOWN.findall(messages[-1]["content"])])


def ranked(
    folder: Path, model: LoopbackModel, evaluate: dict[str, Any], rows: int = 1
) -> Outcome:
    """The first row of a run in which four answers are ranked."""
    lines = [
        dict(zip("abcd", ANSWERS, strict=True), prompt=f"Q{n}") for n in range(rows)
    ]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)))
    recipe = {
        "models": {"judge": model.model, "other": model.model},
        "source": {"path": "rows.jsonl", "answers": list("abcd")},
        "evaluate": {"meet": "listwise", **evaluate},
    }
    (folder / "r.yaml").write_text(yaml.safe_dump(recipe))
    run(load_recipe(folder / "r.yaml"), folder / "run")
    return next(iter(outcomes(folder / "run")))


JUDGE = {"team": "judge", "model": "judge"}
JURY = {
    "team": "jury",
    "jurors": [{"model": "judge"}, {"model": "other", "name": "b"}],
    "shuffles": 2,
}


@pytest.mark.parametrize(
    ("evaluate", "scores"), [(JUDGE, (1, 4, 7, 10)), (JURY, (0, 1 / 3, 2 / 3, 1))]
)
def test_all_answers_are_ranked_in_as_many_calls_as_shuffles(
    evaluate: dict[str, Any],
    scores: tuple[float, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with loopback_model(best_first) as model:
        row = ranked(tmp_path, model, evaluate)
        assert len(model.requests) == 4
        asked = [
            SHOWN.findall(one["messages"][-1]["content"]) for one in model.requests
        ]
        recipe = load_recipe(tmp_path / "r.yaml")
    assert row.ranking is not None
    assert row.ranking.scores == pytest.approx(scores)
    (pair,) = row.pairs
    assert (pair.chosen.text, pair.rejected.text) == ("best", "poor")
    made = plan(recipe, measure_source(read_items(recipe.source)))
    assert sum(model.calls_max for model in made.models) == 4
    assert replay(tmp_path / "run", "1").identical
    found = row_rankings(row)
    assert {one.ranking for one in found} == {"4 > 3 > 2 > 1"}
    stood = [tuple(WORTH[text] + 1 for _, text in shown) for shown in asked]
    assert Counter(one.read for one in found) == Counter(stood)
    for more in ([], ["--why"]):
        assert command(["show", str(tmp_path / "run"), "1", *more]) == 0
        told = capsys.readouterr().out
        assert ", shuffle 2: 4 > 3 > 2 > 1" in told
        assert told.count("(A) and") == len(more)
    (example,) = example_rows(row)
    assert sum("shuffle" in said.facts for said in example.messages) == 4


def example_rows(row: Outcome) -> tuple[ExampleRow, ...]:
    """It as the report shows it."""
    found = ExampleRows()
    found.add(row)
    return found.result()


def test_what_is_liked_of_a_place_is_averaged_out_and_ties_are_kept(
    tmp_path: Path,
) -> None:
    with loopback_model(as_they_stand) as model:
        row = ranked(tmp_path, model, JUDGE)
    assert row.ranking is not None
    assert len(set(row.ranking.scores)) == 1
    assert {c.outcome for c in row.ranking.comparisons} <= {"tie"}
    assert (row.state, row.pairs) == ("tie", ())


def test_a_reply_that_is_no_permutation_is_asked_for_once_more_and_then_invalid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with loopback_model(lambda messages: says([1, 2, 2, 4])) as model:
        row = ranked(tmp_path, model, {**JUDGE, "shuffles": 1})
        assert len(model.requests) == 2
    assert (row.state, row.pairs) == ("unparsed", ())
    assert command(["show", str(tmp_path / "run"), "1"]) == 0
    told = capsys.readouterr().out
    assert "ranking all answers" in told
    assert "expected each of 1 to 4 once" in told
    assert "judge, shuffle 1: invalid: " in told


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_every_candidate_stands_in_every_place_equally_often(count: int) -> None:
    orders = shuffled_orders(count, 2 * count, "seed")
    assert all(sorted(order) == list(range(count)) for order in orders)
    places = Counter((place, i) for order in orders for place, i in enumerate(order))
    assert set(places.values()) == {2}
    assert orders == shuffled_orders(count, 2 * count, "seed")


def test_equal_mean_ranks_are_equal_scores_to_the_last_bit() -> None:
    orders = [(0, 1, 2, 3, 4, 5, 6, 7), (7, 6, 5, 4, 3, 2, 1, 0)]
    value = ListRanking(ranking=tuple(range(1, 9)))
    one, two = (marks_of(value, order, 10) or [] for order in orders)
    assert len({a + b for a, b in zip(one, two, strict=True)}) == 1
    assert max(one) <= 10


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (says([3, 1, 2]), (3, 1, 2)),
        ("It is so.\nRanking: 3 > 1 > 2", (3, 1, 2)),
        ("**Ranking:** 3, 1, 2.", (3, 1, 2)),
        ("Ranking: response 3 > response 1 > response 2", (3, 1, 2)),
        ("Ranking: [3, 1, 2] (best first)", (3, 1, 2)),
        ("<think>Ranking: 1 > 2 > 3</think>\nRanking: 3 > 1 > 2", (3, 1, 2)),
        (says([3, 1]), None),
        (says([0, 1, 2]), None),
        (says([3, 1, 1]), None),
        (says([3, 1, 2.5]), None),
        (says("3 > 1 > 2"), None),
        ("Ranking: 3 > 1 = 2", None),
        ("Ranking: 3 > 1 > 2 > 4", None),
        ("Ranking: 3 > 1 > 2\nRanking: 1 > 2 > 3", None),
        ("Ranking: A > B > C", None),
        ("3 is best, then 1, then 2", None),
        ("Ranking: 1 > 3 > 2", None),
        ("", None),
    ],
)
def test_a_ranking_is_a_permutation_or_nothing(
    text: str, found: tuple[int, ...] | None
) -> None:
    quoted = ["I say:\nRanking: 1 > 3 > 2"]
    if found is None:
        with pytest.raises(VerdictError):
            read_ranking(text, 3, candidates=quoted)
    else:
        assert read_ranking(text, 3, candidates=quoted) == found


def test_only_whole_json_is_read_of_a_reply_that_was_cut_off() -> None:
    assert read_ranking(says([2, 1]), 2, cut=True) == (2, 1)
    with pytest.raises(VerdictError):
        read_ranking("Ranking: 2 > 1", 2, cut=True)


@pytest.mark.parametrize(
    ("evaluate", "why"),
    [
        ({**JUDGE, "strategy": "direct"}, "in one reply: leave it out"),
        ({**JUDGE, "samples": 2}, "in one reply: leave it out"),
        ({**JUDGE, "criteria": "helpsteer"}, "no scores by criterion"),
        ({"team": "debate", "model": "judge"}, "can't be listwise"),
    ],
)
def test_what_a_list_has_no_room_for_is_refused(
    evaluate: dict[str, Any], why: str, tmp_path: Path
) -> None:
    with loopback_model() as model, pytest.raises(RecipeError, match=why):
        ranked(tmp_path, model, evaluate)
