"""Tables of a dataset card: states, drops, lengths, noise, models, judges, cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from fellowship.errors import InputError
from fellowship.ledger import LedgerReader
from fellowship.model_names import model_name
from fellowship.pipelines.export.account import Account
from fellowship.pipelines.export.card_markdown import (
    code_span,
    escape_markdown,
    markdown_table,
)
from fellowship.pipelines.export.context import ExportContext
from fellowship.pipelines.pairing.fault_counts import answer_faults
from fellowship.pipelines.recipe.aligned import alignment_note
from fellowship.records import State
from fellowship.run_folder import LEDGER
from fellowship.sanitize import single_line
from fellowship.spellings import preferred_name
from fellowship.wording import ANSWER_FAULTS, state_word

if TYPE_CHECKING:
    from fellowship.stats.intervals import Interval


def state_table(context: ExportContext) -> str:
    """The states of the run's rows, which add up to the prompts."""
    with LedgerReader(context.into / LEDGER) as reader:
        sql = "SELECT state, count(*) FROM outcomes GROUP BY state"
        found = dict(reader.rows(sql))
    rows = [(state_word(state), f"{found.get(state, 0):,}") for state in State]
    total = sum(found.values())
    return markdown_table(
        ("state", "prompts"), [*rows, ("**prompts**", f"**{total:,}**")], " r"
    )


def fault_table(context: ExportContext) -> str:
    """The answers that are none, by kind; empty where there is none."""
    heads = ("fault", "answers", "prompts", "chosen in pairs", "the most frequent")
    faults = context.faults
    if faults is None:
        faults = answer_faults(context.into)
    rows = [
        (
            *(ANSWER_FAULTS[one.fault], f"{one.answers:,}", f"{one.prompts:,}"),
            *(f"{one.chosen:,}", code_span(single_line(one.text, 60))),
        )
        for one in faults
    ]
    note = (
        "Some texts of the run are no answers: a run never chooses them, and the filters"
        " `constant` and `gibberish` leave out the imported rows that do."
    )
    return f"{note}\n\n{markdown_table(heads, rows, ' rrr')}" if rows else ""


def conservation_table(accounts: Sequence[Account]) -> str:
    """Rows made are rows written and rows dropped, by name."""
    names = list(dict.fromkeys(n for a in accounts for n in a.dropped))
    heads = ("kind", "shape", "made", *map(preferred_name, names), "written")
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
    law = (
        "Rows made are the rows written plus the rows that each filter dropped; a row"
        " counts under the first filter that drops it."
    )
    return f"{law}\n\n{markdown_table(heads, rows, '  ' + 'r' * (len(names) + 2))}"


def noise_table(accounts: Sequence[Account]) -> str:
    """What a trainer that minds noise is told, with where it is from."""
    rows = []
    for account in accounts:
        if account.weights is not None:
            w = account.weights
            kto = f"{w.desirable:g} : {w.undesirable:g}" if w.desirable else ""
            kto = kto if w.undesirable else ""
            rows.append((account.kind, f"{w.flip_rate:.3f}", w.source, kto))
    heads = ("kind", "flip rate", "estimated from", "KTO desirable : undesirable")
    note = (
        "`p_chosen` is the probability that a row's preference is right: calibrated on"
        " people's labels where the table says so, else the agreement of the verdicts,"
        " which can't show what all judges get wrong. The flip rate is the mean of"
        " 1 - p_chosen (`label_smoothing` of a robust DPO loss); `sample_weight` is"
        " 2 p - 1 divided by its mean."
    )
    return f"{note}\n\n{markdown_table(heads, rows, ' r  ')}" if rows else ""


def model_table(context: ExportContext) -> str:
    """The recipe's models, by name."""
    configured: Mapping[str, Any] = context.recipe.get("models") or {}
    rows = [
        (
            name,
            m.get("provider", ""),
            model_name(m.get("model") or ""),
            sampling_settings(m),
        )
        for name, m in configured.items()
    ]
    return (
        markdown_table(("name", "provider", "model", "sampling"), rows) if rows else ""
    )


def sampling_settings(model: Mapping[str, Any]) -> str:
    """What shapes a model's answers, where the recipe says it."""
    names = ("temperature", "top_p", "top_k", "max_tokens")
    return ", ".join(f"{n} {model[n]}" for n in names if model.get(n) is not None)


def prompt_table(context: ExportContext) -> str:
    """The digests of all prompt files the run had."""
    found = (context.header.get("identity") or {}).get("prompts") or {}
    return markdown_table(("prompt", "digest"), sorted(found.items())) if found else ""


def evaluation_table(context: ExportContext) -> str:
    """The evaluator's settings and the pairs' rule."""
    recipe = context.recipe
    rows = [
        *dotted_settings("evaluate", recipe.get("evaluate")),
        *dotted_settings("pairs", recipe.get("pairs")),
    ]
    named = [(SETTINGS.get(name, name), value) for name, value in rows]
    made = [markdown_table(("setting", "value"), named)] if named else []
    if aligned := alignment_note(context.header):
        made.insert(0, f"{escape_markdown(aligned[:1].upper() + aligned[1:])}.")
    return "\n\n".join(made)


SETTINGS = {
    "evaluate.recuse": "evaluate.abstain",
    "evaluate.stand_in": "evaluate.substitute",
    "pairs.margin": "pairs.min_gap",
}
"""Settings that a recipe has under a plainer name than its header."""


