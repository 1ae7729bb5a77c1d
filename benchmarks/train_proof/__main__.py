"""The proof by training: `make train-proof`.

    python -m benchmarks.train_proof [--arms main|all|NAME,...] [--seeds 1] [--into FOLDER]
        [--on development|seen|held-out] [--answered] [--json]

Stages: runs that make the pairs, the base model's weights, one training for each arm and
seed, the answers of each, the table and its plot. A stage that is done is not done again,
and one that was killed goes on where it was: the same command.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.train_proof.answering import (
    Answer,
    answers_of,
    batches,
    read_answers,
)
from benchmarks.train_proof.arms import ARMS, MAIN, pairs_of
from benchmarks.train_proof.making import Sizes, make_run
from benchmarks.train_proof.prompts import PARTS, prompts_of
from benchmarks.train_proof.table import facts, plot, table
from benchmarks.train_proof.training import Settings
from benchmarks.train_proof.weights import base_model
from fellowship.run_folder import atomic_writer

BEGUN = time.monotonic()


def say(text: str) -> None:
    """A line with the minutes since the start."""
    print(f"[{(time.monotonic() - BEGUN) / 60:5.1f} min] {text}", flush=True)


def trained(arm: str, seed: int, given: argparse.Namespace) -> Path:
    """The folder of an arm's model, trained if it isn't."""
    into: Path = given.into
    base = base_model(into)
    if ARMS[arm].trainer == "none":
        return base
    folder = into / f"{arm}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    pairs = pairs_of(arm, into, Sizes(prompts=given.prompts))
    if not (folder / "DONE").exists():
        say(f"{arm}, seed {seed}: training ({ARMS[arm].trainer})")
        command = [sys.executable, "-m", "benchmarks.train_proof.training"]
        command += [ARMS[arm].trainer, str(pairs), str(base), str(folder)]
        sets = [part for change in given.set for part in ("--set", change)]
        subprocess.run([*command, "--seed", str(seed), *sets], check=True)
    return folder / "model"


def check_settings(into: Path, changes: list[str], prompts: int) -> None:
    """Note how this folder's arms are made and trained; `SystemExit` where it has others.

    A folder of an older version, or of other settings, has pairs and models of the same
    names that mean something else.
    """
    note = into / "settings.json"
    now = [str(ARMS), str(Settings()), sorted(changes), prompts]
    old = json.loads(note.read_text()) if note.exists() else []
    made = [*into.glob("pairs-*.jsonl"), *into.glob("*-*/DONE")]
    # An older note has no number of prompts: there it was 200, unless somebody changed it.
    if made and old not in (now, now[:3]):
        raise SystemExit(
            f"{into} was made by other arms or settings: give another --into, or delete"
            f" all of it but its run-* folders, whose replies are the dear part"
        )
    with atomic_writer(note) as file:
        json.dump(now, file)


def arm_answers(name: str, seed: int, given: argparse.Namespace) -> list[Answer]:
    """What an arm's model answers; with `--answered`, nothing unless all is there."""
    to = given.into / f"answers-{given.on}-{name}-{seed}.jsonl"
    prompts = prompts_of(given.on)
    if not given.answered:
        model = trained(name, seed, given)
        say(f"{name}, seed {seed}: answers")
        return answers_of(model, prompts, to, given.draws)
    found = read_answers(to, prompts, given.draws)
    if len(found) == len(batches(prompts, given.draws)):
        return [answer for batch in found for answer in batch]
    print(f"{name}, seed {seed}: not answered yet, left out", flush=True)
    return []


def arm_names(given: str) -> list[str]:
    """The arms asked for; `SystemExit` names what there is."""
    names = {"main": list(MAIN), "all": list(ARMS)}.get(given, given.split(","))
    if unknown := [name for name in names if name not in ARMS]:
        raise SystemExit(
            f"no arm {unknown[0]!r}: there are {', '.join(ARMS)}, main, all"
        )
    return names


def main() -> None:
    """Make, train, ask, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arms", default="main", help="main, all, or names: a,b")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each arm")
    parser.add_argument("--into", type=Path, default=Path("runs/train-proof"))
    parser.add_argument("--on", choices=[*PARTS][1:], default="held-out")
    parser.add_argument("--draws", type=int, default=3, help="samples of each prompt")
    parser.add_argument(
        "--prompts", type=int, default=200, help="training prompts used"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=NUMBER")
    parser.add_argument(
        "--answered", action="store_true", help="the table of what is answered, no more"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    names = arm_names(given.arms)
    check_settings(given.into, given.set, given.prompts)
    sizes = Sizes(prompts=given.prompts)
    runs = {ARMS[name].run for name in names if ARMS[name].run and not given.answered}
    for run in sorted(runs):
        say(f"run {run}: Fellowship makes candidates, the rule judges them")
        make_run(run, given.into, sizes)
    found: dict[str, list[list[Answer]]] = {}
    for name in names:
        for seed in range(given.seeds if ARMS[name].trainer != "none" else 1):
            if made := arm_answers(name, seed, given):
                found.setdefault(name, []).append(made)
    if not found:
        raise SystemExit(f"{given.into} has no arm that has answered everything")
    result: dict[str, Any] = facts(found, given.into)
    (given.into / f"figures-{given.on}.json").write_text(json.dumps(result, indent=1))
    plot(result, given.into / f"figures-{given.on}.svg")
    say("done")
    print(json.dumps(result) if given.json else table(result))


if __name__ == "__main__":
    main()
