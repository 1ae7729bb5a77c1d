"""Thinking in datasets: exported only if asked, dropped by name, found by `lint`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fellowship.errors import RecipeError
from fellowship.pipelines.export.examples import Example
from fellowship.pipelines.export.filters import enabled_checks
from fellowship.pipelines.export.format_rows import trl
from fellowship.pipelines.export.lint import lint
from fellowship.pipelines.recipe.export_settings import (
    Export,
    Filters,
    check_format,
)

ASKED = [{"role": "user", "content": "How deep?"}]


def answered(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


PAIR = Example(ASKED, (answered("A."), answered("B.")), thinking=("hm", ""))


@pytest.mark.parametrize("key", ["thinking", "reasoning_content", "reasoning", True])
def test_thinking_gets_the_key_that_was_asked_for(key: Any) -> None:
    row = trl(PAIR, "dpo", Export(thinking=key))
    name = "thinking" if key is True else key
    assert row["chosen"] == [{"role": "assistant", "content": "A.", name: "hm"}]
    assert row["rejected"] == [{"role": "assistant", "content": "B.", name: ""}]
    assert trl(PAIR, "dpo", Export())["chosen"] == answered("A.")


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("dpo", {"style": "plain"}),
        ("dpo", {"shape": "llama-factory"}),
        ("dpo", {"shape": "axolotl"}),
        ("dpo", {"shape": "openai"}),
        ("multi-agent", {}),
    ],
)
def test_a_form_without_a_place_for_thinking_refuses_it(
    kind: str, more: dict[str, Any]
) -> None:
    with pytest.raises(RecipeError, match="leave"):
        check_format(kind, Export(thinking=True, **more))
    check_format("dpo", Export(thinking=True, shape="parquet"))


MARKED = ["<think>\nhm\n</think>\n\nA.", "hm\n</think>\n\nA.", "[THINK]hm[/THINK]A."]


@pytest.mark.parametrize("text", MARKED)
@pytest.mark.parametrize(
    "row",
    [
        lambda text: {"prompt": "q", "chosen": text, "rejected": "B."},
        lambda text: {
            "prompt": ASKED,
            "chosen": answered("C."),
            "rejected": answered(text),
        },
        lambda text: {"messages": [*ASKED, *answered(text)]},
        lambda text: {"prompt": "q", "completion": text, "label": False},
        lambda text: {"instruction": "q", "output": text},
    ],
)
@pytest.mark.fault(number=107, on="lint")
def test_lint_names_thinking_in_every_form(text: str, row: Any, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps(row(text)) + "\n")
    (found,) = (f for f in lint(file).findings if "thinking" in f.name)
    assert (found.rows, found.numbers) == (1, (1,))
    assert "--filter thinking_marks" in found.reason


def test_lint_has_nothing_against_an_answer_about_the_marks(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    said = "Models write <think> before and </think> after."
    rows = [
        {"prompt": "q", "chosen": "It is `</think>`.", "rejected": "No."},
        {"prompt": "r", "chosen": said, "rejected": "No."},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = lint(file)
    assert not report.findings
    assert [(f.name, f.numbers) for f in report.flags] == [
        ("mark of thinking in a sentence", (2,))
    ]


@pytest.mark.fault(number=107, on="export")
def test_the_filter_takes_marked_answers_and_no_others() -> None:
    check = enabled_checks(Filters(thinking_marks=True), {})["thinking_marks"]
    assert all(check(Example(ASKED, (answered(t), answered("B.")))) for t in MARKED)
    assert not check(PAIR)