def dotted_settings(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Settings as dotted names; what says nothing is left out."""
    if isinstance(value, Mapping):
        for inner, each in value.items():
            yield from dotted_settings(f"{name}.{inner}", each)
    elif isinstance(value, list) and any(isinstance(v, Mapping) for v in value):
        for number, each in enumerate(value, 1):
            yield from dotted_settings(f"{name}.{number}", each)
    elif value not in (None, "", [], ()):
        yield name, " ".join(str(value).split())


def cost_table(context: ExportContext) -> str:
    """Calls, tokens and money of the whole run, by model."""
    sql = (
        "SELECT model, count(*), sum(prompt_tokens), sum(completion_tokens),"
        " coalesce(sum(usd), 0), count(*) - count(usd) FROM calls GROUP BY model"
        " ORDER BY model"
    )
    with LedgerReader(context.into / LEDGER) as reader:
        rows = [
            (
                model_name(m),
                f"{n:,}",
                f"{a:,}",
                f"{b:,}",
                "unknown" if u == n else f"${usd:.4f}",
            )
            for m, n, a, b, usd, u in reader.rows(sql)
        ]
    heads = ("model", "calls", "prompt tokens", "completion tokens", "cost")
    return markdown_table(heads, rows, " rrrr") if rows else ""


def file_table(accounts: Sequence[Account]) -> str:
    """Every file with its rows."""
    rows = []
    for account in accounts:
        for _, name, n in account.parts:
            rows.append((code_span(name), account.kind, account.shape, f"{n:,}"))
    return markdown_table(("file", "kind", "shape", "rows"), rows, "   r")


def length_table(accounts: Sequence[Account]) -> str:
    """Mean characters of both sides: a set may teach length and nothing else."""
    rows = []
    for account in accounts:
        sizes = account.lengths
        if sizes is None:
            continue
        sides = [sizes.chosen, sizes.rejected, sizes.difference]
        longer = "" if sizes.longer is None else f"{sizes.longer:.1%}"
        cells = ["" if v is None else f"{v:,.1f}" for v in sides]
        rows.append((account.kind, *cells, longer))
    heads = ("kind", "chosen or good", "rejected or bad", "difference", "longer chosen")
    return markdown_table(heads, rows, " rrrr") if rows else ""


def level_table(accounts: Sequence[Account]) -> str:
    """Mean scores of chosen and of rejected beside their difference."""
    rows = [
        (
            account.kind,
            mean_of(levels.chosen, levels.chosen_limits),
            mean_of(levels.rejected, levels.rejected_limits),
            mean_of(levels.delta, levels.delta_limits),
        )
        for account in accounts
        if (levels := account.levels) is not None
    ]
    heads = ("kind", "chosen", "rejected", "chosen minus rejected")
    note = (
        "Mean scores with 95 % intervals over prompts: how good chosen answers are, and how"
        " far the rejected ones are from them."
    )
    return f"{note}\n\n{markdown_table(heads, rows, ' rrr')}" if rows else ""


def mean_of(value: float, ends: tuple[float, float] | None) -> str:
    """A mean with its interval, where there is one."""
    return f"{value:.2f}" + (f" [{ends[0]:.2f}, {ends[1]:.2f}]" if ends else "")


def shortcut_table(accounts: Sequence[Account]) -> str:
    """What the pairs would teach besides, with the cure; what was checked."""
    parts = []
    for account in accounts:
        if account.confirmation is not None:
            parts.append(
                f"{account.kind}: {escape_markdown(account.confirmation.sentence())}"
            )
        if account.shortcuts is None or not account.exported:
            continue
        rows = [
            (
                *(one.name, one.sentence()),
                one.cure,
            )
            for one in account.shortcuts.found
        ]
        parts.append(f"{account.kind}: {escape_markdown(account.shortcuts.summary())}.")
        if rows:
            heads = ("shortcut", "what it tells", "cure")
            parts.append(markdown_table(heads, rows))
    return "\n\n".join(parts)


def limits_of(kappa: Interval) -> str:
    """A kappa with its limits, or why it has none."""
    value = "" if isnan(kappa.value) else f"{kappa.value:.3f}"
    if isnan(kappa.low):
        return f"{value} ({kappa.note})" if value else kappa.note
    return f"{value} ({kappa.low:.3f} to {kappa.high:.3f})"


def share_of(value: float) -> str:
    """A share, or nothing where it is not claimed."""
    return "" if isnan(value) else f"{value:.1%}"


def judge_table(context: ExportContext) -> str:
    """The judges' report card, where the run has labels enough and numpy is there."""
    if not context.labelled:
        return ""
    try:
        from fellowship.pipelines.agreement.agreement import agree
        from fellowship.pipelines.agreement.verdict_table import verdict_table
        from fellowship.pipelines.labels.label_sources import select_labels

        given = select_labels([context.labels] if context.labels else ())
        report = agree(verdict_table(context.into, given))
    except (ImportError, InputError):
        return ""
    if not report.enough:
        return f"{report.labels:,} labels: too few, at least 50 are needed."
    rows = [
        (judge.name, limits_of(judge.kappa), share_of(judge.accuracy.value))
        for judge in report.lines
    ]
    summary = f"{report.labels:,} labels of {report.prompts:,} prompts, by people."
    summary += "".join(f" {note}." for note in report.notes)
    heads = ("judge", "Cohen's kappa (95 %)", "accuracy")
    return f"{summary}\n\n{markdown_table(heads, rows)}"
