"""Whatever bytes a parser is given, it reads them or it refuses them by name.

One function a parser; each raises only where the product is at fault. The corpus under
`tests/support/fuzz_corpus` and `python -m benchmarks.fuzz` go through the same functions.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fellowship.agents.parsing.replies import (
    read_choice,
    read_reason,
    read_review,
    read_score,
    read_scores,
)
from fellowship.errors import (
    InputError,
    LedgerError,
    ModelError,
    RecipeError,
    VerdictError,
)
from fellowship.ledger import read_outcome
from fellowship.models.config import OpenAIModel
from fellowship.models.limits.error_bodies import read_error
from fellowship.models.providers.batch_api import lines_by_key
from fellowship.models.providers.batch_lines import line_failure, read_line
from fellowship.models.providers.openai import OpenAIClient
from fellowship.models.providers.openai_connection import OPENAI
from fellowship.models.providers.openai_errors import OpenAIErrors
from fellowship.models.replies.chat_bodies import read_completion
from fellowship.pipelines.export.lint import lint
from fellowship.pipelines.labels.label_files import read_labels
from fellowship.pipelines.paper.release import VerdictFile
from fellowship.pipelines.paper.release_loops import (
    read_comparison,
    read_selection,
    transcript_of,
)
from fellowship.pipelines.paper.release_verdicts import read_row
from fellowship.pipelines.provenance.header_reader import usable_header
from fellowship.pipelines.recipe.loading import load_recipe
from fellowship.pipelines.recipe.recipe import Source
from fellowship.pipelines.sources.source import count_rows, read_items
from fellowship.pipelines.sources.source_rows import columns_of
from fellowship.prompts.library import PromptLibrary
from fellowship.run_folder import read_header
from fellowship.viewer.markdown import render_markdown

Parser = Callable[[bytes, Path], None]
"""Takes bytes and a folder of its own to put them in."""
CANDIDATES = ("response1", "response2")
SPAN = (1.0, 10.0)


def put(content: bytes, folder: Path, name: str) -> Path:
    """The bytes as a file."""
    path = folder / name
    path.write_bytes(content)
    return path


def table(content: bytes, folder: Path, kind: str) -> None:
    """A source, labels and somebody's dataset, in one format."""
    path = put(content, folder, f"x.{kind}")
    for more in ({}, {"id": "id", "candidates": CANDIDATES, "label": "label"}):
        with contextlib.suppress(InputError):
            source = Source(path=path, **more)
            columns_of(source)
            read = list(read_items(source))
            assert count_rows(source) in (None, len(read))
            assert len({entry.number for entry in read}) == len(read)
    with contextlib.suppress(InputError):
        assert all(why for _, why in read_labels(path).bad)
    with contextlib.suppress(InputError):
        lint(path, near=None)


def jsonl(content: bytes, folder: Path) -> None:
    """JSON lines."""
    table(content, folder, "jsonl")


def csv(content: bytes, folder: Path) -> None:
    """Comma-separated values."""
    table(content, folder, "csv")


def whole_json(content: bytes, folder: Path) -> None:
    """One JSON document: labels, a dataset, and a row of the paper's release."""
    table(content, folder, "json")
    with contextlib.suppress(ValueError, RecursionError):
        row = json.loads(content)
        file = VerdictFile(Path("x.json"), "odd-eval", "multi-rater10", "m", "none")
        found = read_row(row, file).verdict
        assert found.scores is None or found.scores.winner == found.winner
        read_selection(row)
        read_comparison(row, "gpt")
        with contextlib.suppress(InputError):
            transcript_of(row)


def recipe(content: bytes, folder: Path) -> None:
    """A recipe file."""
    put(b'{"prompt": "Why?"}\n', folder, "prompts.jsonl")
    with contextlib.suppress(RecipeError, InputError):
        load_recipe(put(content, folder, "recipe.yaml"))


def prompt(content: bytes, folder: Path) -> None:
    """A prompt of one's own: its slots are filled once, and never run."""
    put(content, folder, "reviewer.md")
    with contextlib.suppress(RecipeError):
        made = PromptLibrary(folder).get("reviewer")
        made.fill(dict.fromkeys(made.slots, "$candidate"))


def verdict(content: bytes, folder: Path) -> None:
    """What an evaluator said."""
    text = content.decode("utf-8", "replace")
    low, high = SPAN
    for last in (False, True):
        more: dict[str, Any] = {"candidates": ("It is A.", text[:40]), "last": last}
        with contextlib.suppress(VerdictError):
            found = read_scores(text, low=low, high=high, **more)
            assert all(low <= score <= high for score in (found.first, found.second))
        with contextlib.suppress(VerdictError):
            assert low <= read_score(text, low=low, high=high, **more) <= high
        with contextlib.suppress(VerdictError):
            assert read_choice(text, **more) in ("first", "second", "tie")
        with contextlib.suppress(VerdictError):
            assert read_review(text, low=low, high=high, **more).critique
    read_reason(text)


def reply(content: bytes, folder: Path) -> None:
    """A provider's body: a reply that a ledger can hold, or an error by name."""
    read_error(content)
    client = OpenAIClient("m", OpenAIModel(provider="openai", model="m"))
    with contextlib.suppress(ModelError):
        read = client.parse_body(content)
        assert json.dumps(read.raw)
        if read.usage.is_possible:
            counts = (read.usage.prompt, read.usage.completion, read.usage.cached)
            assert all(0 <= count < 2**63 for count in counts)


def batch(content: bytes, folder: Path) -> None:
    """The lines of a batch's answer."""
    config = OpenAIModel(provider="openai", model="m", mode="batch", api_key_env=None)
    for _, line in lines_by_key(content.split(b"\n")):
        with contextlib.suppress(ModelError):
            read = read_line("m", line)
            if read.error is not None:
                raise line_failure(OpenAIErrors("m", config, OPENAI), read)
            assert json.dumps(read_completion("m", read.body, str).raw)


def header(content: bytes, folder: Path) -> None:
    """A run's header, from anywhere; and a row of its ledger."""
    put(content, folder, "run.json")
    with contextlib.suppress(LedgerError):
        usable_header(read_header(folder / "run.json"))
    with contextlib.suppress(LedgerError):
        read_outcome(content.decode("utf-8", "replace"))


def markdown(content: bytes, folder: Path) -> None:
    """A text that the page shows: nothing in it can run or be fetched."""
    page = str(render_markdown(content.decode("utf-8", "replace"))).lower()
    for word in ("<script", "<img", "<svg", "<iframe", "<style", "<form"):
        assert word not in page


PARSERS: dict[str, Parser] = {
    "jsonl": jsonl,
    "csv": csv,
    "json": whole_json,
    "recipe": recipe,
    "prompt": prompt,
    "verdict": verdict,
    "reply": reply,
    "batch": batch,
    "header": header,
    "markdown": markdown,
}
GROWN = Path(__file__).parent / "fuzz_corpus"


def grown(name: str) -> list[bytes]:
    """What fuzzing has found for a parser: one JSON text a line, a letter a byte."""
    path = GROWN / f"{name}.jsonl"
    lines = path.read_text("ascii").splitlines() if path.exists() else []
    return [json.loads(line).encode("latin-1") for line in lines]


def keep(name: str, entries: list[bytes]) -> None:
    """Write a parser's entries down, shortest first."""
    ordered = sorted(set(entries), key=lambda entry: (len(entry), entry))
    lines = (json.dumps(entry.decode("latin-1")) + "\n" for entry in ordered)
    (GROWN / f"{name}.jsonl").write_text("".join(lines), "ascii")
