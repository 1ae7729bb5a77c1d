"""Records in a notebook: shown as text, never obeyed."""

from __future__ import annotations

from pathlib import Path

import fellowship
from fellowship import display
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.streaming import Spoken
from fellowship.records import Outcome, Session, Turn, Verdict
from tests.support.loopback.fixtures import Handle
from tests.support.recipes import openai_model, recipe


def test_a_notebook_is_shown_what_a_model_wrote_and_never_obeys_it() -> None:
    evil = "<script>alert(1)</script>\x1b[2J"
    turn = Turn(source="judge", role="judge", text=evil, model="<img src=x>")
    session = Session(id="s", team=evil, item="i", turns=(turn,), stopped=evil)
    verdict = Verdict(winner="first", reason=evil)
    outcome = Outcome(number=1, item="i", state="tie", why=evil, sessions=(session,))
    spoken = Spoken(row=1, team=evil, turn=turn)
    for record in (turn, session, verdict, outcome, spoken):
        shown = record._repr_html_()
        assert "<script" not in shown
        assert "<img" not in shown
        assert "\x1b" not in shown
        assert "alert(1)" in shown
    assert "characters" in display.escape_html("x" * 30_000)


def test_a_report_is_a_table_in_a_notebook(tmp_path: Path, server: Handle) -> None:
    path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 1)
    report = fellowship.run(load_recipe(path), tmp_path / "run")
    assert "<table>" in report._repr_html_()
