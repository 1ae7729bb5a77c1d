"""What somebody meets who has never used this before: each message says the way out."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from fellowship.cli.exit_codes import Exit
from fellowship.cli.log_throttle import Patience
from fellowship.cli.step_progress import left
from fellowship.cli.terminal import fitted
from fellowship.errors import ModelError
from fellowship.models.limits.gate import EndpointLimits, Gate
from fellowship.models.limits.wait_note import WaitNote
from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.imports.verdict_tables import import_labels
from fellowship.pipelines.labels.label_rows import Columns
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import Ranking
from fellowship.run_folder import RunFolder
from tests.support.commands import said
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe
from tests.support.runs import row, written


def test_a_missing_key_is_found_before_anything_is_written(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    model = openai_model("http://127.0.0.1:9/v1", api_key_env="NO_SUCH_KEY")
    file = recipe(tmp_path / "r.yaml", model)
    code, _, err = said(capsys, "run", file, "--into", tmp_path / "run")
    assert code == Exit.USAGE
    assert "export NO_SUCH_KEY=" in err
    assert not (tmp_path / "run").exists()


def test_a_key_that_no_team_needs_is_not_asked_for(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    model = openai_model("http://127.0.0.1:9/v1")
    file = recipe(tmp_path / "r.yaml", model)
    known = yaml.safe_load(file.read_text())
    known["models"]["spare"] = model | {"api_key_env": "NO_SUCH_KEY"}
    file.write_text(yaml.safe_dump(known))
    code, _, err = said(
        capsys, "run", file, "--into", tmp_path / "run", "--max-calls", 0
    )
    assert code == Exit.STOPPED, err


VERBS = (
    "show",
    "status",
    "labels",
    "winrate",
    "export --as dpo",
    "replay 1",
    "report --to x.html",
    "inspect --to x.eval",
    "revote --into new --rule mean",
    "rejudge --into new --judge m",
    "agree --labels l.jsonl",
    "view --no-open",
)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_refuses_a_folder_that_is_no_run_as_wrong_input(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("l.jsonl").write_text('{"id": "a", "label": "first"}\n')
    name, *rest = verb.split()
    code, _, err = said(capsys, name, "nope", *rest)
    assert (code, "nope is not the folder of a run" in err) == (Exit.USAGE, True), err


def test_a_row_that_is_not_there_is_answered_with_those_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(number) for number in range(1, 9)])
    code, _, err = said(capsys, "show", run, 99)
    assert code == Exit.USAGE
    assert "this run has 8 finished rows, numbered 1 to 8" in err


def test_nothing_is_best_in_a_level_tie(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Ranking(scores=(2.0, 5.0, 5.0), winner=1).best is None
    assert Ranking(scores=(2.0, 5.0, 4.0), winner=1).best == 1
    run = written(tmp_path / "run", [row(1, "tie"), row(2, "first")])
    assert "best" not in said(capsys, "show", run, 1)[1]
    assert "best" in said(capsys, "show", run, 2)[1]


def down(look: int, left: int) -> WaitNote:
    """What the gate of a server that is down says."""
    paused = f"paused, next look in {look} s, given up in {left} s"
    return WaitNote(paused, "no server at x; is it up?", down=True)


def test_a_dead_server_is_told_once_in_full_then_in_brief_ever_more_rarely() -> None:
    patience = Patience("fellowship run r.yaml --into run")
    told = [
        (now, notes)
        for now in range(600)
        if (notes := patience.notes(now, "still", [down(9, 600 - now)]))
    ]
    assert [now for now, _ in told] == [0, 10, 30, 70, 150, 270, 390, 510]
    assert "is it up?" in told[0][1][0]
    assert "resume later with: fellowship run r.yaml --into run" in told[0][1][1]
    assert all(len("".join(notes)) < 60 for _, notes in told[1:])


def test_a_run_that_moves_says_so_every_ten_seconds() -> None:
    patience = Patience()
    due = [now for now in range(1, 61) if patience.notes(now, now, []) is not None]
    assert due == [10, 20, 30, 40, 50, 60]


async def test_an_endpoint_that_is_down_says_when_it_will_be_given_up() -> None:
    gate = Gate(EndpointLimits("openai x", patience=600.0))
    passage = await gate.enter("m", "m", 10, 10)
    gate.record_failure(passage, ModelError("no server", "down"))
    assert "given up in 10 min" in str(gate.status_note())


def files(run: Path) -> list[str]:
    """The datasets in a run's exports folder."""
    return sorted(path.name for path in (run / "exports").glob("*.jsonl"))


