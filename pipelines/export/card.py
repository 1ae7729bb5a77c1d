"""Dataset card of a run's exports.

It is read off the run, so it can't flatter it. Hugging Face's format: YAML front matter
that `datasets` and the hub read, then Markdown for people. It holds no time of day and
no duration, so the same run has the same card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from fellowship.ledger import LedgerReader
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.card_parts import (
    code,
    files_of,
    judges,
    lengths,
    longest_run,
    plain,
    table,
)
from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.recipe.export_settings import Export
from fellowship.records import State
from fellowship.run_folder import LEDGER
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
    parts = [f"---\n{front}---", f"# {title(context, code)}", opening()]
    for name, part in (
        ("Files", files_of(accounts)),
        ("What became of every prompt", states(context)),
        ("What became of every row", conservation(accounts)),
        ("Lengths", lengths(accounts)),
        ("Noise and weights", noise(accounts)),
        ("Models", models(context)),
        ("Prompts", prompts(context)),
        ("How answers were judged", evaluation(context)),
        ("Judges against people", judges(context)),
        ("Cost", cost(context)),
        ("Licence", licence(context, export)),
        ("How to make it again", again(context)),
    ):
        if part:
            parts.append(f"## {name}\n\n{part}")
    return "\n\n".join(parts) + "\n"


def title(context: ExportContext, told: Callable[[str], str] = single_line) -> str:
    """What it was made from, in words on one line."""
    source = source_of(context)
    return f"Preference data from {told(source) if source else 'an import'}"


def source_of(context: ExportContext) -> str:
    """The source's name without the folders of the machine it lay on."""
    source = context.recipe.get("source") or {}
    return str(source.get("dataset") or Path(str(source.get("path") or "")).name)


