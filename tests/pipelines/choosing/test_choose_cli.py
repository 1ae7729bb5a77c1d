"""`fellowship choose`: measured on a loopback server, decided, written, and free again."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fellowship.cli.main import run_command
from fellowship.pipelines.choosing.choice_cells import sentences
from fellowship.pipelines.choosing.choice_file import kept_choice
from fellowship.pipelines.choosing.chosen_recipe import (
    chosen_recipe,
    recorded_voters,
)
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.replay.recorded_rows import recorded_recipe
from fellowship.pipelines.running.runner import run
from fellowship.run_outcomes import outcomes
from fellowship.teams.settings import JudgeSettings
from fellowship.viewer.label_table_page import frontier_table
from fellowship.viewer.report.choice import evaluators
from tests.support.commands import checked, said
from tests.support.labelled_judges import good_first, number, rows, scored, source
from tests.support.loopback.fixtures import Handle, openai_server
from tests.support.loopback.prose import Reply
from tests.support.recipes import openai_model, recipe
from tests.support.viewer_pages import ask, served

PROMPTS = 52
ASKED = ("--strategy", "combined", "--resamples", 100)
WRONG = {"small": 3, "large": 17}
"""Each is wrong on every so-manieth row."""


def answer(body: dict[str, Any]) -> str:
    """A judge as sure where it is wrong; the small one is unsure of every other row."""
    wrong = number(body) % WRONG[str(body["model"])] == 0
    unsure = body["model"] == "small" and number(body) % 2
    return scored(good_first(body) != wrong, 6 if unsure else 8, 4 if unsure else 2)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Handle]]:
    """A recipe of two judges with labelled pairs, and the server of both."""

    async def reply(body: dict[str, Any]) -> Reply | str:
        await asyncio.sleep(0)
        return answer(body)

    folder = tmp_path_factory.mktemp("choose")
    labels = ["first", "second"] * (PROMPTS // 2)
    rows(folder / "judged.jsonl", labels)
    with openai_server(reply) as server:
        price = {"prompt": 1, "completion": 1}
        small = openai_model(server.base_url, price=price) | {"model": "small"}
        large = small | {"model": "large", "price": {"prompt": 50, "completion": 50}}
        sections = {"models": {"small": small, "large": large}, "systems": []}
        evaluate = {"team": "judge", "model": "small", "criteria": "Be strict."}
        recipe(folder / "r.yaml", {}, 1, source=source(), evaluate=evaluate, **sections)
        yield folder, server


Measured = dict[str, Any]
"""What `choose` printed as JSON when it measured."""


@pytest.fixture(scope="module")
def planned(judged: tuple[Path, Handle]) -> Measured:
    """The plan, made before anything was measured; and what it called."""
    code, out, _ = run_choose(judged, "--plan", "--json")
    assert code == 0
    return {**checked("choose", out), "calls": calls(judged)}


@pytest.fixture(scope="module")
def measured(judged: tuple[Path, Handle], planned: Measured) -> Measured:
    """The choice, once everything was measured into `run`; and what that called."""
    folder, _ = judged
    to = folder / "chosen.yaml"
    code, out, err = run_choose(judged, "--json", "--output", to, "--within", 0)
    assert code == 0, err
    found = checked("choose", out)
    return {**found, "calls": calls(judged) - planned["calls"]}


def run_choose(judged: tuple[Path, Handle], *more: object) -> tuple[int, str, str]:
    """The command, where there is nothing yet that captures what it prints."""
    folder, _ = judged
    out, err = io.StringIO(), io.StringIO()
    asked = ("choose", folder / "r.yaml", "--into", folder / "run", *ASKED, *more)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command([str(argument) for argument in asked])
    return code, out.getvalue(), err.getvalue()


def choose(
    judged: tuple[Path, Handle],
    capsys: pytest.CaptureFixture[str],
    *more: object,
    into: Path | None = None,
) -> tuple[int, str, str]:
    """The command on the recipe, by one strategy."""
    folder, _ = judged
    asked = ("choose", folder / "r.yaml", "--into", into or folder / "run")
    return said(capsys, *asked, *ASKED, *more)


def calls(judged: tuple[Path, Handle]) -> int:
    return int(judged[1].stats()["calls"])


def test_a_plan_makes_no_call(planned: Measured) -> None:
    (plan,) = planned["plans"]
    assert [m["calls_max"] for m in plan["models"]] == [2 * PROMPTS] * 2
    assert planned["calls"] == 0


def test_each_call_is_made_once_and_what_was_chosen_is_a_recipe(
    judged: tuple[Path, Handle], measured: Measured
) -> None:
    found = measured
    assert found["calls"] == 4 * PROMPTS
    assert (found["unit"], found["labels"], found["enough"]) == ("usd", PROMPTS, True)
    assert found["chosen"].startswith("large_combined")
    front = [line for line in found["lines"] if line["frontier"]]
    assert [(line["judges"], line["strong"]) for line in front] == [
        (["small_combined"], None),
        (["small_combined"], "large_combined"),
        (["large_combined"], None),
    ]
    assert front[0]["cost"] * 49 < front[2]["cost"]
    written = load_recipe(judged[0] / "chosen.yaml")
    assert isinstance(written.evaluate, JudgeSettings)
    assert (written.evaluate.model, written.evaluate.criteria) == (
        "large",
        "Be strict.",
    )
    assert set(written.models) == {"large"}


def test_the_chosen_recipe_is_run_on_the_measured_rows_without_a_new_call(
    judged: tuple[Path, Handle],
    measured: Measured,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    folder, _ = judged
    before = calls(judged)
    asked = ("run", folder / "chosen.yaml", "--fork", folder / "run")
    code, _, err = said(capsys, *asked, "--into", tmp_path / "made", "--json")
    assert code == 0, err
    assert calls(judged) == before
    made = list(outcomes(tmp_path / "made"))
    assert len(made) == PROMPTS
    verdicts = [v for o in made for c in o.ranking.comparisons for v in c.verdicts]  # type: ignore[union-attr]
    assert {v.evaluator for v in verdicts} == {"large_combined"}


@pytest.mark.usefixtures("measured")
def test_a_dear_judge_is_paid_for_where_the_cheap_one_is_unsure_as_was_measured(
    judged: tuple[Path, Handle], tmp_path: Path
) -> None:
    folder, _ = judged
    choice = kept_choice(folder / "run")
    assert choice is not None
    line = next(line for line in choice.frontier if line.sure_from)
    assert line.sure_from == 6
    known = recorded_voters(recorded_recipe(folder / "run"))
    taken = choice.model_copy(update={"chosen": line.name})
    made = chosen_recipe(taken, load_recipe(folder / "r.yaml"), known)
    report = run(made, tmp_path / "made")
    assert report.calls == PROMPTS * (2 if line.order == "both" else 1) * 3 // 2
    assert report.usd / PROMPTS == pytest.approx(line.cost)


@pytest.mark.usefixtures("measured")
def test_again_it_costs_nothing_and_a_run_alone_says_the_same(
    judged: tuple[Path, Handle], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder, _ = judged
    before, to = calls(judged), tmp_path / "sure.yaml"
    _, again, _ = choose(judged, capsys, "--json", "--at-least", 0.7, "--output", to)
    alone = ("choose", "--run", folder / "run", "--at-least", 0.7)
    _, out, _ = said(capsys, *alone, "--resamples", 100)
    assert calls(judged) == before
    found = json.loads(again)
    assert found["guarantee"]["threshold"] == 6
    assert yaml.safe_load(to.read_text())["pairs"]["margin"] == 6
    assert f"chosen: {found['chosen']}, $" in out
    assert "at least 70.0 % of such rows, except with chance 10.0 %" in out


def test_under_fifty_labels_nothing_is_paid_for_and_it_says_how_many_are_missing(
    judged: tuple[Path, Handle], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = calls(judged)
    few = rows(tmp_path / "few.jsonl", ["first"] * 9)
    code, out, _ = choose(judged, capsys, "--source", few)
    assert code == 1
    assert "41 more prompts must be labelled, 50 in all" in out
    assert calls(judged) == before


def test_labels_of_one_class_are_refused(
    judged: tuple[Path, Handle], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    same = tmp_path / "same.csv"
    lines = "\n".join(f"r{n},first" for n in range(PROMPTS))
    same.write_text(f"id,label\n{lines}\n", encoding="utf-8")
    before = calls(judged)
    asked = ("--labels", same, "--id", "id", "--label", "label")
    code, _, err = choose(judged, capsys, *asked, into=tmp_path / "fresh")
    assert code == 2
    assert "people name the first answer on every row" in err
    assert calls(judged) == before


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_paid_for(
    judged: tuple[Path, Handle], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = calls(judged)
    fresh, recipe = tmp_path / "fresh", judged[0] / "r.yaml"
    for given in (("--plot", recipe / "below-a-file.svg"), ("--output", recipe)):
        code, _, _ = choose(judged, capsys, *given, into=fresh)
        assert code in (2, 4)
    assert calls(judged) == before


def test_labels_are_said_to_be_split_and_near_duplicates_are_one_prompt(
    judged: tuple[Path, Handle], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    few = rows(tmp_path / "few.jsonl", ["first", "second"] * 4)
    lines = [json.loads(line) for line in few.read_text().splitlines()]
    for n, line in enumerate(lines[4:]):
        line["prompt"] = f"question  {n}? "
    few.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    people = tmp_path / "two.csv"
    split = "".join(f"r{n},{'first' if n else 'tie'},first\n" for n in range(8))
    people.write_text(f"id,ann,bob\n{split}", encoding="utf-8")
    asked = ("--labels", people, "--label", "ann", "--label", "bob")
    code, out, _ = choose(judged, capsys, "--source", few, *asked)
    assert code == 1
    assert "7 labels on 4 prompts" in out
    assert "46 more prompts must be labelled" in out
    assert "annotators split" in " ".join(out.split())


@pytest.mark.usefixtures("measured")
def test_a_measuring_run_alone_gives_no_recipe_without_the_users_own_sections(
    judged: tuple[Path, Handle], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = ("choose", "--run", judged[0] / "run", "--output", tmp_path / "c.yaml")
    code, _, err = said(capsys, *asked)
    assert code == 2
    assert "fellowship choose RECIPE --into" in " ".join(err.split())


def test_options_that_need_calls_are_refused_without_a_recipe(
    judged: tuple[Path, Handle], capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, "choose", "--run", judged[0], "--samples", 3)
    assert code == 2
    assert "--samples would do nothing" in err


@pytest.mark.usefixtures("measured")
def test_the_report_of_the_folder_shows_the_frontier_and_says_the_same(
    judged: tuple[Path, Handle],
) -> None:
    choice = kept_choice(judged[0] / "run")
    assert choice is not None
    (section,) = evaluators(choice)
    assert section.parts[0].grid is not None
    names = [row[0] for row in section.parts[0].grid.rows]
    assert names == [line.name for line in choice.frontier]
    for sentence in sentences(choice):
        assert sentence[1:] in section.intro
    assert all("frontier, on these labels" in plot for plot in section.parts[0].plots)


@pytest.mark.usefixtures("measured")
def test_the_page_of_labels_shows_the_frontier_as_the_report_does(
    judged: tuple[Path, Handle],
) -> None:
    found = frontier_table(judged[0] / "run")
    choice = kept_choice(judged[0] / "run")
    assert found is not None
    assert choice is not None
    assert [row[0] for row in found.rows] == [line.name for line in choice.frontier]
    assert found.sentences == sentences(choice)
    with served(judged[0] / "run") as place:
        page = ask(place, "/labels").text
    assert "Evaluators by agreement and cost" in page
    assert all(line.name in page for line in choice.frontier)
