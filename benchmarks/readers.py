"""Check that the trainers' own libraries read our exports.

    python -m benchmarks.readers [--into build/readers] [--python BIN]

Their packages are too large to lock, so each is installed without what it names, beside
CPU PyTorch and what its data code imports. LLaMA-Factory imports torchaudio to read sound;
an empty module stands in for it, because no row of ours holds any. `--python` reads with
an interpreter that has the packages already.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fellowship.pipelines.export.exporter import export_run
from fellowship.pipelines.recipe.export_settings import Export
from tests.support.outcomes import asked, judged, talk
from tests.support.runs import run_of

COMMON = ("transformers", "datasets", "trl")
READERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "axolotl": (("axolotl",), (*COMMON, "colorama", "fire", "addict")),
    "llama-factory": (("llamafactory",), (*COMMON, "peft", "omegaconf", "einops")),
}
"""Reader -> what is installed without its dependencies, and what its data code imports."""

AXOLOTL = """
import importlib, json, sys
from pathlib import Path
kind, path = sys.argv[1:]
rows = [json.loads(line) for line in Path(path).read_text().splitlines()]
if kind == "dpo":
    from axolotl.prompt_strategies.dpo.chat_template import default
    class Told:
        def apply_chat_template(self, messages, **_):
            return "".join(f"<{m['role']}>{m['content']}" for m in messages)
        chat_template = "x"
    made, _ = default({"datasets": [{"chat_template": "tokenizer_default"}],
                       "chat_template": "tokenizer_default"})
    got = [made(row, tokenizer=Told()) for row in rows]
    assert all(g["prompt"] and g["chosen"] != g["rejected"] for g in got)
    turns = [g["prompt"].count("<") for g in got]
elif kind == "kto":
    from axolotl.prompt_strategies.kto.chatml import argilla_chat
    made = argilla_chat({})
    got = [made(row) for row in rows]
    assert all(isinstance(g["label"], bool) and g["completion"] for g in got)
    turns = [g["prompt"].count("<|im_end|>") for g in got]
print(json.dumps({"rows": len(got), "turns": max(turns)}))
"""

LLAMA_FACTORY = """
import importlib.machinery, json, sys, types
from pathlib import Path
silent = types.ModuleType("torchaudio")
silent.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
sys.modules["torchaudio"] = silent
kind, path = sys.argv[1:]
from datasets import load_dataset
from llamafactory.data.converter import SharegptDatasetConverter
from llamafactory.data.parser import get_dataset_list
(attr,) = get_dataset_list([kind], str(Path(path).parent))
data = load_dataset("json", data_files=path, split="train")
convert = SharegptDatasetConverter(attr, types.SimpleNamespace(media_dir=""))
got = [convert(row) for row in data]
assert all(g["_prompt"] and g["_response"] for g in got), "a row was skipped"
assert attr.dataset_name == Path(path).name
if kind != "sft":
    assert all(len(g["_response"]) == 2 for g in got)
turns = [len(g["_prompt"]) + bool(g["_system"]) for g in got]
print(json.dumps({"rows": len(got), "turns": max(turns)}))
"""

SCRIPTS = {"axolotl": AXOLOTL, "llama-factory": LLAMA_FACTORY}
KINDS = {"axolotl": ("dpo", "kto"), "llama-factory": ("dpo", "reward", "kto", "sft")}


def environment(name: str, folder: Path) -> Path:
    """The interpreter of a reader's environment, made if it isn't there."""
    home = folder / name
    python = home / "bin" / "python"
    if not python.exists():
        bare, imported = READERS[name]
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "torch==2.13.0"], check=True)
        subprocess.run([*pip, *imported], check=True)
        subprocess.run([*pip, "--no-deps", *bare], check=True)
    return python


def write_export(folder: Path, shape: str, kind: str) -> tuple[Path, int]:
    """An exported file with single-turn, multi-turn and system prompts, and its rows."""
    long = talk(("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c"))
    rows = [
        judged(n, f"yes {n}", f"no {n}", long if n % 2 else asked("q"))
        for n in range(1, 9)
    ]
    run = run_of(folder / f"{shape}-{kind}", rows)
    export = Export.model_validate({"kinds": [kind], "shape": shape})
    (account,) = export_run(run, export)
    return Path(account.files[0]).resolve(), account.exported


def read_with(python: Path, name: str, kind: str, path: Path) -> dict[str, Any]:
    """What a reader made of a file; its last words where it failed."""
    command = [str(python), "-c", SCRIPTS[name], kind, str(path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        lines = found.stderr.strip().splitlines() or ["no output"]
        return {"failed": lines[-1]}
    told: dict[str, Any] = json.loads(found.stdout.strip().splitlines()[-1])
    return told


def main() -> int:
    """A line for each reader and kind; 1 if any failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=Path("build/readers"))
    parser.add_argument("--python", type=Path, help="read with this interpreter")
    given = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="fellowship-") as folder:
        for name, kinds in KINDS.items():
            python = given.python or environment(name, given.into)
            for kind in kinds:
                path, rows = write_export(Path(folder), name, kind)
                told = read_with(python, name, kind, path)
                well = told.get("rows") == rows and told.get("turns", 0) >= 3
                bad += not well
                verdict = "read" if well else "NOT READ"
                print(
                    f"{name:14} {kind:8} {rows:3} rows  {verdict}  {told}", flush=True
                )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
