"""The proof by training: its rule, its sets of prompts and its limits; not the training."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.train_proof.__main__ import check_settings
from benchmarks.train_proof.answering import BATCH, Answer, batches, read_answers
from benchmarks.train_proof.arms import half_turned, more_sentences
from benchmarks.train_proof.figures import compliance, differences, repetition
from benchmarks.train_proof.prompts import PARTS, TOPICS, WISH, prompts_of
from benchmarks.train_proof.rule import is_finished, keeps_rule
from examples.train_and_judge import held_out, refuse_changes


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        ("It melts. Then it boils.", True),
        ("Is it so? It is!", True),
        ('He said "no." She said "yes."', True),
        ("Dr. Lee measured 3.5 g. She was pleased.", True),
        ("Use herbs, e.g. thyme. Then serve.", True),
        ("One sentence only.", False),
        ("One. Two. Three.", False),
        ("It melts. Then it boi", False),
        ("- It melts. \n- It boils.", False),
        ("1. It melts. It boils.", False),
        ("", False),
    ],
)
def test_the_rule_is_two_finished_sentences(text: str, keeps: bool) -> None:
    assert keeps_rule(text) is keeps


def test_a_text_that_stops_in_a_sentence_is_not_finished() -> None:
    assert is_finished("All is well.")
    assert not is_finished("All is well. And th")


def test_no_subject_is_asked_about_in_two_sets() -> None:
    about = {
        part: [name for topic in TOPICS for name in topic.names_of(part)]
        for part in PARTS
    }
    assert sum(map(len, about.values())) == len(set().union(*about.values())) == 340
    sets = {part: set(prompts_of(part)) for part in PARTS}
    assert {part: len(found) for part, found in sets.items()} == {
        "train": 200,
        "development": 80,
        "seen": 200,
        "held-out": 200,
    }
    assert all(prompt.endswith(WISH) for found in sets.values() for prompt in found)
    assert len(set().union(*sets.values())) == 680


@pytest.mark.parametrize("sizes", [(70, 67, 4), (3, 5, 1), (0, 1, 0), (8, 0, 0)])
def test_the_placebo_turns_exactly_half_of_every_kind(sizes: tuple[int, ...]) -> None:
    chosen, sides = "One. Two.", ["One.", "One. Two. Three.", "Ein. Zwei"]
    rows = [
        pair_row(n, chosen, sides[kind])
        for n, kind in enumerate(k for k, many in enumerate(sizes) for _ in range(many))
    ]
    made = half_turned(rows)
    assert [row["prompt"] for row in made] == [row["prompt"] for row in rows]
    turned = [row["chosen"][0]["content"] != chosen for row in made]
    assert sum(turned) == len(rows) // 2
    for kind in (1, 0, -1):
        of_kind = [
            t
            for t, row in zip(turned, rows, strict=True)
            if more_sentences(row) == kind
        ]
        assert abs(2 * sum(of_kind) - len(of_kind)) <= 1


def pair_row(number: int, chosen: str, rejected: str) -> dict[str, Any]:
    """A DPO row of two texts."""
    return {
        "prompt": number,
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
    }


def arm(chance: float, seed: int) -> list[list[Answer]]:
    """Answers to 120 prompts, of which so many keep the rule."""
    rng = np.random.default_rng(seed)
    return [
        [
            Answer(
                f"p{n:03}",
                way,
                "One. Two." if rng.random() < chance else "One.",
                True,
                4,
            )
            for n in range(120)
            for way in ("greedy", "sample 1")
        ]
    ]


def test_limits_of_differences_hold_for_all_at_once_where_nothing_differs() -> None:
    missed = 0
    pairs = [("a", "base"), ("b", "base"), ("a", "b")]
    for world in range(60):
        arms = {
            name: arm(0.3, 3 * world + n) for n, name in enumerate(("base", "a", "b"))
        }
        found = differences(arms, pairs, greedy=False)
        missed += any(gap.low > 0 or gap.high < 0 for gap in found.values())
    assert missed <= 8


def test_a_planted_gain_is_found() -> None:
    arms = {"base": arm(0.2, 1), "a": arm(0.6, 2)}
    assert differences(arms, [("a", "base")], greedy=False)["a", "base"].low > 0.2
    assert compliance(arms["a"], greedy=False).value == pytest.approx(0.6, abs=0.12)


PROMPTS = [f"p{n}" for n in range(BATCH + 10)]


@pytest.mark.parametrize("kept", [0, 1, BATCH - 1, BATCH, BATCH + 9, BATCH + 10, 10**6])
@pytest.mark.parametrize("torn", [b"", b'{"prompt": "p'])
def test_answers_go_on_after_the_last_whole_batch(
    tmp_path: Path, kept: int, torn: bytes
) -> None:
    asked = [
        (way, prompt)
        for way, at in batches(PROMPTS, 1)
        for prompt in PROMPTS[at : at + BATCH]
    ]
    lines = [
        json.dumps(asdict(Answer(prompt, way, "So.", True, 2))).encode() + b"\n"
        for way, prompt in asked
    ]
    path = tmp_path / "answers.jsonl"
    path.write_bytes(b"".join(lines[:kept]) + torn)
    found = [answer for batch in read_answers(path, PROMPTS, 1) for answer in batch]
    whole = max(n for n in (0, 40, 50, 90, 100) if n <= kept)
    assert [(a.drawn, a.prompt) for a in found] == asked[:whole]
    left = path.read_bytes()
    assert left == b"".join(lines[:whole]) + (torn if whole == len(lines) else b"")
    assert sum(map(len, read_answers(path, PROMPTS, 0))) == min(whole, len(PROMPTS))
    if whole:
        with pytest.raises(SystemExit, match="answers to other prompts"):
            read_answers(path, PROMPTS[::-1], 1)


def test_a_folder_keeps_to_the_settings_it_was_made_by(tmp_path: Path) -> None:
    check_settings(tmp_path, [], 200)
    check_settings(tmp_path, ["rate=1"], 100)  # nothing is made by the first yet
    (tmp_path / "pairs-all.jsonl").touch()
    check_settings(tmp_path, ["rate=1"], 100)
    for changes, prompts in ((["rate=1"], 200), ([], 100)):
        with pytest.raises(SystemExit, match="other arms or settings"):
            check_settings(tmp_path, changes, prompts)


def test_the_script_is_judged_on_no_prompt_that_it_trained_on(tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "How far is  the moon?"}]
    for name, prompts in {
        "pairs": [talk, "Why?"],
        "same": ["How far is the Moon?", "Who?"],
        "new": ["Who?", "Who?", [{"role": "user", "content": "Where?"}]],
        "none": [],
    }.items():
        rows = (json.dumps({"prompt": prompt}) + "\n" for prompt in prompts)
        (tmp_path / name).write_text("".join(rows))

    def given(prompts: str, **more: Any) -> argparse.Namespace:
        paths = {"pairs": tmp_path / "pairs", "prompts": tmp_path / prompts}
        return argparse.Namespace(**paths, into=tmp_path, jury=tmp_path, **more)

    with pytest.raises(SystemExit, match="1 of the 2 prompts"):
        held_out(given("same"))
    with pytest.raises(SystemExit, match="has no prompt"):
        held_out(given("none"))
    assert len(held_out(given("new"))) == 2
    refuse_changes(given("new", rate=1e-5))
    refuse_changes(given("new", rate=1e-5))
    with pytest.raises(SystemExit, match="begun with another rate"):
        refuse_changes(given("new", rate=2e-5))
    (tmp_path / "pairs").write_text("")
    with pytest.raises(SystemExit, match="begun with another pairs"):
        refuse_changes(given("new", rate=1e-5))


def test_repetition_counts_runs_of_words_that_were_said_before() -> None:
    assert repetition("a b c d e") == 0
    assert repetition("a b c d a b c d") == pytest.approx(1 / 5)
