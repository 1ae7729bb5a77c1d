"""Splits of labelled pairs: by prompt, stratified, the same for the same seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from fellowship.errors import InputError
from fellowship.pipelines.aligning.split import split_pairs
from tests.support.simulated_judges import pairs


def test_pairs_of_one_prompt_stay_together_whatever_its_spaces_and_case() -> None:
    rows = pairs(60)
    rows += [
        replace(row, item=other.item)
        for row, other in zip(rows, pairs(60, 1), strict=True)
    ]
    split = split_pairs(rows, 0.5, 0)
    parts = [{p.prompt for p in part} for part in (*split.folds, split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 60
    assert len(split.train) + len(split.test) == 120


def test_the_same_seed_deals_the_same_parts_whatever_the_order_of_the_file() -> None:
    rows = pairs(80)
    mixed = random.Random(1).sample(rows, len(rows))
    one, other = (split_pairs(each, 0.5, 3) for each in (rows, mixed))
    assert {p.prompt for p in one.test} == {p.prompt for p in other.test}
    assert {p.prompt for p in one.test} != {
        p.prompt for p in split_pairs(rows, 0.5, 4).test
    }


def test_every_part_has_its_share_of_every_label() -> None:
    split = split_pairs(pairs(200, tie_below=20), 0.5, 0)
    whole = Counter(p.label for p in (*split.train, *split.test))
    for part, share in ((split.test, 2), *((fold, 6) for fold in split.folds)):
        counts = Counter(pair.label for pair in part)
        assert all(abs(counts[label] - n / share) <= 2 for label, n in whole.items())


@pytest.mark.parametrize(
    ("prompts", "test", "cure"),
    [
        (49, 0.5, "1 more"),
        (3, 0.5, "47 more"),
        (60, 0.2, "give 0.42 to 0.58"),
        (60, 0.9, "give 0.42 to 0.58"),
    ],
)
def test_too_few_labels_are_told_how_many_more(
    prompts: int, test: float, cure: str
) -> None:
    with pytest.raises(InputError, match=cure):
        split_pairs(pairs(prompts), test, 0)
