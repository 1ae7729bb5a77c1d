"""KTO examples: one label a text, and none where labels contradict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.pipelines.pairing.kto import kto_examples, label_answers
from fellowship.pipelines.recipe.export_settings import Style
from fellowship.records import Outcome
from tests.support.outcomes import answer, judged, pair
from tests.support.runs import export_rows

STYLES: list[Style] = ["conversational", "plain"]


def opened(path: Path, cache: Path) -> list[dict[str, Any]]:
    data = datasets.load_dataset(
        "json", data_files=str(path), cache_dir=str(cache), split="train"
    )
    return [dict(row) for row in data]


@pytest.mark.parametrize("style", STYLES)
def test_kto_examples_open_with_a_boolean_label(tmp_path: Path, style: Style) -> None:
    account, _ = export_rows(tmp_path, [judged(1, "good", "bad")], "kto", style=style)
    rows = opened(Path(account.files[0]), tmp_path / "cache")
    assert [(r["label"], r["score"]) for r in rows] == [(True, 8.0), (False, 6.5)]
    said = "good" if style == "plain" else [{"role": "assistant", "content": "good"}]
    assert rows[0]["completion"] == said


def test_an_answer_both_chosen_and_rejected_teaches_nothing() -> None:
    best, middle, worst = answer("a"), answer("b"), answer("c")
    pairs = (pair(best, middle), pair(middle, worst), pair(best, worst))
    outcome = Outcome(number=1, item="x", state="pair", pairs=pairs)
    said = [(e.completion.text, e.label) for e in kto_examples(outcome)]
    assert said == [("a", True), ("c", False)]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), max_size=8)
)
def test_each_text_has_one_label_and_is_there_once(said: list[tuple[str, str]]) -> None:
    examples = label_answers(pair(answer(a), answer(b)) for a, b in said)
    texts = [e.completion.text for e in examples]
    chosen, rejected = {a for a, _ in said}, {b for _, b in said}
    assert sorted(texts) == sorted(chosen ^ rejected)
    assert all(e.label == (e.completion.text in chosen) for e in examples)