def opening() -> str:
    """What a reader needs first."""
    return (
        "Made by language models that write, review and judge one another's answers,"
        " with Fellowship (the package `fellowship-llms`). No person wrote"
        " or checked a row unless a section below says so. Every row carries its"
        " provenance: who wrote both answers, every verdict behind it in both orders, the"
        " rule, the models and the prompts' digests."
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
    loaded = [a for a in accounts if a.shape in ("trl", "parquet") and a.exported]
    configs = [config(account) for account in loaded]
    return front | ({"configs": configs} if configs else {})


def config(account: Account) -> dict[str, Any]:
    """One kind as a configuration with its splits."""
    files = [{"split": split, "path": path} for split, path, _ in account.parts]
    name = account.kind if account.shape == "trl" else f"{account.kind}-parquet"
    return {"config_name": name, "data_files": files}


def states(context: ExportContext) -> str:
    """The conservation law of the run."""
    with LedgerReader(context.into / LEDGER) as reader:
        sql = "SELECT state, count(*) FROM outcomes GROUP BY state"
        found = dict(reader.rows(sql))
    rows = [(state, f"{found.get(state, 0):,}") for state in State]
    total = sum(found.values())
    return table(("state", "prompts"), [*rows, ("**prompts**", f"**{total:,}**")], " r")


def conservation(accounts: Sequence[Account]) -> str:
    """Rows made are rows written and rows dropped, by name."""
    names = list(dict.fromkeys(n for a in accounts for n in a.dropped))
    heads = ("kind", "shape", "made", *names, "written")
    rows = [
        (
            account.kind,
            account.shape,
            f"{account.made:,}",
            *(f"{account.dropped.get(name, 0):,}" for name in names),
            f"{account.exported:,}",
        )
        for account in accounts
    ]
    law = "Made is written plus what each filter took; a row counts under the first."
    return f"{law}\n\n{table(heads, rows, '  ' + 'r' * (len(names) + 2))}"


def noise(accounts: Sequence[Account]) -> str:
    """What a trainer that minds noise is told, with where it is from."""
    rows = []
    for account in accounts:
        if account.weights is not None:
            w = account.weights
            kto = f"{w.desirable:g} : {w.undesirable:g}" if w.desirable else ""
            kto = kto if w.undesirable else ""
            rows.append((account.kind, f"{w.flip_rate:.3f}", w.source, kto))
    heads = ("kind", "flip rate", "estimated from", "KTO desirable : undesirable")
    told = (
        "`p_chosen` is the chance that a row's label is right: calibrated on people's"
        " labels where the source says so, else the verdicts' own agreement, which knows"
        " nothing of what all judges get wrong. The flip rate is the mean of 1 - p_chosen"
        " (`label_smoothing` of a robust DPO loss); `sample_weight` is 2 p - 1 over its"
        " mean."
    )
    return f"{told}\n\n{table(heads, rows, ' r  ')}" if rows else ""


def models(context: ExportContext) -> str:
    """The recipe's models, by name."""
    made: Mapping[str, Any] = context.recipe.get("models") or {}
    rows = [
        (name, m.get("provider", ""), m.get("model", ""), sampling(m))
        for name, m in made.items()
    ]
    return table(("name", "provider", "model", "sampling"), rows) if rows else ""


def sampling(model: Mapping[str, Any]) -> str:
    """What shapes a model's answers, where the recipe says it."""
    names = ("temperature", "top_p", "top_k", "max_tokens")
    return ", ".join(f"{n} {model[n]}" for n in names if model.get(n) is not None)


def prompts(context: ExportContext) -> str:
    """The digests of all prompt files the run had."""
    found = (context.header.get("identity") or {}).get("prompts") or {}
    return table(("prompt", "digest"), sorted(found.items())) if found else ""


def evaluation(context: ExportContext) -> str:
    """The evaluator's settings and the pairs' rule."""
    recipe = context.recipe
    rows = [
        *flat("evaluate", recipe.get("evaluate")),
        *flat("pairs", recipe.get("pairs")),
    ]
    return table(("setting", "value"), rows) if rows else ""


def flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Settings as dotted names; what says nothing is left out."""
    if isinstance(value, Mapping):
        for inner, each in value.items():
            yield from flat(f"{name}.{inner}", each)
    elif isinstance(value, list) and any(isinstance(v, Mapping) for v in value):
        for number, each in enumerate(value, 1):
            yield from flat(f"{name}.{number}", each)
    elif value not in (None, "", [], ()):
        yield name, " ".join(str(value).split())


def cost(context: ExportContext) -> str:
    """Calls, tokens and money of the whole run, by model."""
    sql = (
        "SELECT model, count(*), sum(prompt_tokens), sum(completion_tokens),"
        " coalesce(sum(usd), 0), count(*) - count(usd) FROM calls GROUP BY model"
        " ORDER BY model"
    )
    with LedgerReader(context.into / LEDGER) as reader:
        rows = [
            (m, f"{n:,}", f"{a:,}", f"{b:,}", "unknown" if u == n else f"${usd:.4f}")
            for m, n, a, b, usd, u in reader.rows(sql)
        ]
    heads = ("model", "calls", "prompt tokens", "completion tokens", "cost")
    return table(heads, rows, " rrrr") if rows else ""


def licence(context: ExportContext, export: Export) -> str:
    """The licence, and what it can't settle."""
    given = plain(export.licence) or (
        "None was given: set `export.licence` in the recipe, or `--licence`."
    )
    source = source_of(context)
    return (
        f"{given}\n\nThe prompts come from {code(source) if source else 'an import'},"
        " and the answers from the models above: their licences and terms hold for what"
        " is made of them."
    )


def again(context: ExportContext) -> str:
    """The commands, and the recipe as it was resolved."""
    if not context.recipe.get("source"):
        return "The run was imported; the digests of its files are in its `run.json`."
    text = yaml.safe_dump(repeatable(context), sort_keys=False, allow_unicode=True)
    version = plain(context.header.get("fellowship", ""))
    fence = "`" * max(3, 1 + longest_run(text))
    return (
        f"With Fellowship {version}, the source beside it, and this as `recipe.yaml`:\n\n"
        "    fellowship run recipe.yaml --into run\n\n"
        "A run's ledger holds every request and reply, and answers the same requests"
        " without a call.\n\n"
        f"<details><summary>recipe.yaml</summary>\n\n{fence}yaml\n{text}{fence}\n\n"
        "</details>"
    )


def repeatable(context: ExportContext) -> dict[str, Any]:
    """What of the recipe shapes an answer; files by name, not by where they lay."""
    identity = context.header.get("identity") or {}
    kept = {k: v for k, v in identity.items() if k in context.recipe and k != "prompts"}
    source = dict(kept.get("source") or {})
    if source.get("path"):
        source["path"] = Path(str(source["path"])).name
    made: dict[str, Any] = pruned({**kept, "source": source})
    return made


def pruned(value: Any) -> Any:
    """Settings without those that say nothing."""
    if isinstance(value, Mapping):
        inner = {name: pruned(each) for name, each in value.items()}
        return {n: v for n, v in inner.items() if v not in (None, "", [], {})}
    return [pruned(each) for each in value] if isinstance(value, list) else value
