"""Benchmark questions in prompts and answers."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from fellowship.errors import InputError
from fellowship.pipelines.export.contamination import Benchmarks
from tests.support.sentences import CLEAN, holds, sentence


def test_an_exam_is_found_in_a_prompt_or_an_answer(tmp_path: Path) -> None:
    dice = random.Random(5)
    questions = [sentence(dice, 40) for _ in range(100)]
    exam = tmp_path / "exam.jsonl"
    exam.write_text("\n".join(json.dumps({"q": {"text": q}}) for q in questions))
    known = Benchmarks([exam], 13)
    planted = [f"Hello, {q.upper()}, and what then?" for q in questions]
    cut = [" ".join(q.split()[:11]) for q in questions]
    holds(known.shared_gram, planted, [*CLEAN, *cut])


@pytest.mark.parametrize("suffix", [".txt", ".json", ".csv"])
def test_benchmark_files_of_every_kind_are_read(tmp_path: Path, suffix: str) -> None:
    text = sentence(random.Random(1), 40)
    path = tmp_path / f"exam{suffix}"
    wholes = {".json": json.dumps([{"q": text}]), ".csv": f"q\n{text}\n"}
    path.write_text(wholes.get(suffix, text))
    assert Benchmarks([path], 13).shared_gram(f"so {text}")


def test_a_benchmark_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "mmlu.jsonl").write_text("{}")
    with pytest.raises(InputError, match=r"mmlu\.jsonl"):
        Benchmarks([tmp_path / "mmlu.json"], 13)
