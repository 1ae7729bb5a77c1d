"""Drift check: the same judge on the same anchors, its record against its verdicts of now.

The alarm is an exact test: record and now differ more than the judge differs from itself.
Its noise is known from samples (several replies to one question of every judge), else
from the anchors having been asked more than once now; where neither is there, there is no
alarm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fellowship.json_values import json_value
from fellowship.pipelines.agreement.drift import (
    Change,
    Drift,
    comparisons_by_texts,
    drift,
)
from fellowship.pipelines.agreement.served_models import (
    ServedChange,
    served_change,
    served_models,
)
from fellowship.pipelines.labels.prompt_groups import PromptKeys
from fellowship.records import Comparison, Outcome
from fellowship.run_outcomes import outcomes
from fellowship.session_names import ALONE, LISTED
from fellowship.stats.intervals import DEFAULT, Interval, Resampling
from fellowship.stats.repeat_noise import Block, RepeatTest, repeat_test
from fellowship.teams.judge_verdicts import judge_name

LEVEL = 0.05
"""The alarm's level: at most so many false ones."""

NO_NOISE = (
    "no alarm: how far the judge differs from itself is not known (ask the anchors twice:"
    " --repeats 2)"
)

TOO_FEW = (
    "no alarm: not even all of so few anchors decided otherwise could show drift (ask more:"
    " --anchors)"
)

CHANGES: Mapping[str, str] = {
    "first named better": "first_change",
    "second named better": "second_change",
    "ties": "tie_change",
    "contradicted by the order": "inconsistent_change",
    "unreadable": "invalid_change",
    "agrees with people": "right_change",
}
"""The keys of the changes of shares that a comparison of two runs has."""


@dataclass(frozen=True)
class DriftCheck:
    """One look for drift.

    `compared` is the record against the first asking; `test` the exact test, None where
    the noise is not known; `noise_from` is `samples`, `repeats` or nothing; `failed` are
    the anchors that some asking has no verdict on, as when their calls failed.
    """

    compared: Drift
    test: RepeatTest | None
    noise_from: str
    served: ServedChange
    failed: int = 0

    @property
    def alarm(self) -> bool | None:
        """Whether the judge has drifted, by the test; None where it can't be shown."""
        return None if self.no_alarm or self.test is None else self.test.p < LEVEL

    @property
    def no_alarm(self) -> str:
        """Why there is no alarm; empty where there could be one."""
        if self.test is None:
            return NO_NOISE
        return TOO_FEW if self.test.least >= LEVEL else ""

    def figures(self) -> dict[str, Interval | float | None]:
        """The figures by the keys that `--fail-if` and the history have."""
        compared, test = self.compared, self.test
        found: dict[str, Interval | float | None] = {
            "flips": compared.flips,
            "reversals": compared.reversals,
            "kappa": compared.agreement.get("kappa"),
            "ac1": compared.agreement.get("AC1"),
            "agreed": compared.agreement.get("agreed"),
            "score_shift": compared.scores,
            "noise": test.noise if test else None,
            "apart": test.apart if test else None,
            "excess": test.excess if test else None,
            "p": test.p if test else None,
            "alarm": None if self.alarm is None else float(self.alarm),
            "other_model": self.served.other_model,
            "other_fingerprint": self.served.other_fingerprint,
        }
        changes = {CHANGES[c.name]: c for c in (*compared.changes, *compared.labels)}
        return found | {key: change_of(changes.get(key)) for key in CHANGES.values()}

    def as_json(self) -> dict[str, Any]:
        """Plain values, null for what isn't defined."""
        figures = {
            key: asdict(value) if isinstance(value, Interval) else value
            for key, value in self.figures().items()
        }
        value: dict[str, Any] = json_value(
            {
                "comparisons": self.compared.comparisons,
                "prompts": self.compared.prompts,
                "enough": self.compared.enough,
                "failed": self.failed,
                "noise_from": self.noise_from,
                "blocks": self.test.blocks if self.test else 0,
                "telling": self.test.telling if self.test else 0,
                "note": self.no_alarm,
                "figures": figures,
                "served_names": self.served.names,
                "served_fingerprints": self.served.fingerprints,
            }
        )
        return value


