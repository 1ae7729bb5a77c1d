"""Run folders of the version before the rooms: opened, replayed and exported by this one.

`tests/fixtures/runs-e49447c` holds three runs that commit e49447c made, and what it
exported from them; `versions.json` there names the packages, `make_runs.py.txt` is the
script.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from fellowship.cli.exit_codes import Exit
from fellowship.pipelines.replay.replay import replay
from fellowship.run_folder import HEADER
from fellowship.run_outcomes import outcomes
from tests.support.commands import said
from tests.support.paths import ROOT

OLD = ROOT / "tests/fixtures/runs-e49447c"
RUNS = sorted(path.name for path in OLD.iterdir() if path.is_dir())


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of the old folders; their headers name sources where they once were."""
    return Path(shutil.copytree(OLD, tmp_path / "old"))


@pytest.mark.parametrize("name", RUNS)
def test_an_old_run_exports_the_same_bytes(
    name: str, old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = sorted((OLD / name / "expected").glob("*/*"))
    for before in (path for path in expected if path.suffix in (".jsonl", ".parquet")):
        kind, shape = before.name.split(".")[0], before.parent.name
        made = tmp_path / shape / before.name
        if not made.exists():  # a file of facts comes with the rows it belongs to
            to = made.with_name(f"{kind}{before.suffix}")
            what = ("--as", kind, "--shape", shape, "--to", to)
            assert said(capsys, "export", old / name / "run", *what)[0] == 0
        if before.suffix == ".parquet":
            assert pq.read_table(made).equals(pq.read_table(before))
        else:
            assert made.read_bytes() == before.read_bytes(), before


@pytest.mark.parametrize("name", RUNS)
def test_every_row_of_an_old_run_replays_from_its_record(name: str, old: Path) -> None:
    run = old / name / "run"
    rows = [outcome.number for outcome in outcomes(run)]
    assert rows
    for row in rows:
        replayed = replay(run, str(row))
        assert replayed.identical, replayed.differences
        assert replayed.calls


@pytest.mark.parametrize("name", RUNS)
def test_an_old_run_is_found_finished_and_asks_nobody(
    name: str, old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = old / name / "run"
    before = (run / "exports" / "dpo.jsonl").read_bytes()
    code, out, err = said(
        capsys, "run", old / name / "recipe.yaml", "--into", run, "--json"
    )
    assert code == 0, err
    assert json.loads(out)["pending"] == 0
    assert (run / "exports" / "dpo.jsonl").read_bytes() == before


@pytest.mark.parametrize("name", ["loop-and-jury", "dawid-skene"])
def test_an_old_run_whose_weights_never_counted_goes_on(
    name: str, old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new run is refused them; there they changed nothing, and change nothing now."""
    run, recipe = old / name / "run", old / name / "recipe.yaml"
    header = json.loads((run / HEADER).read_text())
    for part in (header["recipe"], header["identity"]):
        part["evaluate"]["jurors"][0]["weight"] = 2.0
    (run / HEADER).write_text(json.dumps(header))
    given = yaml.safe_load(recipe.read_text())
    given["evaluate"]["jurors"][0]["weight"] = 2
    recipe.write_text(yaml.safe_dump(given))
    code, out, err = said(capsys, "run", recipe, "--into", run, "--json")
    assert code == 0, err
    assert json.loads(out)["pending"] == 0
    assert all(replay(run, str(row.number)).identical for row in outcomes(run))
    code, _, err = said(capsys, "run", recipe, "--into", old / "new")
    assert (code, "takes no weights" in err) == (Exit.USAGE, True), err


@pytest.mark.parametrize("name", ["dawid-skene", "debate"])
def test_an_old_run_s_judges_are_held_against_its_labels(
    name: str, old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, "agree", old / name / "run", "--json")
    assert code == 0, err
    assert json.loads(out)


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("verb", ["show", "status", "report", "inspect"])
def test_every_reading_verb_opens_an_old_run(
    verb: str,
    name: str,
    old: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = {"report": "r.html", "inspect": "r.eval"}.get(verb)
    more = ("--to", tmp_path / file) if file else ()
    code, _, err = said(capsys, verb, old / name / "run", *more)
    assert code == 0, err