def test_an_export_removes_what_the_last_one_of_its_kind_left_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(number) for number in range(1, 9)])
    said(capsys, "export", run, "--as", "dpo")
    (run / "exports" / "dpo-mine.jsonl").write_text("{}\n")
    said(capsys, "export", run, "--as", "dpo", "--split", "train=0.5,test=0.5")
    assert files(run) == ["dpo-mine.jsonl", "dpo-test.jsonl", "dpo-train.jsonl"]
    said(capsys, "export", run, "--as", "dpo")
    assert files(run) == ["dpo-mine.jsonl", "dpo.jsonl"]


def test_accounts_that_name_other_files_remove_none_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(number) for number in range(1, 9)])
    said(capsys, "export", run, "--as", "dpo")
    accounts = run / "exports" / "accounts.json"
    known = json.loads(accounts.read_text())
    known["dpo"]["files"] = ["../run.json", str(tmp_path / "dpo.jsonl"), "kto.jsonl"]
    accounts.write_text(json.dumps(known))
    kept = [tmp_path / "dpo.jsonl", run / "exports" / "kto.jsonl", run / "run.json"]
    for path in kept[:2]:
        path.write_text("mine\n")
    said(capsys, "export", run, "--as", "dpo")
    assert all(path.exists() for path in kept)


def test_a_split_without_rows_gets_no_file_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(number) for number in (1, 2)])
    split = "train=0.98,test=0.02"
    code, out, _ = said(capsys, "export", run, "--as", "dpo", "--split", split)
    assert (code, files(run)) == (Exit.DONE, ["dpo-train.jsonl"])
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


LABELS = '{{"id": "a", "label": {}}}\n{{"id": "b", "label": {}}}\n'


@pytest.mark.parametrize("verb", ["labels", "verdicts --winner label --id id"])
def test_labels_of_nothing_but_0_and_1_are_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    file, into = tmp_path / "l.jsonl", tmp_path / "run"
    file.write_text(LABELS.format(0, 1))
    kind, *rest = verb.split()
    code, _, err = said(capsys, "import", kind, file, "--into", into, *rest)
    assert (code, "--value 0=first --value 1=second" in err) == (Exit.USAGE, True)
    assert not into.exists()
    meant = ("--value", "0=first", "--value", "1=second")
    code, _, err = said(capsys, "import", kind, file, "--into", into, *rest, *meant)
    assert code == Exit.DONE, err


@pytest.mark.parametrize("both", [("1", "2"), ("0", "2"), ('"1"', '"1"')])
def test_labels_that_can_mean_one_thing_only_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], both: tuple[str, str]
) -> None:
    file = tmp_path / "l.jsonl"
    file.write_text(LABELS.format(*both))
    code, _, err = said(capsys, "import", "labels", file, "--into", tmp_path / "run")
    assert code == Exit.DONE, err


EVIL = 'x`<img src=y>` [a](http://b)\n---\n# h | "q": \'.jsonl'


def test_a_card_shows_a_hostile_name_as_the_text_it_is(tmp_path: Path) -> None:
    known = {
        "source": {"path": "/a/" + EVIL.replace("/", "")},
        "models": {EVIL: {"model": EVIL}},
    }
    known |= {"export": {"licence": EVIL}, "evaluate": {"instruction": f"```\n{EVIL}"}}
    run = written(tmp_path / "run", [row(1)], recipe=known, identity=known)
    export_run(run, Export(kinds=("dpo",), licence=EVIL))
    card = (run / "exports" / "README.md").read_text()
    _, front, body = card.split("---\n", 2)
    assert yaml.safe_load(front)["pretty_name"].startswith(
        "Preference data from x`<img"
    )
    page = MarkdownIt("commonmark").enable("table").render(body)
    assert not re.search("<img|<a |<h1>h", page)
    assert page.count("<h1>") == 1


def test_what_a_killed_export_left_beside_its_target_goes_with_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / "run", [row(1)])
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1
    )
    dead = int(gone.stdout)
    left = tmp_path / f".pairs.jsonl.{dead}.abc.part"
    mine, other = (tmp_path / f".{n}.{dead}.abc.part" for n in ("mine.jsonl", "pairs"))
    shaped = run / "exports" / "parquet" / f".dpo.parquet.{dead}.abc.part"
    shaped.parent.mkdir(parents=True)
    for path in (left, mine, other, shaped):
        path.touch()
        os.utime(path, (0, 0))
    said(capsys, "export", run, "--as", "dpo", "--to", tmp_path / "pairs.jsonl")
    assert (left.exists(), mine.exists(), other.exists()) == (False, True, True)
    RunFolder(run).close()
    assert not shaped.exists()


