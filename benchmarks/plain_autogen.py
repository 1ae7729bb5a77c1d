"""Check that plain AutoGen runs what `fellowship team` writes.

    python benchmarks/plain_autogen.py [--keep FOLDER]

Makes a virtual environment that holds AutoGen and nothing of ours, writes every kind of
team as a component, and runs each there against an OpenAI-style server on loopback.
Prints one line a team: turns taken, turns expected.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from fellowship.pipelines.interop.autogen_team import stock_team
from fellowship.pipelines.recipe.loading import load_recipe
from tests.support.loopback.fixtures import openai_server
from tests.support.recipes import openai_model, recipe

PACKAGES = (
    "autogen-agentchat==0.7.5",
    "autogen-core==0.7.5",
    "autogen-ext[openai,ollama]==0.7.5",
)
EVALUATORS = {
    "judge": {"team": "judge", "model": "judge"},
    "jury": {"team": "jury", "jurors": [{"model": "judge"}, {"model": "critic"}]},
    "debate": {"team": "debate", "model": "judge"},
}


def clean_environment(folder: Path) -> Path:
    """The interpreter of an environment with AutoGen alone."""
    python = folder / "bin/python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        command = [python, "-m", "pip", "install", "--quiet", *PACKAGES]
        subprocess.run(command, check=True)
    return python


def turns_taken(python: Path, component: Path) -> int:
    """Turns that a component took there."""
    script = Path(__file__).with_name("run_component.py")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [python, "-W", "ignore", script, component, "Describe a lake."],
        capture_output=True,
        text=True,
        cwd=component.parent,
        env=clean,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return len(json.loads(done.stdout)["messages"]) - 1


def main() -> None:
    """Every kind of team, each in a process of the clean environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="keep the environment in this folder")
    kept = parser.parse_args().keep
    with tempfile.TemporaryDirectory() as made, openai_server() as server:
        folder = Path(made)
        python = clean_environment(kept or folder / "venv")
        for kind, evaluate in EVALUATORS.items():
            model = openai_model(server.base_url)
            loaded = load_recipe(recipe(folder / "r.yaml", model, evaluate=evaluate))
            names = ["loop", "evaluate"] if kind == "judge" else ["evaluate"]
            for name in names:
                path = folder / f"{kind}-{name}.json"
                component = stock_team(loaded, name)
                path.write_text(json.dumps(component))
                expected = component["config"]["max_turns"]
                taken = turns_taken(python, path)
                print(f"{kind:8} {name:9} {taken} turns, {expected} expected")
                if taken != expected:
                    sys.exit("a team ended early")


if __name__ == "__main__":
    main()
