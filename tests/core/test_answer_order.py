"""A reason is written before the score, on servers that write fields by name too."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from fellowship.answer_order import (
    is_sorted,
    is_verdict_first,
    own_names,
    require_sorted,
    sorted_schema,
)
from fellowship.models.client import Request
from fellowship.pipelines.agreement.verdict_table import verdict_table
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.runner import run_recipe
from fellowship.records import Message
from fellowship.run_outcomes import outcomes
from tests.support.labelled_judges import rows, source
from tests.support.loopback.fixtures import ollama_server
from tests.support.model_configs import ask, ollama_config
from tests.support.recipes import ollama_model, recipe

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


def schema(*names: str) -> dict[str, Any]:
    """An object of a text and then numbers."""
    fields = {name: NUMBER if at else TEXT for at, name in enumerate(names)}
    return {"type": "object", "properties": fields}


@pytest.mark.parametrize("names", list(permutations(("alpha", "mid", "zeta"))))
def test_names_on_the_wire_sort_as_the_schema_orders_them(names: tuple[str]) -> None:
    wire = sorted_schema(schema(*names))
    assert is_sorted(wire)
    by_name = dict.fromkeys(sorted(wire["properties"]), 1)
    text = own_names(json.dumps(by_name), schema(*names))
    assert tuple(json.loads(text)) == names


def test_inner_objects_are_sorted_too_and_values_are_left_alone() -> None:
    outer = schema("why", "marks")
    outer["properties"]["marks"] = {"type": "array", "items": schema("z", "a")}
    wire = sorted_schema(outer)
    assert is_sorted(wire)
    said = '{"01_why": "01_why", "02_marks": [{"01_z": "", "02_a": 3}]}'
    assert json.loads(own_names(said, outer)) == {
        "why": "01_why",
        "marks": [{"z": "", "a": 3}],
    }


def test_a_role_whose_names_would_change_places_fails_at_import() -> None:
    require_sorted(schema("reason", "score"), "role")
    with pytest.raises(ImportError, match="changes the order why, score"):
        require_sorted(schema("why", "score"), "role")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ('{"reason": "r", "score": 3}', False),
        ('{"score": 3, "reason": "r"}', True),
        ('Well: {"score": 3, "reason": "r"} so.', True),
        ('{"score": 1, "reason": ""} no: {"reason": "r", "score": 3}', False),
        ('{"score": 3}', False),
        ('{"reason": "{\\"score\\": 3, \\"reason\\": 1}", "score": 3}', False),
        ("{{{", False),
        ("3, since it is good", False),
    ],
)
def test_a_verdict_before_its_reason_is_seen(text: str, first: bool) -> None:
    assert is_verdict_first(schema("reason", "score"), text) is first
    assert not is_verdict_first(None, text)


async def test_a_server_that_writes_fields_by_name_writes_a_custom_reason_first() -> (
    None
):
    wanted = schema("why", "grade")

    async def answer(body: dict[str, Any]) -> str:
        names = sorted(body["format"]["properties"])
        return json.dumps({names[0]: "well made", names[1]: 4})

    request = Request((Message(role="user", content="Rate"),), {}, schema=wanted)
    with ollama_server(answer) as server:
        reply = await ask(ollama_config(server), request)
    assert list(json.loads(reply.text)) == ["why", "grade"]


async def test_scores_given_before_their_reason_are_flagged_and_counted(
    tmp_path: Path,
) -> None:
    async def answer(body: dict[str, Any]) -> str:
        return '{"score_first": 9, "score_second": 2, "reason": "by luck"}'

    rows(tmp_path / "judged.jsonl", ["first"])
    judge = {"team": "judge", "model": "judge", "order": "first"}
    more = {"source": source(), "systems": [], "evaluate": judge}
    with ollama_server(answer) as server:
        path = recipe(tmp_path / "r.yaml", ollama_model(server.url), 1, **more)
        report = await run_recipe(load_recipe(path), tmp_path / "run")
    (notice,) = [n for n in report.replies.sentences() if "before its reason" in n]
    assert notice.startswith("1 reply of judge gave the verdict")
    (outcome,) = outcomes(tmp_path / "run")
    assert outcome.state == "pair"
    assert '"verdict_first":true' in outcome.model_dump_json()
    (note,) = verdict_table(tmp_path / "run").label_notes[-1:]
    assert note == "1 verdict of judge came before the reason that was asked for first"
