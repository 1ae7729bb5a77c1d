"""Streams of a run: messages as they are said, in async and plain code."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import fellowship
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.records import Outcome
from tests.support.loopback.fixtures import Handle
from tests.support.recipes import openai_model, recipe


async def test_messages_come_while_the_run_goes_on_and_again_from_the_record(
    tmp_path: Path, server: Handle
) -> None:
    made = load_recipe(recipe(tmp_path / "r.yaml", openai_model(server.base_url), 2))
    first = [event async for event in fellowship.stream(made, tmp_path / "run")]
    ended = [event for event in first if isinstance(event, Outcome)]
    turns = [turn for o in ended for session in o.sessions for turn in session.turns]
    assert len(first) == len(ended) + len(turns) == 2 + len(turns)
    assert "[1 loop] generator: " in str(first[0])
    again = [event async for event in fellowship.stream(made, tmp_path / "run")]
    assert again == []


async def test_leaving_a_stream_stops_the_run_and_keeps_what_was_said(
    tmp_path: Path, server: Handle
) -> None:
    made = load_recipe(recipe(tmp_path / "r.yaml", openai_model(server.base_url), 8))
    events = fellowship.stream(made, tmp_path / "run")
    await anext(aiter(events))
    await events.aclose()  # type: ignore[attr-defined]
    report = await fellowship.run_recipe(made, tmp_path / "run")
    assert report.balanced
    assert report.replayed > 0


def test_a_stream_has_a_plain_face(tmp_path: Path, server: Handle) -> None:
    path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 1)
    rows = [{"id": "x", "prompt": "Why?"}, {"id": "y", "prompt": "How?"}]
    events = [*fellowship.listen(load_recipe(path), tmp_path / "run", rows=rows)]
    assert sorted(e.id or "" for e in events if isinstance(e, Outcome)) == ["x", "y"]
    for _ in fellowship.listen(load_recipe(path), tmp_path / "other"):
        break
    changed = [{"id": "x", "prompt": "Another?"}]
    with pytest.raises(fellowship.RecipeError):
        next(fellowship.listen(load_recipe(path), tmp_path / "run", rows=changed))


async def test_the_plain_face_works_where_a_loop_runs(
    tmp_path: Path, server: Handle
) -> None:
    path = recipe(tmp_path / "r.yaml", openai_model(server.base_url), 1)
    report = fellowship.run(load_recipe(path), tmp_path / "run")
    assert fellowship.replay(tmp_path / "run", 1).identical
    await asyncio.sleep(0)
    assert report.balanced
