"""Probe report: a run of bias probes, judge by judge.

It is read off the outcomes of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fellowship.models.config import FAMILIES, family_of
from fellowship.pipelines.attacks.probe_estimates import Orders, Row, judge_probe
from fellowship.pipelines.attacks.probe_records import ProbeReport
from fellowship.pipelines.attacks.probes import PROBES
from fellowship.pipelines.attacks.trial_ids import trial_kind
from fellowship.pipelines.labels.people_votes import PeopleVotes
from fellowship.pipelines.recipe.recipe import Recipe
from fellowship.records import Candidate, Outcome, State, Verdict
from fellowship.teams.decisions import decide
from fellowship.teams.judge_verdicts import last_by_judge


def probe_report(
    outcomes: Iterable[Outcome],
    families: Mapping[str, str],
    people: PeopleVotes | None = None,
) -> ProbeReport:
    """The probes of a run; `families` names the family of a model by its name.

    `people` has the labels of that run, beside those that came with its rows.
    """
    labels = people or PeopleVotes()
    rows: dict[int, Row] = {}
    judges: dict[str, str] = {}
    idle: dict[str, int] = {}
    reasons: dict[str, str] = {}
    tried = failed = 0
    for outcome in outcomes:
        kind = trial_kind(outcome)
        name = (outcome.number - 1) // len(PROBES)
        if outcome.ranking is None:
            failed += outcome.state != State.TIE
            idle[kind] = idle.get(kind, 0) + 1
            reasons.setdefault(kind, outcome.why)
            continue
        tried += 1
        row = rows.setdefault(name, Row())
        verdicts = outcome.ranking.comparisons[0].verdicts
        row.verdicts[kind] = by_order(verdicts)
        judges.update({v.evaluator: v.model for v in verdicts})
        if kind == "pair":
            row.label = labels.on(outcome, (0, 1)).label
            row.families = tuple(family(c, families) for c in outcome.candidates[:2])  # type: ignore[assignment]
    return ProbeReport(
        judges=tuple(
            judge_probe(name, families.get(model, ""), list(rows.values()))
            for name, model in judges.items()
        ),
        trials=tried,
        failed=failed,
        not_tried=idle,
        reasons=reasons,
    )


def by_order(verdicts: Sequence[Verdict]) -> dict[str, Orders]:
    """Judge -> order -> what it said last, in that order."""
    found: dict[str, Orders] = {}
    for name, own in last_by_judge(verdicts).items():
        for order in dict.fromkeys(v.order for v in own):
            winner = decide([v for v in own if v.order == order])[0]
            found.setdefault(name, {})[order] = winner
    return found


def families_of(recipe: Recipe) -> dict[str, str]:
    """Family by a model's name in the recipe and at its provider."""
    known = recipe.models.items()
    return {n: family_of(c) for name, c in known for n in (name, c.model or name)}


def family(candidate: Candidate, families: Mapping[str, str]) -> str:
    """The family that wrote a candidate; guessed from its column's name; or empty."""
    name = (candidate.model or candidate.system).lower()
    known = families.get(candidate.model) or families.get(candidate.system)
    return known or next((one for one in FAMILIES if one in name), "")
