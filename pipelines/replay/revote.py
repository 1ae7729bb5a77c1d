"""Revoting: another rule over a run's verdicts, as a new run that asks no model.

Every comparison is decided again by the jurors and the rule that are asked for, and the
row's ranking, state and pair follow.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from fellowship.errors import InputError
from fellowship.pipelines.agreement.comparison_votes import every_comparison
from fellowship.pipelines.imports.run_writer import ImportReport, write_run
from fellowship.pipelines.labels.run_labels import add_labels, all_labels
from fellowship.pipelines.pairing.unusable_answers import UNUSABLE_RULE
from fellowship.pipelines.provenance.voting_rule import voting_rule
from fellowship.pipelines.recipe.export_settings import LINES_RULE, LINES_VERSION
from fellowship.pipelines.recipe.pair_settings import Pairs
from fellowship.pipelines.replay.revoted_rows import (
    Revote,
    revote_row,
    row_comparisons,
    with_run_scores,
)
from fellowship.pipelines.running.finalize_rows import recompute, unusable_facts
from fellowship.pipelines.running.run_texts import unusable_version
from fellowship.run_folder import read_header
from fellowship.run_outcomes import outcomes
from fellowship.suggestions import select_name
from fellowship.teams.voting_rules import ignored_weight, rule_named


def revote(run: Path, into: Path, options: Revote) -> ImportReport:
    """Make the run `into` of the verdicts of `run`; its labels come along.

    `InputError` for a judge the run doesn't have, or where nothing was judged.
    """
    version = unusable_version(run)
    options = replace(with_full_names(run, options), version=version)
    read = read_header(run)
    identity = asdict(options) | {"pairs": pair_identity(options.pairs)}
    del identity["version"]
    identity["judges"] = sorted(options.judges)
    header = {
        **{name: read.get(name) for name in ("fellowship", "python", "recipe")},
        "rules": {
            LINES_RULE: LINES_VERSION,
            **({UNUSABLE_RULE: version} if version > 1 else {}),
        },
        "kind": "revote",
        "identity": {
            "revote": identity,
            "of": read["identity"],
            "rows": fingerprint(run),
        },
    }
    imported = read.get("kind") == "import"
    rows = (revote_row(outcome, options, imported) for outcome in outcomes(run))
    report = write_run(rows, into, header)
    if rule_named(options.rule).whole_run:
        report = apply_dawid_skene(into, options, header, imported)
    if not (imported or options.pairs.allow_constant):
        report = exclude_constant_texts(into, options, header) or report
    if not all_labels(into):
        add_labels(into, all_labels(run))
    report.note = escalation_note(voting_rule(read).escalate, options)
    return report


def escalation_note(strong: str, options: Revote) -> str:
    """That a judge who decided alone is here a voter like the rest, on hard rows only."""
    if not strong or (options.judges and strong not in options.judges):
        return ""
    return (
        f"{strong} decided alone where it was asked: here it votes as one of the judges, on"
        " those comparisons only. To decide as before, run the recipe with --fork; to leave"
        " it out, name the others with --judge"
    )


def apply_dawid_skene(
    into: Path, options: Revote, header: dict[str, Any], imported: bool
) -> ImportReport:
    """Decide every comparison by the votes of the whole run: it needs every one."""
    from fellowship.pipelines.agreement.jury_weights import WHOLE_RUN

    comparisons = list(every_comparison(into))
    jurors = list(dict.fromkeys(who for each in comparisons for who in each.decisions))
    found = zip(
        comparisons, WHOLE_RUN[options.rule](comparisons, jurors, 2), strict=True
    )
    scores = {(each.number, each.index): one for each, one in found if one is not None}
    rows = [with_run_scores(o, scores, options, imported) for o in outcomes(into)]
    return write_run(rows, into, header)


def exclude_constant_texts(
    into: Path, options: Revote, header: dict[str, Any]
) -> ImportReport | None:
    """Never choose what a system said to every prompt; None where nothing was constant."""
    whole = unusable_facts(into, options.pairs, options.version)
    if not (whole.constant or whole.places):
        return None
    rows = [recompute(o, whole, options.pairs) for o in outcomes(into)]
    return write_run(rows, into, header)


def pair_identity(pairs: Pairs) -> dict[str, Any]:
    """The rule of pairs as older revotes named it: what is new and as ever is left out."""
    found: dict[str, Any] = pairs.model_dump(mode="json")
    first = {"rule", "margin", "allow_constant"}
    default = Pairs().model_dump(mode="json")
    return {k: v for k, v in found.items() if k in first or v != default[k]}


def with_full_names(run: Path, options: Revote) -> Revote:
    """The options with judges by the names that the run's verdicts have.

    `InputError` for a judge nobody knows, idle weights, or a run without verdicts.
    """
    for weight in options.weights.values():
        if why := ignored_weight(options.rule, weight):
            raise InputError(f"--weight: {why}")
    if rule_named(options.rule).needs_weights and not options.weights:
        raise InputError(
            f"rule {options.rule}: say what judges weigh, --weight JUDGE=NUMBER"
        )
    known: dict[str, None] = {}
    for outcome in outcomes(run):
        known |= dict.fromkeys(
            v.evaluator for c in row_comparisons(outcome) for v in c.verdicts
        )
    if not known:
        raise InputError(
            f"nothing was judged in {str(run)!r}: there is no vote to take"
        )
    what = f"judge in {str(run)!r} called"
    judges = tuple(select_name(name, known, what) for name in options.judges)
    weights = {select_name(n, known, what): w for n, w in options.weights.items()}
    return replace(options, judges=judges, weights=weights)


def fingerprint(run: Path) -> str:
    """A hash of every outcome: the same verdicts, the same revote."""
    found = hashlib.blake2b(digest_size=16)
    for outcome in outcomes(run):
        found.update(outcome.model_dump_json().encode() + b"\n")
    return found.hexdigest()
