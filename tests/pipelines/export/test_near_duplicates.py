"""Near duplicates: found at .95 or better, siblings and opposites told apart."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from fellowship.errors import InputError
from fellowship.pipelines.export.disk_cache import Scratch
from fellowship.pipelines.export.near_duplicates import NearDuplicates
from tests.support.outcomes import answer, judged
from tests.support.runs import export_rows
from tests.support.sentences import sentence


def test_near_duplicates_are_found_and_others_are_not() -> None:
    dice = random.Random(3)
    base = [sentence(dice, 160) for _ in range(200)]
    planted = []
    for text in base:
        words = text.split()
        words[dice.randrange(len(words))] = "otherwise"
        planted.append(" ".join(words).upper() + "!")
    half = [" ".join((*t.split()[:80], *sentence(dice, 80).split())) for t in base]
    with Scratch() as scratch:
        near = NearDuplicates(scratch, 0.8)
        assert not any(near.add([text], n) for n, text in enumerate(base, 1))
        recall = [
            near.add([text], 1000 + n) == [n] for n, text in enumerate(planted, 1)
        ]
        false = [bool(near.add([text], 3000 + n)) for n, text in enumerate(half)]
    assert sum(recall) / len(recall) >= 0.95
    assert sum(recall) / (sum(recall) + sum(false)) >= 0.95


def test_siblings_of_one_prompt_are_no_near_duplicates(tmp_path: Path) -> None:
    long = sentence(random.Random(2), 200)
    one = judged(1, "fine", "poor", long)
    more = one.pairs[0].model_copy(update={"rejected": answer("worse")})
    row = one.model_copy(update={"pairs": (*one.pairs, more)})
    account, _ = export_rows(tmp_path, [row], filters={"near_duplicates": 0.8})
    assert (account.exported, account.dropped) == (2, {})


@pytest.mark.parametrize(
    ("kind", "other", "dropped"),
    [
        ("dpo", {"chosen": "fine", "rejected": "poor"}, 1),
        ("sft", {"chosen": "fine", "rejected": "other"}, 1),
        ("kto", {"completion": "fine", "label": False}, 1),
        ("kto", {"completion": "fine", "label": True}, 1),
    ],
)
def test_rows_of_other_datasets_are_not_repeated(
    tmp_path: Path, kind: str, other: dict[str, object], dropped: int
) -> None:
    long = sentence(random.Random(2), 200)
    file = tmp_path / "last-night.jsonl"
    file.write_text(json.dumps({"prompt": f"{long} again", **other}) + "\n")
    near = {"against": str(file)}
    rows = [judged(1, "fine", "poor", long)]
    account, _ = export_rows(tmp_path, rows, kind, filters={"near_duplicates": near})
    assert account.dropped.get("near_duplicates", 0) == dropped
    file.write_text(json.dumps({"prompt": "p", "completion": "c"}) + "\n")
    if kind == "dpo":
        with pytest.raises(InputError, match="no pairs to compare with"):
            export_rows(tmp_path, rows, kind, filters={"near_duplicates": near})


def test_a_near_duplicate_that_says_the_opposite_is_a_contradiction(
    tmp_path: Path,
) -> None:
    long = sentence(random.Random(2), 200)
    rows = [judged(1, "fine", "poor", long), judged(2, "poor", "fine", long)]
    account, made = export_rows(tmp_path, rows, filters={"near_duplicates": 0.8})
    assert (made, account.exported) == ([], 0)
    assert account.dropped == {"near_duplicates": 1, "contradictory": 1}
