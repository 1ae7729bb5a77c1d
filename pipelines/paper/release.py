"""Files of a release of the paper, found by their folders.

What is in them is read, what is not is not missed. The layout is that of the paper's
authors: `evaluators/<dataset>/<strategy>/<model>_<second or none>.json`,
`generators/<prompts>/{feedback,none}/...json`, `labels/`, `Kappa/`. Any dataset, model
or configuration with such a name is found, not only the paper's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fellowship.errors import InputError

BASELINES = {
    "gpt": "gpt-4o",
    "llama": "Meta-Llama-3.1-8B-Instruct-Turbo",
    "gemma": "gemma-2-9b-it",
}
"""What the release's short names of baselines stand for; others stand for themselves."""

STRATEGY = re.compile(r"judge|debate|(?:multi-)?rater\d+")
_KEPT_UNREAD = re.compile(r"(_-1)$")
_COMPARED = re.compile(r"(?P<who>.+?)_picks_(?P<with>[^_]+)")
_COMPARED_ALONE = re.compile(
    r"(?P<who>.+?)(?:_(?P<with>gpt|llama|gemma|[a-z]+))?_picks"
)


@dataclass(frozen=True)
class VerdictFile:
    """One judge's file of verdicts on one dataset."""

    path: Path
    dataset: str
    strategy: str
    model: str
    second: str

    @property
    def judge(self) -> str:
        """The judge as the release's own tables name it."""
        if self.strategy == "debate" and self.second not in (self.model, "none"):
            return f"{self.model}_{self.second}"
        unread = "_-1" if self.path.stem.endswith("_-1") else ""
        return self.model + unread

    @property
    def name(self) -> str:
        """The evaluator in our records: strategy and judge."""
        return f"{self.strategy}/{self.judge}"

    @property
    def scale(self) -> float:
        """What its scores are out of."""
        digits = re.search(r"\d+$", self.strategy)
        return float(digits.group()) if digits else 10.0


@dataclass(frozen=True)
class Configuration:
    """One system of the generation experiments, and the files that speak of it.

    `reviewer` is empty for a model that answered alone.
    """

    prompts: str
    generator: str
    reviewer: str
    written: Path | None
    picks: Path | None
    compared: tuple[tuple[str, Path], ...]

    @property
    def name(self) -> str:
        """`generator+reviewer`, or the model alone."""
        if not self.reviewer:
            return self.generator
        return f"{self.generator}+{self.reviewer}"


def read_rows(path: Path) -> list[Any]:
    """The rows of one file; `InputError` where it is no JSON list."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{str(path)!r} can't be read as JSON: {error}") from error
    if not isinstance(rows, list):
        raise InputError(f"{str(path)!r} is not a list with one entry per row")
    return rows


def check_release(root: Path) -> None:
    """`InputError` where this is no folder in the release's layout."""
    if not any((root / name).is_dir() for name in ("evaluators", "generators")):
        raise InputError(
            f"{str(root)!r} holds neither evaluators/ nor generators/: give the"
            f" release's folder that has them"
        )


def verdict_files(root: Path) -> list[VerdictFile]:
    """Every file of verdicts, by dataset, strategy and name."""
    found = []
    for path in sorted((root / "evaluators").glob("*/*/*.json")):
        strategy = path.parent.name
        if not STRATEGY.fullmatch(strategy):
            continue
        stem = _KEPT_UNREAD.sub("", path.stem)
        model, _, second = stem.rpartition("_")
        dataset = path.parent.parent.name
        found.append(VerdictFile(path, dataset, strategy, model or stem, second))
    return found


def configurations(root: Path) -> list[Configuration]:
    """Every configuration, loops first, by prompts and name."""
    found: list[Configuration] = []
    for folder in sorted(p for p in (root / "generators").glob("*") if p.is_dir()):
        found += _loop_configurations(folder)
        found += _single_configurations(folder)
    return found


def prompts_of(root: Path, prompts: str) -> list[str]:
    """The user's message of each row, from any file of single answers; else none."""
    for path in sorted((root / "generators" / prompts / "none").glob("*.json")):
        if path.stem.endswith("_picks"):
            continue
        texts = [_first_message(row, "user") for row in read_rows(path)]
        if any(texts):
            return texts
    return []


def answers_of(root: Path, prompts: str, model: str) -> list[str]:
    """What a single model answered, row by row; empty where it isn't released."""
    path = root / "generators" / prompts / "none" / f"{model}.json"
    if not path.is_file():
        return []
    return [_first_message(row, "assistant") for row in read_rows(path)]


def _loop_configurations(folder: Path) -> Iterator[Configuration]:
    stems = {p.stem: p for p in sorted((folder / "feedback").glob("*.json"))}
    names = dict.fromkeys(stem.partition("_picks")[0] for stem in stems)
    for name in names:
        generator, _, reviewer = name.rpartition("_")
        yield Configuration(
            folder.name,
            generator or name,
            reviewer,
            stems.get(name),
            stems.get(f"{name}_picks"),
            tuple(
                (BASELINES.get(m["with"], m["with"]), path)
                for stem, path in stems.items()
                if (m := _COMPARED.fullmatch(stem)) and m["who"] == name
            ),
        )


def _single_configurations(folder: Path) -> Iterator[Configuration]:
    stems = {p.stem: p for p in sorted((folder / "none").glob("*.json"))}
    compared: dict[str, list[tuple[str, Path]]] = {}
    for stem, path in stems.items():
        if match := _COMPARED_ALONE.fullmatch(stem):
            against = match["with"] or "gpt"
            rival = BASELINES.get(against, against)
            compared.setdefault(match["who"], []).append((rival, path))
    written = [stem for stem in stems if not stem.endswith("_picks")]
    for name in dict.fromkeys([*written, *compared]):
        meets = tuple(compared.get(name, ()))
        yield Configuration(folder.name, name, "", stems.get(name), None, meets)


def _first_message(row: Any, role: str) -> str:
    """The first message of one role in a list of messages."""
    for turn in row if isinstance(row, list) else ():
        if isinstance(turn, dict) and turn.get("role") == role:
            content = turn.get("content")
            return content if isinstance(content, str) else ""
    return ""