FIGURE_KEYS = (
    *("flips", "reversals", "kappa", "ac1", "agreed", "score_shift", "noise"),
    *("apart", "excess", "p", "alarm", "other_model", "other_fingerprint"),
    *CHANGES.values(),
)
"""The keys of `DriftCheck.figures`."""
BARE_KEYS = ("p", "alarm")
"""Keys of numbers that never have limits."""
NOISE_KEYS = ("noise", "apart", "excess", *BARE_KEYS)
"""Keys of figures that take the judge's noise to be known."""


def change_of(change: Change | None) -> Interval | None:
    """A change's difference with its interval."""
    return change.change if change else None


def check_drift(
    run: Path,
    askings: Sequence[Path],
    models: Sequence[str],
    plan: Resampling = DEFAULT,
) -> DriftCheck:
    """The record of `run` against runs in which its judge was asked again.

    `models` are the judge's, by their names in the recipe. `InputError` where no
    comparison was made again.
    """
    rows = paired_rows(run, askings)
    blocks = [*sample_blocks(rows)] if all_sampled(rows) else []
    noise_from = "samples"
    if not blocks and len(askings) > 1:
        blocks, noise_from = [*repeat_blocks(rows)], "repeats"
    return DriftCheck(
        compared=drift(run, askings[0], plan),
        test=repeat_test(blocks, plan) if blocks else None,
        noise_from=noise_from if blocks else "",
        served=served_change(
            served_models([run], models), served_models(askings, models), plan
        ),
        failed=sum(not all(map(comparisons_by_texts, again)) for _, again in rows),
    )


Rows = list[tuple[Outcome, list[Outcome]]]
"""Rows of the record, each with what became of it when it was asked again."""


def paired_rows(run: Path, askings: Sequence[Path]) -> Rows:
    """The rows that every asking has, with their record."""
    again = [{o.number: o for o in outcomes(asking)} for asking in askings]
    known = set.intersection(*(set(one) for one in again))
    return [
        (o, [one[o.number] for one in again])
        for o in outcomes(run)
        if o.number in known
    ]


def shared_groups(rows: Rows) -> Iterator[tuple[str, Comparison, list[Comparison]]]:
    """Comparisons of the record that every asking made too, with their prompt.

    One a row where all of its comparisons come of the same calls (answers that were scored
    alone or ranked in a list): the test takes groups for independent.
    """
    prompts = PromptKeys()
    for record, again in rows:
        made = [comparisons_by_texts(one) for one in again]
        found = [
            (prompts.of(record), one, [known[texts] for known in made])
            for texts, one in comparisons_by_texts(record).items()
            if all(texts in known for known in made)
        ]
        together = any(s.team in (ALONE, LISTED) for s in record.sessions)
        yield from found[:1] if together else found


def repeat_blocks(rows: Rows) -> Iterator[Block]:
    """A comparison's decisions: the record's one, and those of now."""
    for prompt, one, again in shared_groups(rows):
        yield Block([one.outcome], [other.outcome for other in again], prompt)


def all_sampled(rows: Rows) -> bool:
    """Whether each judge of the record was sampled: a jury drifts by any juror of it."""
    sampled: dict[str, bool] = defaultdict(bool)
    for _, one, _ in shared_groups(rows):
        for (judge, _), votes in votes_by_question(one).items():
            sampled[judge] |= len(votes) > 1
    return all(sampled.values())


def sample_blocks(rows: Rows) -> Iterator[Block]:
    """Replies of one judge to one question, where it was sampled more than once.

    Only votes that nobody's earlier votes shaped: a debate's blind ones.
    """
    for prompt, one, again in shared_groups(rows):
        record = votes_by_question(one)
        now = [votes_by_question(other) for other in again]
        for question, votes in record.items():
            repeated = [vote for known in now for vote in known.get(question, ())]
            if len(votes) > 1 and repeated:
                yield Block(votes, repeated, prompt)


def votes_by_question(comparison: Comparison) -> dict[tuple[str, str], list[str]]:
    """Winners by judge and order, of the first phase that was voted in."""
    verdicts = comparison.verdicts
    phase = "blind" if any(v.phase == "blind" for v in verdicts) else "final"
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.phase == phase:
            found[judge_name(verdict), verdict.order].append(verdict.winner)
    return dict(found)
