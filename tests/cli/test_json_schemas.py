"""What verbs print with --json is what `fellowship schema --json VERB` says."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import jsonschema
import pytest

from fellowship.cli.json_schemas import OUTPUTS, output_schema
from fellowship.cli.main import VERBS, module_of, run_command
from tests.support.commands import checked, said
from tests.support.runs import MadeRun, make_run

TESTS = Path(__file__).parents[1]
JSON_VERBS = {
    verb
    for verb in VERBS
    if verb != "schema"
    and any("--json" in p.opts for p in import_module(module_of(verb)).command.params)
} | {"import"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    return make_run(tmp_path_factory.mktemp("made"), 3)


def test_every_verb_that_prints_json_has_a_schema() -> None:
    assert {*OUTPUTS} == JSON_VERBS
    for verb in OUTPUTS:
        jsonschema.Draft202012Validator.check_schema(output_schema(verb))


WORDS = (
    *("run R --into I", "run R --preview 2", "plan R", "plan R --pilot 2 --into I"),
    *("status I", "show I", "show I 1", "show I 1 --why", "show I --call KEY"),
    *("export I --as dpo --as kto", "replay I 1", "labels I", "prices"),
    *("doctor", "new team x"),
    *("import labels L --into I", "agree I --resamples 2", "inspect I --to i.eval"),
    "import labels L --into I --preview 1",
    *("revote I --into I2", "report I", "drift I --anchors 1 --max-calls 0"),
    *("attack R --into I3 --max-calls 0", "probe R --into I4 --max-calls 0"),
)


def test_every_verb_is_held_against_its_schema_in_some_test() -> None:
    held = {words.split()[0] for words in WORDS}
    for path in TESTS.rglob("test_*.py"):
        held |= {*re.findall(r'checked\(\s*"([a-z]+)"', path.read_text("utf-8"))}
    assert {*OUTPUTS} <= held


@pytest.mark.parametrize("words", WORDS)
def test_outputs_are_what_their_schemas_say(
    words: str,
    made: MadeRun,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    labels = [{"row": n, "label": "first", "annotator": "a"} for n in (1, 2, 3)]
    (tmp_path / "L.jsonl").write_text("\n".join(map(json.dumps, labels)))
    if words.startswith("agree"):
        run_command(["import", "labels", "L.jsonl", "--into", str(made.folder)])
        capsys.readouterr()
    call = json.loads(said(capsys, "show", made.folder, "1", "--json")[1])
    names = {
        "R": made.folder.parent / "recipe.yaml",
        "I": made.folder,
        "L": "L.jsonl",
        "KEY": call["sessions"][0]["turns"][0]["call"],
    }
    code, out, err = said(capsys, *(names.get(w, w) for w in words.split()), "--json")
    assert code in (0, 1, 3), err
    checked(words.split()[0], out)
