"""Verbs and their help, as a person and as a script meet them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fellowship.cli.exit_codes import Exit
from fellowship.cli.main import VERBS
from fellowship.cli.run_summary import exit_of
from fellowship.pipelines.running.run_report import RunReport
from tests.support.commands import said
from tests.support.loopback.fixtures import Handle
from tests.support.paths import ROOT
from tests.support.recipes import openai_model, recipe

NOT_FOR_HELP = {
    *("openai", "autogen_core", "autogen_agentchat", "pydantic", "aiohttp", "httpx"),
    *("asyncio", "sqlite3", "rich", "yaml", "structlog", "numpy", "starlette"),
}
"""What no help page may import: a start of it takes a tenth of a second or more."""


def test_no_help_loads_a_model_library() -> None:
    code = (
        "import sys; from fellowship.cli.main import VERBS, run_command\n"
        "for words in [[], *([verb] for verb in VERBS), ['import', 'labels']]:\n"
        "    run_command([*words, '--help'])\n"
        f"sys.exit(repr(found) if (found := {NOT_FOR_HELP} & set(sys.modules)) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", ["run", "import labels"])
def test_a_help_page_is_what_its_verb_itself_would_print(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = said(capsys, *words.split(), "-h")
    itself = said(capsys, *words.split(), "--help", "--help")
    assert kept == itself


def test_a_run_loads_neither_a_providers_sdk_nor_a_library_of_tables(
    server: Handle, tmp_path: Path
) -> None:
    path = recipe(tmp_path / "recipe.yaml", openai_model(server.base_url), 1)
    code = (
        "import sys; from fellowship.cli.main import run_command\n"
        "code = run_command(['run', *sys.argv[1:]])\n"
        "found = {'openai', 'ollama', 'xllamacpp', 'pandas', 'datasets', 'sklearn',"
        " 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(repr(found) if found else code)"
    )
    words = [sys.executable, "-c", code, str(path), "--into", str(tmp_path / "run")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


FILES = {"team", "completion"}
"""Verbs whose result is a file for another program: there is nothing else to say."""


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_examples_and_exit_codes(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, verb, "--help")
    assert code == Exit.DONE
    assert f"  fellowship {verb} " in out
    assert ("--json" in out) == (verb not in FILES)
    assert "Exit codes" in out


def test_doctor_names_the_cure_of_every_fault(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    recipe = ROOT / "recipes/paper-best.yaml"
    code, out, _ = said(capsys, "doctor", recipe, "--json")
    faults = [finding for finding in json.loads(out) if not finding["good"]]
    assert code == Exit.FAILED
    assert [f["cure"] for f in faults][:2] == ["ollama serve"] * 2
    assert "OPENAI_API_KEY" in faults[2]["cure"]


def report(**changes: Any) -> RunReport:
    """The report of a run of one pair, changed."""
    plain: dict[str, Any] = dict.fromkeys(RunReport.__dataclass_fields__, 0)
    plain |= {"into": Path("run"), "prompts": 1, "states": {"pair": 1}}
    return RunReport(
        **(plain | {"exports": {}, "stopped": "", "accounts": ()} | changes)
    )


def test_exit_codes_say_how_a_run_ended() -> None:
    assert exit_of(report()) == Exit.DONE
    assert exit_of(report(states={"failed": 1})) == Exit.FAILED
    assert exit_of(report(states={}, pending=1, stopped="interrupted")) == Exit.STOPPED
    assert exit_of(report(prompts=2)) == Exit.UNBALANCED
