"""`open`: a run's tables under one name."""

from __future__ import annotations

from pathlib import Path

import pytest

import fellowship as fl
from tests.support.runs import MadeRun


def test_an_opened_run_has_its_frames_and_shows_its_states(jury_run: MadeRun) -> None:
    run = fl.open(jury_run.folder)
    assert len(run.rows) == len([*run.outcomes]) == jury_run.report.prompts
    assert {*run.verdicts["evaluator"]} == {*run.votes["juror"]} == {"ann", "bob", "cy"}
    assert len(run.pairs) == len([*fl.pairs(jury_run.folder)])
    assert len(run.calls) == jury_run.report.calls
    assert len(run.messages)
    assert run.outcome(1).number == 1
    assert "<table>" in run._repr_html_()
    with pytest.raises(KeyError, match="row 99"):
        run.outcome(99)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(fl.LedgerError, match="no run"):
        fl.open(tmp_path)


def test_without_a_frame_library_the_extra_is_named(
    jury_run: MadeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "fellowship.pipelines.interop.frames.find_spec", lambda name: None
    )
    with pytest.raises(fl.InputError, match=r"pip install '\.\[data\]'"):
        _ = fl.open(jury_run.folder).rows


def test_a_conversation_shows_itself_and_obeys_nothing() -> None:
    turns = (fl.Message(role="user", content="<script>x</script>"),)
    shown = fl.Conversation(messages=turns)._repr_html_()
    assert "<script" not in shown
    assert "user" in shown
