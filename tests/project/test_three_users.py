"""What a researcher types, from answers with labels to frames, as README shows it.

The nightly script's owner is in `test_nightly_script.py`, the AutoGen developer in
`test_autogen_developer.py`.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

import fellowship
from fellowship.cli.exit_codes import Exit
from tests.support.commands import said
from tests.support.loopback.fixtures import Handle
from tests.support.paths import ROOT
from tests.support.recipes import openai_model


def test_a_researcher_judges_labelled_answers_and_reads_what_came_of_it(
    tmp_path: Path,
    server: Handle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").mkdir()
    for name in ("labelled.yaml", "labelled.jsonl"):
        (tmp_path / "examples" / name).write_bytes(
            (ROOT / "examples" / name).read_bytes()
        )
    given = yaml.safe_load((ROOT / "examples/labelled.yaml").read_text())
    given["models"]["judge"] = openai_model(server.base_url)
    (tmp_path / "examples/labelled.yaml").write_text(yaml.safe_dump(given))
    readme = (ROOT / "README.md").read_text()
    shown = re.findall(r"^    fellowship (.*runs/labelled.*)$", readme, re.M)
    assert [line.split()[0] for line in shown] == ["run", "agree", "report"]
    told = ""
    for line in shown:
        words = shlex.split(line, comments=True)
        words += ["--resamples", "50"] * (words[0] != "run")
        code, out, err = said(capsys, *words)
        assert code == Exit.DONE, err
        told += out
    assert "60 labels on 60 prompts" in told
    assert Path("labelled.html").stat().st_size
    frames = fellowship.frames("runs/labelled")
    assert (len(frames.rows), len(frames.verdicts)) == (60, 120)