def test_a_column_that_is_not_there_is_told_with_those_that_are_and_the_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = recipe(tmp_path / "r.yaml", openai_model("http://127.0.0.1:9/v1"))
    (tmp_path / "a.csv").write_text("Prompt,id\nhello,1\n")
    code, _, err = said(capsys, "plan", file, "--source", tmp_path / "a.csv")
    assert code == Exit.USAGE
    assert "no column 'prompt'; did you mean 'Prompt'?; it has 'Prompt', 'id'" in err
    assert "set source.prompt in the recipe" in err
    (tmp_path / "a.jsonl").write_text('{"question": "hello", "id": "1"}\n')
    _, out, _ = said(capsys, "plan", file, "--source", tmp_path / "a.jsonl")
    assert (
        "row 1: no column 'prompt'; it has 'question', 'id': set source.prompt" in out
    )


def test_ids_that_come_twice_are_told_by_row_number_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server() as server:
        file = recipe(tmp_path / "r.yaml", openai_model(server.base_url))
        lines = [f'{{"prompt": "Say {n}.", "id": "{n % 2}"}}\n' for n in range(4)]
        (tmp_path / "prompts.jsonl").write_text("".join(lines))
        _, planned, _ = said(capsys, "plan", file)
        _, ran, _ = said(capsys, "run", file, "--into", tmp_path / "run")
    assert "rows 3, 4 have ids that an earlier row has ('0')" in planned
    assert "rows 3, 4 have ids that an earlier row has ('0')" in ran


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_a_compressed_source_is_never_unpacked_but_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    file = recipe(tmp_path / "r.yaml", openai_model("http://127.0.0.1:9/v1"))
    bomb = tmp_path / f"bomb{suffix}"
    bomb.write_bytes(gzip.compress(b"0" * 10_000_000))
    for verb in (["plan", file, "--source", bomb], ["lint", bomb]):
        code, _, err = said(capsys, *verb)
        assert (code, "is compressed: unpack it first" in err) == (Exit.USAGE, True), (
            err
        )
    named = bomb.rename(tmp_path / "bomb.jsonl.gz")
    assert "unpack it first" in said(capsys, "plan", file, "--source", named)[2]


@pytest.mark.parametrize(
    ("shape", "name", "cure"),
    [
        ("trl", "x.csv", "call the file 'x.jsonl'"),
        ("trl", "x.parquet", "or give --shape parquet"),
        ("openai", "x.json", "call the file 'x.jsonl'"),
        ("parquet", "x.jsonl", "call it 'x.parquet'"),
        ("datasets", "x.jsonl", "give 'x'"),
    ],
)
def test_a_file_whose_name_says_another_format_is_refused_with_the_right_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shape: str, name: str, cure: str
) -> None:
    run = written(tmp_path / "run", [row(1)])
    where = ("--shape", shape, "--to", tmp_path / name)
    kind = "sft" if shape == "openai" else "dpo"
    code, _, err = said(capsys, "export", run, "--as", kind, *where)
    assert (code, cure in err) == (Exit.USAGE, True), err
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("tail", ["| head -c 9; exit ${PIPESTATUS[0]}", ">&- 2>&-"])
def test_a_reader_that_leaves_or_never_was_is_no_failure(
    tmp_path: Path, tail: str
) -> None:
    run = written(tmp_path / "run", [row(number) for number in range(1, 9)])
    command = f"{sys.executable} -m fellowship.cli.main show {run} {tail}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (Exit.DONE, "")


def test_a_narrow_terminal_loses_no_column() -> None:
    rows = [["row", "state", "prompt"], ["1", "order-inconsistent", "word " * 20]]
    for width in (24, 40, 80):
        made = fitted(rows, width)
        assert all(cell for line in made for cell in line)
        assert all(sum(map(len, line)) + 9 <= width for line in made)
    assert fitted(rows, 20) == []  # nothing can be cut so far: lines are wrapped


def test_a_path_that_no_disk_can_have_is_one_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for verb in (["show"], ["lint"], ["plan"], ["export", "--as", "dpo"]):
        code, _, err = said(capsys, *verb, "a" * 300)
        assert (code, err.count("\n")) == (Exit.USAGE, 1), err


def test_an_import_says_how_much_of_the_whole_it_has(tmp_path: Path) -> None:
    file = tmp_path / "l.jsonl"
    file.write_text(LABELS.format(1, 2))
    told: list[tuple[str, int, float]] = []
    import_labels(file, tmp_path / "run", Columns(), lambda *step: told.append(step))
    assert told == [("rows brought in", 1, 0.5), ("rows brought in", 2, 1.0)]
    assert left(10.0, 0.25) == ", 25%, about 30 s left"
