"""Report sections on the run: cost, models and packages, recipe, commands."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import yaml

from fellowship.hashing import digest
from fellowship.model_names import model_name, without_folders
from fellowship.number_format import duration, usd
from fellowship.pipelines.report.figures import Figures
from fellowship.pipelines.report.spending import Spent
from fellowship.pipelines.running.header import MODEL_MAY_CHANGE
from fellowship.sanitize import sanitize
from fellowship.viewer.report.parts import Grid, Part, Section, grid
from fellowship.viewer.report.plots import spend_plot
from fellowship.wording import failure_word

MOST = 16


def cost(found: Figures) -> Section:
    """Tokens, money and time, by role and by model."""
    title = "Cost, tokens and time"
    spent = found.spending
    if not spent.lines:
        why = "This run made no calls: it was imported, or has not started."
        return Section("cost", title, nothing=why)
    models = tuple(replace(x, model=model_name(x.model)) for x in spent.by("model"))
    parts = [
        Part(f"By {what}", (spend_plot(lines[:MOST], what),), cost_grid(lines, what))
        for what, lines in (("role", spent.by("role")), ("model", models))
    ]
    if spent.failed:
        rows = [
            (model_name(f.model), failure_word(f.kind), f.tries, f.message)
            for f in spent.failed[:MOST]
        ]
        table = grid(("model", "kind", "tries", "for example"), rows, "  r")
        parts.append(Part("Tries that failed", grid=table, broad=True))
    return Section(
        "cost",
        title,
        "All recorded calls. Times are summed over calls, many of which ran at once.",
        tuple(parts),
    )


def cost_grid(lines: tuple[Spent, ...], what: str) -> Grid:
    """Calls, tokens, money and time; a column of noughts is left out."""
    columns: list[tuple[str, list[object]]] = [
        ("calls", [x.calls for x in lines]),
        ("prompt", [x.prompt for x in lines]),
        ("cached", [x.cached for x in lines]),
        ("completion", [x.completion for x in lines]),
        ("cost", [bill_of(x) for x in lines]),
        ("time", [duration(x.seconds) for x in lines]),
        ("retries", [x.retries for x in lines]),
    ]
    kept = [(head, cells) for head, cells in columns if any(cells)]
    names = [getattr(x, what) for x in lines]
    rows = [*zip(names, *(cells for _, cells in kept), strict=True)]
    return grid((what, *(head for head, _ in kept)), rows, " rrrrrrr")


def bill_of(spent: Spent) -> str:
    """Money; a lower bound where some calls have no price, unknown where none has."""
    if spent.unpriced == spent.calls:
        return usd(None)
    return usd(spent.usd) + (" and more" if spent.unpriced else "")


def ingredients(found: Figures) -> Section:
    """Models, prompts, packages: what a repeat has to have."""
    header = found.header
    recipe = header.get("recipe") or {}
    models = [
        (
            name,
            of.get("provider", ""),
            model_name(of.get("model") or ""),
            model_settings(of),
        )
        for name, of in (recipe.get("models") or {}).items()
    ]
    prompts = (header.get("identity") or {}).get("prompts") or {}
    versions = {"fellowship": header.get("fellowship"), "python": header.get("python")}
    versions |= header.get("packages") or {}
    parts = []
    if models:
        heads = ("name", "provider", "model", "settings")
        parts.append(Part("Models", grid=grid(heads, models), broad=True))
    if prompts:
        table = grid(("prompt", "digest"), sorted(prompts.items()))
        parts.append(Part("Prompts", grid=table))
    parts.append(
        Part("Versions", grid=grid(("package", "version"), [*versions.items()]))
    )
    return Section("made-with", "Models, prompts and versions", parts=tuple(parts))


SHOWN_APART = {
    "provider",
    "model",
    "api_key_env",
    "base_url",
    "host",
} | MODEL_MAY_CHANGE


def model_settings(model: dict[str, Any]) -> str:
    """What a model was asked with, as far as it was said."""
    kept = {k: v for k, v in model.items() if k not in SHOWN_APART and v not in EMPTY}
    return ", ".join(f"{k} {json.dumps(v)}" for k, v in kept.items())


EMPTY: tuple[Any, ...] = (None, "", [], {}, True)


def recipe_text(found: Figures) -> str:
    """The recipe as it was resolved, to run again."""
    recipe = without_folders(found.header.get("recipe") or {})
    return sanitize(yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True))


def commands(found: Figures) -> str:
    """What to type to make the run, and this report, again."""
    kind = (found.header.get("identity") or {}).get("import")
    made = (
        f"fellowship import {kind} PATH --into {found.run}"
        if kind
        else f"fellowship run recipe.yaml --into {found.run}"
    )
    only = f" --only {found.only}" if found.only else ""
    return f"{made}\nfellowship report {found.run}{only} --to report.html"


def fingerprint(found: Figures) -> str:
    """What the run's identity comes to: equal for runs that must give the same."""
    return digest(found.header.get("identity") or {}, 8)


def call_times(found: Figures) -> str:
    """When the calls were made, in UTC; nothing where none was."""
    spent = found.spending
    if spent.began is None or spent.ended is None:
        return ""
    first, last = (datetime.fromtimestamp(t, UTC) for t in (spent.began, spent.ended))
    took = duration(spent.ended - spent.began)
    day = f"{first:%-d %B %Y, %H:%M} UTC"
    if first.date() != last.date():
        day += f" to {last:%-d %B %Y, %H:%M} UTC"
    return f"{day}, {took} from the first call to the last"
