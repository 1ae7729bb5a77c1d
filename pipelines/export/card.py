"""Dataset card of a run's exports.

It is read off the run, so it can't flatter it. Hugging Face's format: YAML front matter
that `datasets` and the hub read, then Markdown for people. It holds no time of day and
no duration, so the same run has the same card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from fellowship.model_names import without_folders
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.card_markdown import (
    code_span,
    escape_markdown,
    longest_run,
)
from fellowship.pipelines.export.card_tables import (
    conservation_table,
    cost_table,
    evaluation_table,
    fault_table,
    file_table,
    judge_table,
    length_table,
    level_table,
    model_table,
    noise_table,
    prompt_table,
    shortcut_table,
    state_table,
)
from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.export.formats import FORMATS
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.sanitize import single_line

SIZES = (
    *((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")),
    *((1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M")),
)


def card(context: ExportContext, accounts: Sequence[Account], export: Export) -> str:
    """The card of a run's exports folder."""
    front = yaml.safe_dump(
        front_matter(context, accounts, export), sort_keys=False, allow_unicode=True
    )
    parts = [f"---\n{front}---", f"# {title(context, code_span)}", card_intro()]
    for name, part in (
        ("Files", file_table(accounts)),
        ("Every prompt accounted for", state_table(context)),
        ("Every row accounted for", conservation_table(accounts)),
        ("Answers that are none", fault_table(context)),
        ("Lengths", length_table(accounts)),
        ("Scores of chosen and rejected", level_table(accounts)),
        ("What the pairs would teach besides", shortcut_table(accounts)),
        ("Label noise and weights", noise_table(accounts)),
        ("Models", model_table(context)),
        ("Prompts", prompt_table(context)),
        ("How answers were judged", evaluation_table(context)),
        ("Judges against people", judge_table(context)),
        ("Cost", cost_table(context)),
        ("Licence", licence_text(context, export)),
        ("How to reproduce it", reproduction_steps(context)),
    ):
        if part:
            parts.append(f"## {name}\n\n{part}")
    return "\n\n".join(parts) + "\n"


def title(context: ExportContext, escape: Callable[[str], str] = single_line) -> str:
    """What it was made from, in words on one line."""
    source = source_of(context)
    return f"Preference data from {escape(source) if source else 'an import'}"


def source_of(context: ExportContext) -> str:
    """The source's name without the folders of the machine it lay on."""
    source = context.recipe.get("source") or {}
    return str(source.get("dataset") or Path(str(source.get("path") or "")).name)


def card_intro() -> str:
    """What a reader needs first."""
    return (
        "Made by language models that write, review and judge one another's answers,"
        " with Fellowship (the package `fellowship-llms`). No person wrote"
        " or checked a row unless a section below says so. Every row has its provenance:"
        " who wrote both answers, every verdict on them with its order (`forward`: the"
        " first answer read first; `swapped`: the second), the rule, the models and the"
        " digests of the prompts."
    )


def front_matter(
    context: ExportContext, accounts: Sequence[Account], export: Export
) -> dict[str, Any]:
    """What the hub and `datasets` read."""
    rows = max((account.exported for account in accounts), default=0)
    size = next((name for most, name in SIZES if rows < most), "n>10M")
    front: dict[str, Any] = {"pretty_name": title(context)}
    front["license"] = single_line(export.licence) or "unknown"
    if export.filters.languages:
        front["language"] = [single_line(name) for name in export.filters.languages]
    front |= {
        "task_categories": ["text-generation"],
        "tags": [
            "preference",
            "synthetic",
            "fellowship",
            *{a.kind: 0 for a in accounts},
        ],
        "size_categories": [size],
    }
    made = [split_config(account) for account in accounts if account.exported]
    configs = [config for config in made if config]
    return front | ({"configs": configs} if configs else {})


def split_config(account: Account) -> dict[str, Any] | None:
    """One kind as a configuration with its splits; None where the hub reads none."""
    made = FORMATS.get(account.shape)
    if made is None or made.config_name is None:
        return None
    files = [{"split": split, "path": path} for split, path, _ in account.parts]
    return {"config_name": made.config_name(account.kind), "data_files": files}


def licence_text(context: ExportContext, export: Export) -> str:
    """The licence, and what it can't settle."""
    given = escape_markdown(export.licence) or (
        "No licence was given: set `export.licence` in the recipe, or `--licence`."
    )
    source = source_of(context)
    return (
        f"{given}\n\nThe prompts come from {code_span(source) if source else 'an import'},"
        " and the answers from the models above: their licences and terms apply to this"
        " dataset too."
    )


def reproduction_steps(context: ExportContext) -> str:
    """The commands, and the recipe as it was resolved."""
    if not context.recipe.get("source"):
        return "The run was imported; the digests of its files are in its `run.json`."
    text = yaml.safe_dump(
        without_folders(repeatable_recipe(context)),
        sort_keys=False,
        allow_unicode=True,
    )
    version = escape_markdown(context.header.get("fellowship", ""))
    fence = "`" * max(3, 1 + longest_run(text))
    return (
        f"With Fellowship {version}, the source file in the same folder, and this as"
        " `recipe.yaml`:\n\n"
        "    fellowship run recipe.yaml --into run\n\n"
        "A run's ledger holds every request and reply; with it, the same requests are"
        " answered without a call.\n\n"
        f"<details><summary>recipe.yaml</summary>\n\n{fence}yaml\n{text}{fence}\n\n"
        "</details>"
    )


def repeatable_recipe(context: ExportContext) -> dict[str, Any]:
    """What of the recipe shapes an answer; files by name, not by where they lay."""
    identity = context.header.get("identity") or {}
    kept = {k: v for k, v in identity.items() if k in context.recipe and k != "prompts"}
    source = dict(kept.get("source") or {})
    if source.get("path"):
        source["path"] = Path(str(source["path"])).name
    settings: dict[str, Any] = without_empty({**kept, "source": source})
    return settings


def without_empty(value: Any) -> Any:
    """Settings without those that say nothing."""
    if isinstance(value, Mapping):
        inner = {name: without_empty(each) for name, each in value.items()}
        return {n: v for n, v in inner.items() if v not in (None, "", [], {})}
    return [without_empty(each) for each in value] if isinstance(value, list) else value
