"""A run is read by the revision of the reader it was begun under."""

from __future__ import annotations

import pytest

from fellowship.agents.case import Case
from fellowship.agents.parsing.revisions import FIRST, REVISION
from fellowship.agents.roles import Judge
from fellowship.errors import VerdictError
from fellowship.pipelines.replay.recorded_rows import recorded_recipe
from fellowship.pipelines.running.header import make_header
from fellowship.prompts.library import PromptLibrary
from fellowship.records import Conversation, Message
from tests.support.paths import ROOT

OLD = ROOT / "tests/fixtures/runs-e49447c/debate/run"
ASKED = Conversation(messages=(Message(role="user", content="Which is it?"),))


def test_a_header_without_a_reader_is_of_the_first_and_stays_so() -> None:
    recipe = recorded_recipe(OLD)
    assert recipe.reader == FIRST
    assert recipe.model_copy(update={"seed": 1}).reader == FIRST
    assert make_header(recipe, PromptLibrary())["reader"] == FIRST


def test_a_new_run_names_the_newest_reader() -> None:
    recipe = recorded_recipe(OLD).read_by(REVISION)
    assert make_header(recipe, PromptLibrary())["reader"] == REVISION


def test_a_judge_reads_as_the_run_of_its_case_does() -> None:
    judge = Judge(model="m", strategy="direct")
    read = judge.read("Answer: B", Case(ASKED, reader=FIRST))
    assert getattr(read, "winner", None) == "second"
    with pytest.raises(VerdictError):
        judge.read("Answer: B", Case(ASKED))
