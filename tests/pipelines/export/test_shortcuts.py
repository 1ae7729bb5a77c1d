"""Shortcuts: each planted one is named, a clean set has none, and all outputs say it."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.fooled import PLANTS, make_set
from fellowship.cli.export_accounts import show
from fellowship.cli.terminal import console
from fellowship.pipelines.export import shortcuts, word_classifier
from fellowship.pipelines.export.examples import Example
from fellowship.pipelines.export.preference_reader import parse_example
from fellowship.pipelines.export.shortcut_features import (
    FEATURES,
    is_refusal,
    is_unfinished,
    language_of,
)
from fellowship.pipelines.export.shortcut_report import ShortcutReport
from fellowship.pipelines.export.shortcuts import ShortcutCounter, shortcut_row
from fellowship.pipelines.report.figures import figures
from fellowship.viewer.report.page import page
from tests.support.commands import said
from tests.support.outcomes import judged
from tests.support.runs import export_rows, run_of

SIDES = ("chosen", "rejected")


def counted(rows: list[dict[str, str]], taken_back: int = 0) -> ShortcutReport:
    """What a set of pairs would teach; so many were the other way round at first."""
    counter = ShortcutCounter()
    for place, row in enumerate(rows):
        others = row if place >= taken_back else turned(row)
        counter.add(example(others), place)
    counter.forget(range(taken_back))
    for place, row in enumerate(rows[:taken_back]):
        counter.add(example(row), place)
    for place in counter.fill_sample():
        counter.add_words(example(rows[place]), place)
    report = counter.report()
    counter.close()
    return report


def example(row: dict[str, str]) -> Example:
    sides = ([{"role": "assistant", "content": row[s]}] for s in SIDES)
    facts = {name: row[name] for name in row if name.endswith("_model")}
    prompt = [{"role": "user", "content": row["prompt"]}]
    return Example(prompt, tuple(sides), facts=facts)


def turned(row: dict[str, str]) -> dict[str, str]:
    return {**row, "chosen": row["rejected"], "rejected": row["chosen"]}


@pytest.mark.parametrize("what", PLANTS)
def test_a_planted_shortcut_is_named_and_nothing_that_is_not_there(what: str) -> None:
    rows = make_set(11, 75, PLANTS[what])
    report = counted(rows)
    assert [one.name for one in report.found] == [PLANTS[what].name]
    assert counted(rows, taken_back=30) == report


def test_pairs_that_are_let_go_leave_the_sample_that_the_rest_would_have_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (word_classifier, shortcuts):
        monkeypatch.setattr(module, "MOST_PAIRS", 60)
    rows = make_set(11, 150, PLANTS["one generator's style"])
    kept = dict(enumerate(rows[50:], 50))
    counter, fresh = ShortcutCounter(), ShortcutCounter()
    for place, row in enumerate(rows):
        counter.add(example(row), place)
    counter.forget(range(50))
    read = counter.fill_sample()
    for place in read:
        counter.add_words(example(kept[place]), place)
    for place, row in kept.items():
        fresh.add(example(row), place)
    assert 0 < len(read) < 60
    assert counter.report() == fresh.report()


def test_a_clean_set_has_no_shortcut_and_says_what_was_checked() -> None:
    for seed in (1, 2, 3):
        report = counted(make_set(seed, 60))
        assert report.found == ()
        assert report.summary().startswith(
            "shortcuts: none is clear of 13 checked (length,"
        )


def test_fewer_sentences_are_named_beside_more_characters() -> None:
    rows = make_set(11, 75, PLANTS["fewer sentences"])
    for n, row in enumerate(rows):  # length says less, and the opposite
        row["chosen"], row["rejected"] = row["rejected"], row["chosen"]
        row["chosen"] += " and so on" * 30 * (n % 8 > 0) + "."
    found = {one.name: one.side for one in counted(rows).found}
    assert found["length"] == "chosen"
    assert found["sentences"] == "rejected"


ASKED = {"role": "user", "content": "Was ist das und wie geht es mit dem See nicht?"}
GOOD = "Das ist der See und er ist nicht auf dem Berg. Es geht ihm gut"
BAD = "I'm sorry, but it is not for me to say that of the lake and this was it."
SYSTEM = {"role": "system", "content": "You are the one that is asked for all of this."}
EARLIER = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}]
TALKS = [[ASKED], [SYSTEM, ASKED], [*EARLIER, ASKED], [SYSTEM, *EARLIER, ASKED]]


def said_by(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": ASKED["content"], "chosen": GOOD, "rejected": BAD},
        {"instruction": ASKED["content"], "output": [GOOD, BAD]},
        {"prompt": ASKED["content"], "chosen": said_by(GOOD), "rejected": said_by(BAD)},
        *(
            {
                "chosen": f"{ASKED['content']}{between}{GOOD}",
                "rejected": f"{ASKED['content']}{between}{BAD}",
            }
            for between in " \n"
        ),
        *(
            {"prompt": talk, "chosen": said_by(GOOD), "rejected": said_by(BAD)}
            for talk in TALKS
        ),
        *(
            {"chosen": talk + said_by(GOOD), "rejected": talk + said_by(BAD)}
            for talk in TALKS
        ),
    ],
)
def test_a_pair_teaches_the_same_in_every_form_of_row(row: dict[str, Any]) -> None:
    made = shortcut_row(parse_example(row))
    assert made is not None
    said = dict(zip(FEATURES, made.values[-len(FEATURES) :], strict=True))
    assert {name: sign for name, sign in said.items() if sign} == {
        "length": -1,
        "early end": 1,
        "refusal": -1,
        "language": -1,
        "sentences": 1,
    }
    assert made.values[5:7] == ("das ist der", "i'm sorry but")


def test_labels_by_coin_take_a_shortcut_away() -> None:
    random, rows = Random(5), make_set(11, 75, PLANTS["length"])
    for row in rows:
        if random.random() < 0.5:
            row["chosen"], row["rejected"] = row["rejected"], row["chosen"]
    assert counted(rows).found == ()


def test_many_pairs_of_one_prompt_count_once() -> None:
    rows = make_set(11, 40, PLANTS["first line"])
    many = [{**row, "prompt": f"prompt {n % 12}"} for n, row in enumerate(rows)]
    assert (
        counted(many).summary()
        == "shortcuts: too few to tell, 12 prompts where 30 are needed"
    )


@pytest.mark.parametrize(
    ("text", "unfinished"),
    [
        ("It is a lake. The water of it is", True),
        ("Rain falls.\n```python\nprint(1)", True),
        ("It is a lake. The water of it is cold.", False),
        ("Three things:\n- one of them\n- and the other one of them", False),
        ("42", False),
        ("He said: “it is a cold lake.”", False),
        ("今日は雨です。", False),
        ("# A heading of several words", False),
    ],
)
def test_an_answer_that_stops_in_the_middle_is_told(
    text: str, unfinished: bool
) -> None:
    assert is_unfinished(text) is unfinished


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The lake is cold and it is not far from the town of my aunt.", "en"),
        ("Der See ist kalt und er ist nicht weit von der Stadt.", "de"),
        ("Le lac est dans la ville et les eaux sont pour des gens.", "fr"),
        ("Озеро холодное и недалеко от города.", "cyrillic"),
        ("Lake", ""),
        ("湖はとても冷たいです。町からそれほど遠くありません。", "kana"),
    ],
)
def test_a_language_is_told_only_where_it_is_sure(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_refusal_is_told_by_how_it_begins() -> None:
    assert is_refusal("I’m sorry, but I can’t help with that. There are other ways.")
    assert not is_refusal("Lakes are cold. " * 20 + "I can't help with that.")


def test_terminal_card_page_and_lint_say_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = make_set(11, 40, PLANTS["first line"])
    made = [
        judged(n, row["chosen"], row["rejected"], row["prompt"])
        for n, row in enumerate(rows, 1)
    ]
    account, _ = export_rows(tmp_path, made)
    assert account.shortcuts is not None
    (found,) = account.shortcuts.found
    sentence = found.sentence()
    assert "an opening, 'sure here is', tells the chosen answer in" in sentence
    run = run_of(tmp_path / "run", [])
    card = (run / "exports" / "README.md").read_text().replace("\\", "")
    assert sentence in card
    assert "| dpo | 8.00 [8.00, 8.00] | 6.50 [6.50, 6.50] | 1.50 [1.50, 1.50] |" in card
    shown = page(figures(run)).replace("&#39;", "'")
    assert sentence in shown
    assert "mean scores: chosen 8 [8.00, 8.00], rejected 6.5" in shown
    show([account], console())
    assert sentence in " ".join(capsys.readouterr().out.split())
    code, out, _ = said(capsys, "lint", account.files[0], "--near", "0", "--json")
    assert code == 1
    (report,) = json.loads(out)
    assert [one["name"] for one in report["shortcuts"]["found"]] == ["opening"]
    assert report["shortcuts"] == account.shortcuts.model_dump(mode="json")
