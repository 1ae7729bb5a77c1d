"""Sources that can't be read as they are: the message names the cure."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from fellowship.cli.exit_codes import Exit
from tests.support.commands import said
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe


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
    assert "no column 'prompt'; it has 'question', 'id': set source.prompt" in out


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
