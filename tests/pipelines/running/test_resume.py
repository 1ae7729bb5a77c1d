"""A run that is over is left alone, and whatever is missing of it is made again."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from fellowship.cli.exit_codes import Exit
from fellowship.cli.main import run_command
from fellowship.ledger import LedgerReader, read_outcome
from fellowship.pipelines.labels.run_labels import HumanLabel, add_labels
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.running.rows_done import items_done
from fellowship.pipelines.running.run_report import RunReport
from fellowship.pipelines.running.runner import run
from fellowship.records import State
from tests.support.loopback.fixtures import openai_server
from tests.support.outcomes import row
from tests.support.recipes import openai_model
from tests.support.runs import written

ROWS = 60


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe, its rows, and a run whose server is gone."""
    folder = tmp_path_factory.mktemp("finished")
    said = ({"prompt": f"Name {n}.", "a": f"It is {n}.", "b": "?"} for n in range(ROWS))
    rows = [json.dumps(row) for row in said]
    rows[7] = "no row"
    (folder / "rows.jsonl").write_text("\n".join(rows) + "\n")
    with openai_server() as server:
        recipe = {
            "models": {"judge": openai_model(server.base_url, concurrency=32)},
            "source": {"path": "rows.jsonl", "candidates": ["a", "b"]},
            "evaluate": {"team": "judge", "model": "judge", "order": "first"},
            "concurrency": 32,
        }
        (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
        assert not again(folder).untouched
    return folder


@pytest.fixture
def here(finished: Path, tmp_path: Path) -> Path:
    """The folder, its run a copy of its own."""
    shutil.copytree(finished / "run", tmp_path / "run")
    for name in ("recipe.yaml", "rows.jsonl"):
        shutil.copy2(finished / name, tmp_path)
    header = tmp_path / "run" / "run.json"
    header.write_text(header.read_text().replace(str(finished), str(tmp_path)))
    again(tmp_path)  # the header is another, so this one seals it anew
    return tmp_path


def again(folder: Path, overrides: dict[str, Any] | None = None) -> RunReport:
    return run(load_recipe(folder / "recipe.yaml", overrides), folder / "run")


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of a run but the lock: when it was written, and what is in it."""
    found = [p for p in (folder / "run").rglob("*") if p.is_file() and p.name != "lock"]
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in found}


def test_running_a_finished_run_writes_nothing_and_says_so(here: Path) -> None:
    before = files(here)
    report = again(here)
    assert report.untouched
    assert report.balanced
    assert report.states["rejected-input"] == 1
    assert report.prompts == ROWS == sum(report.states.values())
    assert files(here) == before


def test_datasets_taken_in_as_rows_end_are_those_that_the_ledger_gives(
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exports() -> dict[str, bytes]:
        found = (tmp_path / "run" / "exports").iterdir()
        return {path.name: path.read_bytes() for path in found}

    shutil.copy2(finished / "recipe.yaml", tmp_path)
    said = (
        {"prompt": f"Name {n}.", "a": f"It is {n}.", "b": f"{n}?"} for n in range(40)
    )
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, said)))
    with openai_server() as server:
        models = {"judge": openai_model(server.base_url, concurrency=32)}
        more = {"models": models, "export": {"splits": {"train": 0.7, "test": 0.3}}}
        recipe = load_recipe(tmp_path / "recipe.yaml", more)
        with monkeypatch.context() as patched:
            patched.delattr("fellowship.pipelines.running.finalize_run.read_rows")
            run(recipe, tmp_path / "run", limit=20)
            run(recipe, tmp_path / "run")
    made = exports()
    assert made["dpo-train.jsonl"].count(b"\n") > 15
    (tmp_path / "run" / "sealed.json").unlink()
    assert not run(recipe, tmp_path / "run").untouched
    assert exports() == made
    shutil.rmtree(tmp_path / "run" / "exports")
    asked = ("export", str(tmp_path / "run"), "--as", "dpo", "--as", "kto")
    assert run_command([*asked]) == Exit.DONE
    assert exports() == made


def test_its_report_is_that_of_the_run_which_wrote_it(here: Path) -> None:
    (here / "run" / "sealed.json").unlink()
    made, known = again(here), again(here)
    assert (made.untouched, known.untouched) == (False, True)
    for name in ("prompts", "states", "calls", "exports", "accounts", "evaluator"):
        assert getattr(made, name) == getattr(known, name)


@pytest.mark.parametrize("name", ["dpo.jsonl", "kto.jsonl", "README.md"])
@pytest.mark.parametrize("how", ["cut", "edited", "deleted"])
def test_an_export_that_is_not_as_it_was_is_written_anew(
    here: Path, name: str, how: str
) -> None:
    path = here / "run" / "exports" / name
    whole = path.read_bytes()
    if how == "deleted":
        path.unlink()
    else:
        path.write_bytes(whole[:-9] if how == "cut" else whole[:-9] + b"x" + whole[-8:])
    assert not again(here).untouched
    assert path.read_bytes() == whole
    assert again(here).untouched


def test_an_edit_that_keeps_size_and_time_is_seen(here: Path) -> None:
    path = here / "run" / "exports" / "dpo.jsonl"
    whole, was = path.read_bytes(), path.stat()
    path.write_bytes(whole.replace(b"It is ", b"It was", 1))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert not again(here).untouched
    assert path.read_bytes() == whole


def test_a_copy_of_a_run_is_still_sealed(here: Path) -> None:
    shutil.copytree(here / "run", here / "copy")
    shutil.rmtree(here / "run")
    shutil.move(here / "copy", here / "run")
    assert again(here).untouched


def test_labels_added_later_are_in_the_next_export(here: Path) -> None:
    with LedgerReader(here / "run" / "ledger.db") as reader:
        row = read_outcome(next(reader.outcomes()))
    label = HumanLabel(number=1, item=row.item, annotator="ann", winner="first")
    add_labels(here / "run", [label])
    assert not again(here).untouched
    assert again(here).untouched


def test_other_export_settings_write_anew(here: Path) -> None:
    kinds = {"export": {"kinds": ["sft"]}}
    assert list(again(here, kinds).exports) == [str(here / "run/exports/sft.jsonl")]
    assert again(here, kinds).untouched


def test_a_row_added_to_the_source_is_worked_on(here: Path) -> None:
    with (here / "rows.jsonl").open("a") as out:
        out.write('{"prompt": "", "a": "1", "b": "2"}\n')
    report = again(here)
    assert report.states["rejected-input"] == 2
    assert not report.untouched


def test_a_source_touched_and_not_changed_leaves_all_as_it_is(here: Path) -> None:
    os.utime(here / "rows.jsonl")
    assert again(here).untouched


def test_a_row_finished_and_then_changed_is_still_refused(here: Path) -> None:
    path = here / "rows.jsonl"
    path.write_text(path.read_text().replace("Name 3.", "Name 4."))
    with pytest.raises(Exception, match="row 4 of the source is not what it was"):
        again(here)


def test_a_run_that_is_over_is_opened_without_its_rows_and_an_older_seal_renewed(
    finished: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = here / "run" / "sealed.json"
    counted = json.loads((finished / "run" / "sealed.json").read_text())["rows"]
    kept = json.loads(seal.read_text())
    del kept["rows"]["answer_faults"], kept["rows"]["repeated_ids"]
    seal.write_text(json.dumps(kept))
    made = again(here)
    assert json.loads(seal.read_text())["rows"] == counted  # as its rows had ended
    assert made.answer_faults[0].fault
    for name in ("runner.run_columns", "finalize_run.summarize_rows"):
        path = f"fellowship.pipelines.running.{name}"
        monkeypatch.setattr(path, mock.Mock(side_effect=AssertionError(path)))
    known = again(here)
    assert known.untouched
    assert known.answer_faults == made.answer_faults
    assert known.repeated_ids == made.repeated_ids


def test_a_seal_that_can_t_be_read_vouches_for_nothing(here: Path) -> None:
    seal = here / "run" / "sealed.json"
    for torn in ('{"stamp": [', seal.read_text().replace('"pair"', '"a-new-state"')):
        seal.write_text(torn)
        assert not again(here).untouched


def test_a_row_that_failed_was_no_input_or_was_stopped_may_be_done_elsewhere(
    tmp_path: Path,
) -> None:
    rows = [row(n).model_copy(update={"state": s}) for n, s in enumerate(State, 1)]
    done = items_done([written(tmp_path / "run", rows)], tmp_path / "other")
    left = {r.state for r in rows if r.item not in done}
    assert left == {State.FAILED, State.REJECTED_INPUT, State.STOPPED_BY_BUDGET}
