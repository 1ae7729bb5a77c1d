"""Splits of an export: shares, prompts kept together, and what is refused."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import Outcome
from tests.support.commands import said
from tests.support.outcomes import asked, judged, row
from tests.support.recipes import openai_model, recipe
from tests.support.runs import export_rows, exported_names, rows_in, run_of, written
from tests.support.sentences import sentence


def test_a_split_without_rows_gets_no_file_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(number) for number in (1, 2)])
    split = "train=0.98,test=0.02"
    code, out, _ = said(capsys, "export", run, "--as", "dpo", "--split", split)
    assert (code, exported_names(run)) == (Exit.DONE, ["dpo-train.jsonl"])
    assert "the split 'test' got no row" in out
    assert "dpo-test" not in (run / "exports" / "README.md").read_text()


def test_shares_that_are_no_parts_of_a_whole_are_refused_with_some_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(
        capsys, "export", tmp_path, "--as", "dpo", "--split", "train=3,test=1"
    )
    assert (code, "train=0.75,test=0.25 would" in err) == (Exit.USAGE, True)
    file = recipe(
        tmp_path / "r.yaml",
        openai_model("http://127.0.0.1:9/v1"),
        export={"splits": {"train": 0.9, "test": 0.2}},
    )
    code, _, err = said(capsys, "plan", file)
    assert (code, "add up to 1.1" in err) == (Exit.USAGE, True)


SPLITS = {"train": 0.8, "test": 0.2}


def by_split(account: Account) -> dict[str, list[dict[str, Any]]]:
    return {
        name: rows_in(account.model_copy(update={"files": (file,)}))
        for name, file in zip(account.splits, account.files, strict=True)
    }


def test_splits_share_no_prompt_and_near_prompts_stay_together(tmp_path: Path) -> None:
    dice = random.Random(1)
    prompts = [sentence(dice, 60) for _ in range(60)]
    rows = [
        judged(
            3 * n + k, f"a {n} {k}", f"b {n} {k}", text + "!?." * (k > 1) + " now" * k
        )
        for n, text in enumerate(prompts)
        for k in (1, 2, 3)
    ]
    account, _ = export_rows(tmp_path, rows, splits=SPLITS)
    sides = {
        name: {(r["row"] - 1) // 3 for r in made}
        for name, made in by_split(account).items()
    }
    assert not sides["train"] & sides["test"]
    assert account.splits["test"] == pytest.approx(36, abs=3)
    assert sum(account.splits.values()) == 180


def test_splits_depend_on_the_seed_and_not_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = [
        judged(n, "a", "b", f"{sentence(random.Random(n))} {n}") for n in range(1, 41)
    ]

    def sides(name: str, made: list[Outcome], seed: int) -> dict[str, set[int]]:
        run = run_of(tmp_path / name, made, seed=seed)
        export = Export.model_validate({"kinds": ["dpo"], "splits": SPLITS})
        (account,) = export_run(run, export)
        return {n: {r["row"] for r in rs} for n, rs in by_split(account).items()}

    assert sides("a", rows, 7) == sides("b", rows[::-1], 7)
    assert sides("a", rows, 7) != sides("c", rows, 8)


def test_a_prompt_of_no_words_is_split_too(tmp_path: Path) -> None:
    rows = [judged(n, "a", "b", asked("?" * n)) for n in range(1, 11)]
    account, _ = export_rows(tmp_path, rows, splits=SPLITS)
    assert account.splits == {"train": 8, "test": 2}
